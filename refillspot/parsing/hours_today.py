"""The site's own style of opening hours, one day a label: read at once, because nearly every store has it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from refillspot.items import Day
from refillspot.parsing.clock import read_moment, read_span
from refillspot.parsing.day import open_day
from refillspot.parsing.weekdays import LETTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = re.compile(rf"(?:오늘|\d{{1,2}}월 \d{{1,2}}일)\(([{LETTERS}])\)", re.ASCII)
_TIME = r"\d\d:\d\d"
_LINE = re.compile(
    rf"영업시간: (?P<open>{_TIME} - {_TIME})|브레이크타임: (?P<gap>{_TIME} - {_TIME})"
    rf"|라스트오더: (?P<last>{_TIME})|휴무일",
    re.ASCII,
)


def read_week(labelled: Mapping[str, str]) -> dict[int, Day] | None:
    """Return {weekday: day}, None if anything is not in the site's own style, or says two things of one day."""
    week: dict[int, Day] = {}
    for label, text in labelled.items():
        number, day = _read_label(label), _read_day(text)
        if number is None or day is None or number in week:
            return None
        week[number] = day
    return week or None


@lru_cache(maxsize=512)
def _read_label(label: str) -> int | None:
    named = _LABEL.fullmatch(label)
    return LETTERS.index(named[1]) if named else None


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
