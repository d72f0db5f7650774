"""Times in a line of opening hours: openings, breaks, last orders, and where one of them ends sooner or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.parsing.hours.clock import Span, read_moment, read_span
from refillspot.parsing.hours.line import LineState
from refillspot.parsing.hours.statements import Statement
from refillspot.parsing.hours.words import SCOPES, read_before_closing

if TYPE_CHECKING:
    from refillspot.parsing.hours.statements import Assertion, Token

LONGEST_BREAK = 240  # minutes; a longer span is not called a break by a word beside it
LONGEST_LAST_CALL = 60
TIMES = {"span", "clock"}
_NOTHING_MORE: tuple[list[str], ...] = (
    [],
    ["works"],
    ["comma"],
    ["slash"],
)  # else it is about something else: "20:00까지 입장"


class TimesReader(LineState):
    def take_span(self, token: Token) -> None:
        draft = self.draft
        if draft.heads:
            draft.heads, draft.unsure = False, True  # "휴무 월요일 11:00-20:00": which of the two is Monday's?
        self._begin(token)
        span = read_span(token.words)
        of_break = "break" in {draft.kind, self.kind, *self._following()[:1]}
        if span is None or not (span.marked or of_break):
            self.take_word(token)
            if span is None:
                self._state("open", token.end)
            return
        self.take_times(span, token)

    def take_times(self, span: Span, token: Token) -> None:
        draft = self.draft
        kind = draft.kind or (self.kind if self._holds_on(span) else "open")
        if kind == "last":
            doubt = span.length > LONGEST_LAST_CALL
            self._state("aside", token.end, span=span, doubt=doubt and bool(draft.marks))
        elif kind == "break":
            self._doubt_breaks_before(token)
            self._state("break", token.end, span=span, doubt=span.length > LONGEST_BREAK)
            self.kind = "break"
        elif self.in_bracket and not draft.marks:
            # A meal's hours within the day's; what a span alone is beside the day's hours, nobody can tell.
            self._state("aside", token.end, span=span, doubt=not draft.is_of_meal and not draft.unread)
        else:
            self._state("open", token.end, span=span)
            self.kind = self.kind if self.in_bracket else ""

    def _doubt_breaks_before(self, token: Token) -> None:
        """Doubt whether "평일 11:00-22:00 주말 11:00-21:00 (브레이크타임 15:00-17:00)" is of the weekdays too."""
        line = self.said[self.line_start :]
        if self.draft.marks or any(one.assertion in {"break", "no break"} for one in line):
            return
        words = self.line[max(self.draft.start, 0) : token.end]
        for one in line:
            if one.assertion == "open" and one.of is None and one.scope and one.scope != self.current:
                self.said.append(Statement("break", one.scope, words, doubt=True))

    def _holds_on(self, span: Span) -> bool:
        """Tell whether a span that no word names is a break like the one before it."""
        if self.kind != "break" or span.length > LONGEST_BREAK:
            return False
        if self.in_bracket:
            return True
        opened = [said.span for said in self.said if said.assertion == "open" and said.span]
        if self.draft.marks:
            return not opened
        return any(span.start >= one.start and span.end <= one.end for one in opened)

    def take_clock(self, token: Token) -> None:
        self._begin(token)
        moment = read_moment(token.words)
        following = self._following()
        if moment is None:
            self.take_word(token)
        elif "last" in following[:2] and "clock" not in following[:3] and following[0] in {"last", "until"}:
            self._skip_to("last")
            word = self.tokens[self.at - 1]
            if word.words == "마감" and self.draft.marks:  # "일요일 20:00 마감": of the orders, or of the day?
                self._state("until", word.end, doubt=True)
            else:
                self._state("last order", word.end, moment=moment)
        elif "last" in {self.draft.kind, self.kind if following[:1] != ["from"] else ""}:
            self._state("last order", token.end, moment=moment)
            self.kind = "last"
        elif following[:1] == ["until"] and (self.draft.marks or following[1:2] in _NOTHING_MORE):
            self._state("until", token.end, moment=moment, span=self.base)
        elif following[:1] in (["from"], ["works"]):
            self._state("from", token.end, moment=moment, span=self.base)
        else:
            self.draft.clocks.append(moment)
            if self.draft.kind == "break" and len(self.draft.clocks) == 2:
                self.take_bare_break(token)

    def take_bare_break(self, token: Token) -> None:
        """Take "15:00 17:30 브레이크타임": two times and no dash."""
        first, second = self.draft.clocks
        self.draft.clocks = []
        doubt = not 0 < second.minutes - first.minutes <= LONGEST_BREAK
        exact = first.exact or second.exact
        self._doubt_breaks_before(token)
        self._state("break", token.end, span=Span(first.minutes, second.minutes, exact), doubt=doubt)

    def take_break(self, token: Token) -> None:
        self._close_head(token)
        if len(self.draft.clocks) == 2:
            self.take_bare_break(token)
            return
        named = self._following()[:1]
        before = self.last or (self.of if self.said_before == len(self.said) else None)
        before_times = bool(named) and (named[0] in TIMES or named[0] in SCOPES)
        if before and before.span and not before_times and not self.draft.unread:
            if before.assertion == "break":
                return
            if before.assertion in {"open", "aside"} and before.span.length <= LONGEST_BREAK:
                self._rename(before, "break", LONGEST_BREAK)
                return
        self._begin(token)
        self.draft.kind = "break"

    def _rename(self, last: Statement, assertion: Assertion, longest: int) -> None:
        """Take the word behind a span for it: "15:00 - 17:00 브레이크타임"."""
        if last.span:
            self.draft.marks = []
            if assertion == "break" and not last.own_scope:
                self._doubt_breaks_before(self.tokens[self.at - 1])
            last.doubt = last.span.length > longest or (last.doubt and last.assertion == "open")
            last.assertion = assertion
            self.kind = self.draft.kind = ""

    def take_no_break(self, token: Token) -> None:
        self._close_head(token)
        self._begin(token)
        self._state("no break", token.end)

    def take_none(self, token: Token) -> None:
        """Take "브레이크타임 평일 15:00-17:00, 주말 없음"."""
        if self.kind == "break" and self.draft.marks:
            self._state("no break", token.end)
        else:
            self.take_word(token)

    def take_last(self, token: Token) -> None:
        self._close_head(token)
        last = self.last
        if last and last.assertion in {"open", "aside"} and last.span and last.span.length <= LONGEST_LAST_CALL:
            self._rename(last, "aside", LONGEST_LAST_CALL)
            return
        self._begin(token)
        self.draft.kind = "last"

    def take_before(self, token: Token) -> None:
        if "last" in {self.draft.kind, self.kind, *self._following()[:1]}:
            self._begin(token)
            self._state("last order", token.end, moment=read_before_closing(token.words))

    def take_open_label(self, token: Token) -> None:
        self._close_head(token)
        self._begin(token)
        self.draft.kind, self.kind = "open", ""

    def _skip_to(self, kind: str) -> None:
        while self.tokens[self.at - 1].kind != kind:
            self.at += 1
