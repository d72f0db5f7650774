"""The site's own style of opening hours, one day a label: read at once, because nearly every store has it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from refillspot.parsing.clock import read_moment, read_span
from refillspot.parsing.weekdays import LETTERS

if TYPE_CHECKING:
    from refillspot.parsing.clock import Moment, Span
    from refillspot.parsing.hours_text import Facts
    from refillspot.parsing.weekdays import Days

_LABEL = re.compile(rf"(?:오늘|\d{{1,2}}월 \d{{1,2}}일)\(([{LETTERS}])\)", re.ASCII)
_TIME = r"\d\d:\d\d"
_LINE = re.compile(
    rf"영업시간: (?P<open>{_TIME} - {_TIME})|브레이크타임: (?P<gap>{_TIME} - {_TIME})"
    rf"|라스트오더: (?P<last>{_TIME})|휴무일",
    re.ASCII,
)


class _Said(NamedTuple):
    """What the lines of one day say, whichever day it is."""

    opens: tuple[Span, ...]
    gaps: tuple[Span, ...]
    last_orders: tuple[Moment, ...]
    closed: bool


def read_day(label: str, text: str, facts: Facts) -> bool:
    """Add what a day says to `facts`; False, and nothing added, if anything in it is not in the site's own style."""
    days = _read_label(label)
    said = _read_lines(text) if days else None
    if not days or not said:
        return False
    if said.opens:
        facts.open[days] += said.opens
    if said.gaps:
        facts.breaks[days] += said.gaps
    if said.last_orders:
        facts.last_orders[days] += said.last_orders
    if said.closed:
        facts.closed |= days
    return True


@lru_cache(maxsize=512)
def _read_label(label: str) -> Days | None:
    named = _LABEL.fullmatch(label)
    return frozenset({LETTERS.index(named[1])}) if named else None


@lru_cache(maxsize=1024)  # the days of a week are mostly alike
def _read_lines(text: str) -> _Said | None:
    lines = [_LINE.fullmatch(line) for line in text.split("\n")]
    matches = [match for match in lines if match]
    if len(matches) < len(lines):
        return None
    return _Said(
        tuple(span for match in matches if match["open"] and (span := read_span(match["open"]))),
        tuple(span for match in matches if match["gap"] and (span := read_span(match["gap"]))),
        tuple(moment for match in matches if match["last"] and (moment := read_moment(match["last"]))),
        any(not any(match.groups()) for match in matches),
    )
