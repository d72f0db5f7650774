"""The lines of an opening-hours text become facts: which days, which kind of time, which time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from refillspot.parsing.clock import DAY, Moment, Span, fit, is_plausible, read_moment, read_span
from refillspot.parsing.closings import Closings, find_closings
from refillspot.parsing.hours_words import SEASONAL, TOKEN, find_unread, read_before_closing, take_days_of_note
from refillspot.parsing.weekdays import NO_DAY, Days, find_days, read_days

if TYPE_CHECKING:
    from refillspot.items import Festivals
    from refillspot.parsing.month_weeks import Weeks

LONGEST_BREAK = 240  # minutes; a longer span is not called a break by a note beside it
LONGEST_LAST_CALL = 60


class Facts:
    """What a text says, by the set of weekdays that it says it of; the set is None where no days are named at all."""

    def __init__(self) -> None:
        self.open: defaultdict[Days | None, list[Span]] = defaultdict(list)
        self.noted: defaultdict[Days | None, list[Span]] = defaultdict(list)  # open, by a note on another row
        self.breaks: defaultdict[Days | None, list[Span]] = defaultdict(list)  # an empty list = says there is none
        self.last_orders: defaultdict[Days | None, list[Moment]] = defaultdict(list)
        self.closed: Days = NO_DAY
        self.sometimes_closed: Days = NO_DAY
        self.closed_weeks: defaultdict[int, Weeks] = defaultdict(frozenset)
        self.closed_every_other_week: Days = NO_DAY
        self.festivals: Festivals | None = None
        self.notes: dict[str, None] = {}  # each once, in order

    def take(self, closings: Closings) -> None:
        self.closed |= closings.weekly
        self.sometimes_closed |= closings.sometimes
        self.closed_every_other_week |= closings.every_other_week
        for day, weeks in closings.weeks:
            self.closed_weeks[day] |= weeks
        if closings.festivals and self.festivals in {None, "open"}:  # an exception outweighs 연중무휴
            self.festivals = closings.festivals


def read_line(line: str, days: Days | None, facts: Facts) -> Days | None:
    """Add what a line says to `facts`. `days` are those of the line before; returns those for the line after."""
    if SEASONAL.match(line):
        facts.notes[line] = None
        return days
    line = take_days_of_note(line)
    closings = find_closings(line, days if days and days not in facts.open else NO_DAY)
    facts.take(closings)
    facts.notes |= dict.fromkeys(find_unread(line))
    reader = LineReader(line, days, facts)
    reader.read()
    return days if any(closings) and not reader.spans else reader.days


class LineReader:
    """Reads one line: what stands before the first bracket in order, notes in brackets as a whole."""

    def __init__(self, line: str, days: Days | None, facts: Facts) -> None:
        self.line = line
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
            else:
                self._take(kind, words)
            previous = kind
        self._settle()

    def _take(self, kind: str, words: str) -> None:
        if kind == "span":
            self._take_span(read_span(words))
        elif kind == "clock":
            self._take_moment(read_moment(words))
        elif kind == "before" and "last" in self.kinds:
            self._take_moment(read_before_closing(words))
        elif kind in {"from", "until", "own"}:
            self._take_note(kind, words)
        elif kind == "except" and self.depth == 0:
            self._take_exception(find_days(words))
        elif kind == "no_break":
            self.facts.breaks.setdefault(self._current, [])
        elif kind in {"bracket", "slash"}:
            self.depth = max(0, self.depth + {"(": 1, ")": -1}.get(words, 0))
            if words != ")" or not self.depth:  # "((금-토) L.O 21:30)"
                self.note_days = self.days
        elif self.depth == 0:
            self.kind = kind

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

    def _take_note(self, kind: str, words: str) -> None:
        """Read "(주말 18시까지)", "(주말 13시 오픈)": as the row, but for one end; and "(공휴일 12:00-18:00)"."""
        if kind == "own" and (own := read_span(words)):
            self.facts.noted[find_days(words)].append(own)
            return
        moment = read_moment(words)
        if not moment or not self.spans or self.kind != "open":
            return
        start, end = self.spans[-1][1][:2]
        if kind == "until":
            if cut := fit(moment, Span(start, start + DAY)):
                self.facts.noted[find_days(words)].append(Span(start, cut))
        elif moment.minutes < end:
            self.facts.noted[find_days(words)].append(Span(moment.minutes, end))

    def _take_exception(self, days: Days) -> None:
        """Read "(주말 제외)": the row holds for its other days; a break then does not happen on these."""
        if self.kind == "break":
            self.facts.breaks.setdefault(days, [])
        elif self.spans and self.spans[-1][0]:
            of, span = self.spans.pop()
            self.spans.append(((of or NO_DAY) - days, span))

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
            if not is_plausible(span):
                self.facts.notes[self.line] = None
