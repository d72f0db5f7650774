"""Whether a shop is open at a moment, and until when: what its opening hours, the calendar and the clock come to.

What they leave open stays unknown, and says why. OpenStreetMap's readers agree wherever its language has the words
(`tests/parsing/hours/test_open_now.py`): it has none for 격주, 설 and 추석, and takes a day of which nothing is known
for closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from refillspot.clock import KST
from refillspot.items import Day
from refillspot.parsing.hours.clock import DAY, HOUR
from refillspot.parsing.hours.public_holidays import find_holiday, is_calendar_known
from refillspot.parsing.hours.weekdays import LAST_WEEK
from refillspot.parsing.hours.words import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import OpeningHours

State = Literal["open", "closed", "unknown"]
Reason = Literal["every_other_week", "festival", "day_not_known", "no_hours", "no_calendar"]
"""Closed 격주, and nobody says in which weeks; 설 or 추석, of which nothing is said; this weekday is not known; no day
is; a year whose public holidays are not in the table."""

DAYS_BACK = 2  # a day ends before it is 54 hours old: a shop opens until 30:00, and closes within 24 hours
DAYS_AHEAD = 36  # what opens on the n-th weekday of a month alone opens every 28 or 35 days
NEVER_CLOSES = timedelta(days=8)  # who does not close for so long is open round the clock
FESTIVAL = re.compile(TOKENS["festival"])
CLOSED = Day(closed=True)


@dataclass(slots=True, frozen=True)
class OpenNow:
    """An answer about one moment. Times are Korean; what does not apply or is not known is None."""

    state: State
    until: datetime | None = None
    """Open: when it closes, for the break too; None: not within a week."""
    last_order_at: datetime | None = None
    """Open: the last order before it closes."""
    opens_at: datetime | None = None
    """Closed: when it opens next; None: it may be earlier than anything that is sure."""
    reason: Reason | None = None
    """Unknown: why. Closed: why nobody knows when it opens next."""

    def as_json(self) -> dict[str, Any]:
        moments = {"until": self.until, "last_order_at": self.last_order_at, "opens_at": self.opens_at}
        written = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
        return {"state": self.state, **written, "reason": self.reason}


class _Span(NamedTuple):
    """From when to when a shop is open; with a reason, when it may be."""

    start: datetime
    end: datetime
    last_order_at: datetime | None
    reason: Reason | None


def open_now(hours: OpeningHours | None, at: datetime) -> OpenNow:
    """Say whether a shop with these hours is open at a moment (aware)."""
    if hours is None or not hours.days:
        return OpenNow("unknown", reason="no_hours")
    at = at.astimezone(KST)
    until, last_order_at, doubt = at, None, None
    for span in _spans_around(hours, at):
        if span.start > until:
            break
        if span.end <= until:
            continue
        if span.reason:
            doubt = span.reason
        else:
            until, last_order_at = span.end, span.last_order_at  # the next one may join on, as round the clock
        if until > at + NEVER_CLOSES:
            return OpenNow("open")
    else:
        span = None
    if until > at:
        return OpenNow("open", until, last_order_at)
    if doubt:
        return OpenNow("unknown", reason=doubt)
    return OpenNow("closed", opens_at=None if span is None or span.reason else span.start, reason=span and span.reason)


def _spans_around(hours: OpeningHours, at: datetime) -> Iterator[_Span]:
    """Yield the spans that a moment may lie in, and those after it, by their start."""
    waiting: list[_Span] = []
    for ahead in range(-DAYS_BACK, DAYS_AHEAD):
        on = at.date() + timedelta(days=ahead)
        waiting = sorted([*waiting, *_spans(hours, on)], key=attrgetter("start"))
        next_midnight = _midnight(on) + timedelta(days=1)
        yield from takewhile(lambda span: span.start < next_midnight, waiting)  # noqa: B023  # used up before it moves
        waiting = [span for span in waiting if span.start >= next_midnight]


def _spans(hours: OpeningHours, on: date) -> list[_Span]:
    """Return when a shop is open on a day, in order; the night after it belongs to it."""
    day, reason = _day(hours, on)
    if day is None:
        latest = max((_minutes(end) for known in hours.days.values() for _, end in known.intervals), default=DAY)
        return [_Span(_midnight(on), _moment(on, max(latest, DAY)), None, reason)]
    if day.closed:
        return []
    moments = [(_moment(on, _minutes(start)), _moment(on, _minutes(end))) for start, end in day.intervals]
    spans = [_Span(start, end, None, reason) for start, end in moments]
    if day.last_order:  # that of the evening
        spans[-1] = spans[-1]._replace(last_order_at=_moment(on, _minutes(day.last_order)))
    return spans


def _day(hours: OpeningHours, on: date) -> tuple[Day | None, Reason | None]:
    """Return the hours of a date, None where they are not known, and why they may not hold."""
    if not is_calendar_known(on.year):
        return None, "no_calendar"
    holiday = find_holiday(on)
    is_festival = holiday in {"festival", "beside festival"}
    day, reason = _weekday(hours, on)
    if holiday and hours.holidays and not (is_festival and hours.festivals == "open" and hours.holidays.closed):
        day, reason = hours.holidays, None
    if not is_festival or (day and day.closed):
        return day, reason
    if holiday == "festival" and hours.festivals in {"closed", "day closed"}:
        return CLOSED, None
    is_sure = hours.festivals == "open" or (hours.festivals == "day closed" and holiday == "beside festival")
    is_noted = any(FESTIVAL.search(note) for note in hours.notes)  # "설 12:00-20:00": the words are all that is kept
    return day, reason if is_sure and not is_noted else reason or "festival"


def _weekday(hours: OpeningHours, on: date) -> tuple[Day | None, Reason | None]:
    day = hours.days.get(on.weekday())
    if day is None or not (day.closed or day.intervals):
        return None, "day_not_known"
    is_last = (on + timedelta(days=7)).month != on.month
    week = (on.day + 6) // 7
    closed = hours.closed_weeks.get(on.weekday(), ())
    if week in closed or (is_last and LAST_WEEK in closed):
        return CLOSED, None
    return day, "every_other_week" if on.weekday() in hours.closed_every_other_week and not day.closed else None


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), KST)


def _moment(on: date, minutes: int) -> datetime:
    return _midnight(on) + timedelta(minutes=minutes)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes)
