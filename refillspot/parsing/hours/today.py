"""The site's own style of opening hours, one day a label: read at once, because nearly every store has it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from refillspot.items import Day, OpeningHours
from refillspot.parsing.hours.clock import read_moment, read_span
from refillspot.parsing.hours.public_holidays import find_day_before, is_by_public_holiday
from refillspot.parsing.hours.weekdays import LETTERS, open_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LABEL = re.compile(rf"(?:오늘|(\d{{1,2}})월 (\d{{1,2}})일)\(([{LETTERS}])\)", re.ASCII)
_TIME = r"\d\d:\d\d"
_LINE = re.compile(
    rf"영업시간: (?P<open>{_TIME} - {_TIME})|브레이크타임: (?P<gap>{_TIME} - {_TIME})"
    rf"|라스트오더: (?P<last>{_TIME})|휴무일",
    re.ASCII,
)


class _Label(NamedTuple):
    weekday: int
    month: int
    """0 = the label says 오늘."""
    day: int


def read_week(labelled: Mapping[str, str]) -> OpeningHours | None:
    """Return the week, None if anything is not in the site's own style, or says two things of one day.

    A week of dates is no rule: a closing on a public holiday, its eve or the day after is of that date alone, and its
    weekday is not known. So are all of them where no day of the seven is open. Of today alone, without its date, nobody
    can tell: that is taken for a rule where nothing better is known of the weekday (`exceptions`).
    """
    return _read_week(tuple(labelled.items()))


@lru_cache(maxsize=2048)  # weeks repeat from store to store, and nobody changes one that was read
def _read_week(rows: tuple[tuple[str, str], ...]) -> OpeningHours | None:
    week: dict[int, Day] = {}
    closed: list[tuple[_Label, str]] = []
    for name, text in rows:
        label, day = _read_label(name), _read_day(text)
        if label is None or day is None or label.weekday in week:
            return None
        week[label.weekday] = day
        if day.closed:
            closed.append((label, name))
    if len(closed) == 7:
        return OpeningHours()
    labels = [name for name, _ in rows]
    excepted = [(label, name) for label, name in closed if _is_exception(label, labels)]
    for label, _ in excepted:
        del week[label.weekday]
    only_today = list(week) if len(rows) == 1 and closed and not closed[0][0].month else []
    return OpeningHours(
        dict(sorted(week.items())),
        notes=[f"{name} {dict(rows)[name]}" for _, name in excepted],
        exceptions=only_today or sorted(label.weekday for label, _ in excepted),
    )


def name_today(labels: Sequence[str]) -> str | None:
    """Return the label with the date instead of 오늘, "7월 4일(금)", None where the label after it does not tell."""
    today, following = (_read_label(label) for label in [*labels, "", ""][:2])
    date = _date_of_today(today, following) if today and following and not today.month else None
    return f"{date[0]}월 {date[1]}일({LETTERS[today.weekday]})" if date and today else None


def _is_exception(label: _Label, labels: list[str]) -> bool:
    date = (label.month, label.day) if label.month else None
    if date is None and len(labels) > 1 and (following := _read_label(labels[1])):
        date = _date_of_today(label, following)
    return date is not None and is_by_public_holiday(*date, label.weekday)


def _date_of_today(today: _Label, following: _Label) -> tuple[int, int] | None:
    if not following.month or following.weekday != (today.weekday + 1) % 7:
        return None
    return find_day_before(following.month, following.day, following.weekday)


@lru_cache(maxsize=512)
def _read_label(label: str) -> _Label | None:
    named = _LABEL.fullmatch(label)
    return _Label(LETTERS.index(named[3]), int(named[1] or 0), int(named[2] or 0)) if named else None


@lru_cache(maxsize=1024)  # the days of a week are mostly alike
def _read_day(text: str) -> Day | None:
    if text == "휴무일":
        return Day(closed=True)
    matches = [_LINE.fullmatch(line) for line in text.split("\n")]
    said = [match for match in matches if match and match.lastgroup]
    if len(said) < len(matches):
        return None
    return open_day(
        tuple(span for match in said if match["open"] and (span := read_span(match["open"]))),
        tuple(span for match in said if match["gap"] and (span := read_span(match["gap"]))),
        tuple(moment for match in said if match["last"] and (moment := read_moment(match["last"]))),
    )
