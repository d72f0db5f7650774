"""The lines of an opening-hours text become facts: which days, which kind of time, which time."""

from __future__ import annotations

import re
from collections import defaultdict

from refillspot.parsing.clock import CLOCK, ROUND_THE_CLOCK, SPAN, Moment, Span, read_moment, read_span
from refillspot.parsing.closings import find_closings
from refillspot.parsing.weekdays import DAYS, NO_DAY, Days, read_days

LONGEST_BREAK = 240  # minutes; a longer span is not called a break by a note beside it
LONGEST_LAST_CALL = 60

_BREAK = r"브레이크(?: ?타임)?|break(?: ?time)?|\bb\.? ?t\b\.?|(?:쉬는|휴식|준비|휴게) ?시간|직원 ?식사"
TOKENS = {
    # Closing times of something else than the kitchen say nothing about orders.
    "other": rf"(?:영업|판매|[가-힣]{{0,6}}바|소진 ?시?|품절 ?시?) ?(?:조기 ?)?(?:마감|종료)(?: ?(?:{CLOCK}))?",
    "no_break": rf"(?:{_BREAK})[ :-]{{0,3}}(?:없|x\b|제외)|no ?break",
    "break": _BREAK,
    "last": r"라스트 ?오[더다]|last ?or?der|\bl[./]? ?o\b\.?|마지막 ?(?:주문|오더)|마감",
    "open": r"영업 ?시간|운영 ?시간",
    "days": DAYS,
    "span": rf"{ROUND_THE_CLOCK}|{SPAN}",
    "clock": CLOCK,
    "bracket": r"[()]",
    "slash": r"/",
}
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in TOKENS.items()))


class Facts:
    """What a text says, by the set of weekdays that it says it of; the set is None where no days are named at all."""

    def __init__(self) -> None:
        self.open: defaultdict[Days | None, list[Span]] = defaultdict(list)
        self.breaks: defaultdict[Days | None, list[Span]] = defaultdict(list)  # an empty list = says there is none
        self.last_orders: defaultdict[Days | None, list[Moment]] = defaultdict(list)
        self.closed: Days = NO_DAY
        self.sometimes_closed: Days = NO_DAY


def read_line(line: str, days: Days | None, facts: Facts) -> Days | None:
    """Add what a line says to `facts`. `days` are those of the line before; returns those for the line after."""
    closings = find_closings(line, days if days and days not in facts.open else NO_DAY)
    facts.closed |= closings.weekly
    facts.sometimes_closed |= closings.sometimes
    reader = LineReader(line, days, facts)
    reader.read()
    return days if any(closings) and not reader.spans else reader.days


class LineReader:
    """Reads one line: what stands before the first bracket in order, notes in brackets as a whole."""

    def __init__(self, line: str, days: Days | None, facts: Facts) -> None:
        self.facts = facts
        self.tokens = [(match.lastgroup or "", match[0]) for match in TOKEN.finditer(line)]
        self.kinds = {kind for kind, _ in self.tokens}
        self.note_kinds = {match.lastgroup for match in TOKEN.finditer(line.partition("(")[2])}
        self.days = days
        self.note_days = days
        self.kind = "open"
        self.depth = 0
        self.spans: list[tuple[Days | None, Span]] = []  # opening spans
        self.gaps = 0
        self.moments = 0

    def read(self) -> None:
        previous = ""
        for kind, words in self.tokens:
            if kind == "days":
                self._take_days(read_days(words), after=previous)
            elif kind == "span":
                self._take_span(read_span(words))
            elif kind == "clock":
                self._take_moment(read_moment(words))
            elif kind == "no_break":
                self.facts.breaks.setdefault(self._current, [])
            elif kind in {"bracket", "slash"}:
                self.depth = max(0, self.depth + {"(": 1, ")": -1}.get(words, 0))
                self.note_days = self.days
            elif self.depth == 0:
                self.kind = kind
            previous = kind
        self._settle()

    @property
    def _current(self) -> Days | None:
        return self.note_days if self.depth else self.days

    def _take_days(self, days: Days, after: str) -> None:
        if self.depth:
            self.note_days = days
        elif after == "days":  # "일요일 공휴일"
            self.days = (self.days or NO_DAY) | days
        else:
            self.days = days
            if self.spans and after in {"span", "clock"}:
                self.kind = "open"  # "월-금 11:00-22:00 쉬는시간 15:00-17:00 토 12:00-20:00"

    def _take_span(self, span: Span | None) -> None:
        if span is None:
            return
        kind = self.kind if self.depth == 0 else "break" if "break" in self.note_kinds else "note"
        if kind == "break":
            self.facts.breaks[self._current].append(span)
            self.gaps += 1
        elif kind == "open" and span.marked:
            self.spans.append((self.days, span))

    def _take_moment(self, moment: Moment | None) -> None:
        if moment and "last" in self.kinds:
            self.facts.last_orders[self._current].append(moment)
            self.moments += 1

    def _settle(self) -> None:
        """File the opening spans, except one that a note calls something else: "15:00 - 17:00 (브레이크타임)"."""
        spans = list(self.spans)
        if spans and "break" in self.kinds and not self.gaps and spans[-1][1].length <= LONGEST_BREAK:
            days, span = spans.pop()
            self.facts.breaks[days].append(span)
        elif spans and "last" in self.kinds and not self.moments and spans[-1][1].length <= LONGEST_LAST_CALL:
            spans.pop()
        for days, span in spans:
            self.facts.open[days].append(span)
