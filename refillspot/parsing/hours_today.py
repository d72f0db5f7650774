"""The site's own style of opening hours, one day a label: read at once, because nearly every store has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.parsing.clock import read_moment, read_span
from refillspot.parsing.weekdays import LETTERS

if TYPE_CHECKING:
    from refillspot.parsing.hours_text import Facts

_LABEL = re.compile(rf"(?:오늘|\d{{1,2}}월 \d{{1,2}}일)\(([{LETTERS}])\)", re.ASCII)
_TIME = r"\d\d:\d\d"
_LINE = re.compile(
    rf"영업시간: (?P<open>{_TIME} - {_TIME})|브레이크타임: (?P<gap>{_TIME} - {_TIME})"
    rf"|라스트오더: (?P<last>{_TIME})|휴무일",
    re.ASCII,
)


def read_day(label: str, text: str, facts: Facts) -> bool:
    """Add what a day says to `facts`; False, and nothing added, if anything in it is not in the site's own style."""
    named = _LABEL.fullmatch(label)
    lines = [_LINE.fullmatch(line) for line in text.split("\n")] if named else []
    if not named or not all(lines):
        return False
    days = frozenset({LETTERS.index(named[1])})
    for match in filter(None, lines):
        if match["open"]:
            facts.open[days] += filter(None, [read_span(match["open"])])
        elif match["gap"]:
            facts.breaks[days] += filter(None, [read_span(match["gap"])])
        elif match["last"]:
            facts.last_orders[days] += filter(None, [read_moment(match["last"])])
        else:
            facts.closed |= days
    return True
