"""One line of opening hours while it is read: the statement that is under way, and those already made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.parsing.hours.statements import Assertion, Draft, Scope, Statement, Token, build_scope, say_words
from refillspot.parsing.hours.weekdays import NO_DAY

if TYPE_CHECKING:
    from refillspot.parsing.hours.clock import Span, TimeOfDay

SILENT = {"filler", "colon"}


class LineState:
    """What a reader knows at one place of a line, or with `of` of the inside of a bracket: notes on that statement."""

    def __init__(
        self, line: str, tokens: list[Token], row: Scope | None, said: list[Statement], of: Statement | None = None
    ) -> None:
        self.line = line
        self.tokens = tokens
        self.end = tokens[-1].end if tokens else 0
        self.at = 0
        self.row = row
        self.current = row  # of which days a time is that names none: the row's, or those of the opening before it
        self.said = said
        self.of = of
        self.in_bracket = of is not None
        self.said_before = self.line_start = len(said)
        self.draft = Draft()
        self.last: Statement | None = None  # the statement before, until something parts it from what follows
        self.base: Span | None = of.span if of and of.assertion == "open" else None  # the opening that 까지 cuts short
        self.kind = ""  # a word for a kind of time holds on: "라스트오더 14:10, 20:20"
        self.left: Scope | None = None

    def _begin(self, token: Token) -> None:
        if self.draft.is_empty:
            self.draft.start = token.start

    def _state(
        self,
        assertion: Assertion,
        end: int,
        *,
        span: Span | None = None,
        moment: TimeOfDay | None = None,
        doubt: bool = False,
    ) -> Statement:
        draft = self.draft
        if draft.is_of_something_else:
            self._note(say_words(self.line, draft.start, end))
            self.draft = Draft()
            return self.said[-1]
        own = build_scope(draft.marks) if draft.marks else None
        inherited = self.row if assertion == "closed" else self.current
        statement = Statement(
            assertion,
            own if own is not None else inherited,
            say_words(self.line, draft.start, end),
            span,
            moment,
            doubt=doubt or draft.is_doubtful,
            own_scope=own is not None,
            of=self.of,
            is_weekly=draft.is_weekly,
            conditional=draft.conditional,
        )
        self.said.append(statement)
        self.last = statement
        self.draft = Draft()
        if assertion == "open" and own is not None and not self.in_bracket and not any(t.passing for t in own):
            self.current = own
        if assertion == "open":
            self.base = span
        return statement

    def _close_head(self, token: Token, end: int | None = None) -> None:
        """End "휴무: 월요일", which nothing behind the days ends."""
        if self.draft.heads:
            self._state("closed", token.start if end is None else end)

    def _note(self, words: str) -> None:
        self.said.append(Statement(None, (), words, of=self.of))

    def _say(self, tokens: list[Token]) -> str:
        return say_words(self.line, tokens[0].start, tokens[-1].end)

    def _following(self) -> list[str]:
        """Return the kinds of the next three tokens that count."""
        return [t.kind for t in self.tokens[self.at : self.at + 6] if t.kind not in SILENT][:3]

    def _flush(self, end: int, *, at_end: bool = False) -> None:
        """File a draft that came to no assertion: days of which nothing is said, a break without its times, words."""
        draft = self.draft
        if draft.heads:
            self._state("closed", end)
        elif draft.kind == "break":
            self._state("break", end, doubt=True)
        elif draft.marks:
            self._file_scope(end, at_end=at_end)
        elif draft.unread or draft.unsure or draft.clocks:
            self._note(say_words(self.line, draft.start, end))
        self.draft = Draft()

    def _file_scope(self, end: int, *, at_end: bool) -> None:
        """File days without an assertion; weeks of a month are only ever named because the shop is closed in them."""
        draft, last = self.draft, self.last
        scope = build_scope(draft.marks)
        of_closing = last is not None and last.assertion == "closed"
        if draft.is_doubtful:
            self._file_doubt(scope, end)
        elif last and not last.own_scope and last.assertion in {"open", "break", "last order", "closed"}:
            last.scope, last.own_scope = scope, True
            self.current = scope if last.assertion == "open" else self.current
        elif any(term.weeks for term in scope) or (of_closing and all(term.festival for term in scope)):
            self._state("closed", end)
        elif at_end and not self.in_bracket and (draft.kind == "last" or self.said_before == len(self.said)):
            self.left = scope
        else:
            self._file_doubt(scope, end)

    def _file_doubt(self, scope: Scope, end: int) -> None:
        """File days of which something is said that is not understood: they are not known, if it is about them."""
        draft, of = self.draft, self.of
        if of and of.assertion == "closed" and (draft.unsure or any(term.passing for term in scope)):
            of.doubt = True  # "휴무일 (여름휴가)"
        days = NO_DAY.union(*(term.days for term in scope))
        only_named = bool(of and of.assertion == "open" and of.days <= days and not draft.is_doubtful)  # (평일 디너)
        doubt = not draft.is_of_something_else and not only_named
        self.said.append(Statement(None, scope, say_words(self.line, draft.start, end), doubt=doubt, of=of))

    def take_word(self, token: Token) -> None:
        self._begin(token)
        self.draft.unread = True
