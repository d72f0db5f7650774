"""Reads the tokens of one line of opening hours, left to right, into statements."""

from __future__ import annotations

from refillspot.parsing.hours.line import SILENT
from refillspot.parsing.hours.statements import (
    Draft,
    Scope,
    Statement,
    Term,
    Token,
    build_scope,
    is_of_holidays,
    say_words,
    tokenize,
)
from refillspot.parsing.hours.times import TIMES, TimesReader
from refillspot.parsing.hours.weekdays import EVERY_DAY, GROUPS, HOLIDAY, NO_DAY
from refillspot.parsing.hours.words import SAYS_ALL_YEAR, SCOPES

_WEEKLY = {"매주", "요일", "마다"}
_IGNORED = SILENT | {"other", "until"}


def read_line(line: str, row: Scope | None, said: list[Statement]) -> Scope | None:
    """Add the statements of a line to `said`. `row` is the scope that holds before it; returns the one after it."""
    reader = LineReader(line, tokenize(line), row, said)
    first = len(said)
    reader.read()
    if len(said) == first and reader.left is not None:
        return reader.left  # a line that only names days: the label of those below
    return reader.current


class LineReader(TimesReader):
    """Reads a line: what begins a statement, what ends one, and what is said of one in brackets."""

    def read(self) -> None:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.kind in SCOPES:
                self.take_scope(token)
            elif token.words in _WEEKLY:
                self.draft.is_weekly = True
            elif token.kind not in _IGNORED:
                getattr(self, f"take_{token.kind}")(token)
            elif token.words in {".", "*"} and self.draft.unread and not self.draft.marks:
                self._flush(token.start)
        self._flush(self.end, at_end=True)

    def take_scope(self, token: Token) -> None:
        draft = self.draft
        covers_all = token.words in GROUPS and token.words != "공휴일"
        of_days = draft.marks and not draft.parted and draft.marks[-1][0].kind in {"days", "dated"}
        if of_days and covers_all and (draft.heads or token.words == "매일"):
            self._flush(token.start)  # "휴무: 월요일 매일 11:00-22:00"
        elif draft.clocks:
            self._flush(token.start)
        self._begin(token)
        self.draft.marks.append((token, self.draft.parted))
        self.draft.parted = False

    def take_extent(self, token: Token) -> None:
        """Take 당일, 연휴, 다음날: how much of 설 and 추석; beside other days it names days that no weekday does."""
        marks = self.draft.marks
        if marks and marks[-1][0].kind in {"festival", "extent"}:
            marks.append((token, False))
            self.draft.parted = False
        elif not self.draft.is_empty:
            self.take_word(token)
        elif self.last and self.last.assertion == "closed" and self.last.scope and self.last.scope[-1].festival:
            self.last.scope = build_scope([*_festival_marks(self.last.scope), (token, False)])
        elif self.of and self.of.assertion == "closed":
            self.of.doubt = True
        elif not (self.of and self.of.assertion == "open"):
            self.take_word(token)

    def take_closed(self, token: Token) -> None:
        draft = self.draft
        if draft.heads and draft.marks:
            self._close_head(token, end=token.end)
        elif draft.marks or draft.unread or draft.unsure or draft.conditional or draft.is_of_meal:
            self._begin(token)
            self._state("closed", token.end, doubt=draft.is_of_meal or (draft.kind == "open"))
        elif not draft.heads:
            self._begin(token)
            draft.heads = True

    def take_all_year(self, token: Token) -> None:
        if self.draft.heads:
            self.draft = Draft()  # "휴무일: 연중무휴"
        draft = self.draft
        self._begin(token)
        of_days = any(mark.kind in {"days", "truncated"} for mark, _ in draft.marks)
        if draft.kind == "break":
            self._state("no break", token.end)  # "브레이크타임, 휴무 없음"
        elif of_days or SAYS_ALL_YEAR.search(token.words):
            self._state("all year", token.end, doubt=of_days)
        else:  # "휴무일 없음" says nothing of festivals
            self.draft = Draft()

    def take_works(self, token: Token) -> None:
        following = self._following()
        if following[:1] and following[0] in TIMES:
            self.take_open_label(token)
        elif self.draft.marks and not self.draft.heads:
            self._state("works", token.end, doubt=self.draft.is_of_meal)

    def take_except(self, token: Token) -> None:
        if self.draft.marks:
            of = self.last or self.of
            self._state("except", token.end).of = of

    def take_included(self, _token: Token) -> None:
        """Take "(공휴일 포함)": public holidays go with the days before."""
        target = self.of or self.last
        if self.draft.marks and target and not self.draft.unread:
            own = build_scope(self.draft.marks)
            if target.scope is not None and target.own_scope and all(term.days <= {HOLIDAY} for term in own):
                target.scope += tuple(term for term in own if term not in target.scope)
                self.draft = Draft()

    def take_condition(self, token: Token) -> None:
        self._begin(token)
        self.draft.conditional = is_of_holidays(build_scope(self.draft.marks))
        self.draft.unsure = True
        self.draft.marks = []

    def take_from(self, token: Token) -> None:
        """Take "6월 19일부터 매주 화요일 휴무": a rule that began some day, or that has not begun yet."""
        if self.draft.marks and self.draft.marks[-1][0].kind in {"date", "dated", "season"}:
            self._begin(token)
            self.draft.unsure = True

    def take_unsure(self, token: Token) -> None:
        closed = next((one for one in (self.last, self.of) if one and one.assertion in {"closed", "works"}), None)
        draft = self.draft
        if closed and not draft.marks and not draft.heads:
            closed.doubt = True
            closed.words = say_words(self.line, self.line.find(closed.words), token.end)
        self._begin(token)
        draft.unsure = True
        if "단축" in token.words and draft.marks and all(term.festival for term in build_scope(draft.marks)):
            self._state("works", token.end, doubt=False).doubt = False
            self._note(token.words)

    def take_meal(self, token: Token) -> None:
        self._begin(token)
        self.draft.is_of_meal = True

    def take_subject(self, token: Token) -> None:
        self._begin(token)
        self.draft.is_of_something_else = self.draft.unread = True

    def take_comma(self, token: Token) -> None:
        draft = self.draft
        if draft.marks:
            draft.parted = True
        elif draft.unread or draft.clocks:
            self._flush(token.start)

    def take_slash(self, token: Token) -> None:
        self._flush(token.start)
        self.last = None
        if not self.in_bracket:
            self.kind = ""

    def take_bracket(self, token: Token) -> None:
        if token.words == ")":
            return
        inner = self._cut_bracket()
        if self.in_bracket:
            inner = [one for one in inner if one.kind != "bracket"]  # no text means anything by three of them
        kinds = {one.kind for one in inner} - SILENT - {"comma"}
        if kinds and not self._go_on_with(inner, kinds):
            self._flush(token.start)
            self._comment(inner, kinds)

    def _go_on_with(self, inner: list[Token], kinds: set[str]) -> bool:
        """Read a bracket that is part of the statement under way, "토(휴무)", "휴무 (월요일)"; False = it is not."""
        draft, scopes = self.draft, kinds <= SCOPES | {"extent", "included"}
        if draft.marks and not draft.heads:
            if kinds <= {"closed"} or kinds <= {"span", "open_label"}:
                self._inline(inner)
            elif scopes:
                self._join(inner)
            else:
                self._read_inside(inner, Statement(None, build_scope(draft.marks), ""))
            return True
        goes_on = scopes and not draft.marks and (draft.heads or self.last is None)
        goes_on |= bool(draft.kind) and kinds <= {"span", "clock", "until", "meal", "none"}
        goes_on |= not draft.is_empty and kinds <= {"word", "meal", "works", "subject", "unsure"}
        if goes_on:
            self._inline(inner)
        return goes_on

    def _comment(self, inner: list[Token], kinds: set[str]) -> None:
        """Read a bracket that says more of the statement before it."""
        if self.last and kinds <= SCOPES | {"extent"}:
            self._refine(self.last, inner)
        elif kinds in ({"break"}, {"last"}):
            self._inline(inner)
        else:
            self._read_inside(inner, self.last or Statement(None, self.current, ""))

    def _cut_bracket(self) -> list[Token]:
        depth, start = 1, self.at
        while self.at < len(self.tokens) and depth:
            words = self.tokens[self.at].words
            depth += (words == "(") - (words == ")")
            self.at += 1
        return self.tokens[start : self.at - (not depth)]

    def _inline(self, inner: list[Token]) -> None:
        self.tokens = [*inner, *self.tokens[self.at :]]
        self.at = 0

    def _join(self, inner: list[Token]) -> None:
        """Take "일요일(공휴일) 휴무", "주말(토,일)", "매일(월-토)": what the bracket says of weekdays counts."""
        marks = [(token, True) for token in inner if token.kind in SCOPES or token.kind == "extent"]
        inside = NO_DAY.union(*(term.days for term in build_scope(marks)))
        outside = NO_DAY.union(*(term.days for term in build_scope(self.draft.marks)))
        if inside & outside and not any(term.is_part for term in build_scope(marks)):
            self.draft.marks = []
        if not inside:
            marks = [(token, False) for token, _ in marks]
        self.draft.marks += marks

    def _read_inside(self, inner: list[Token], of: Statement) -> None:
        scope = of.scope if of.assertion in {None, "open", "break", "no break", "last order", "aside"} else self.current
        reader = LineReader(self.line, inner, scope, self.said, of)
        if of.assertion is None and self.draft.kind:
            reader.kind = self.draft.kind
        reader.base = reader.base or self.base
        reader.line_start = self.line_start
        reader.read()

    def _refine(self, last: Statement, inner: list[Token]) -> None:
        """Take a bracket that only names days: those of a statement without, the better ones of one with its own."""
        scope = build_scope(
            [(t, t.kind != "extent" and n > 0) for n, t in enumerate(inner) if t.kind in SCOPES | {"extent"}]
        )
        days = NO_DAY.union(*(term.days for term in scope))
        if last.assertion == "open" and all(term.is_part for term in scope):
            self.said.append(Statement("closed", scope, self._say(inner), of=last))
        elif any(term.passing for term in scope):
            last.doubt = True
            last.words = f"{last.words} ({self._say(inner)})"
        elif not last.own_scope:
            last.scope, last.own_scope = scope, True
            if last.assertion == "open" and not self.in_bracket:
                self.current = scope
        elif last.assertion == "closed":
            _refine_closing(last, scope, days)
        elif last.assertion in {"open", "break"} and days and HOLIDAY not in days:
            last.scope = scope  # whoever wrote the note knew better than the form that asked for the days
            if not self.in_bracket:
                self.current = scope
        else:
            self._note(self._say(inner))


def _festival_marks(scope: Scope) -> list[tuple[Token, bool]]:
    return [(Token("festival", term.festival, 0, 0), True) for term in scope if term.festival]


def _refine_closing(last: Statement, scope: Scope, days: frozenset[int]) -> None:
    """Take "매주 일요일 휴무 (첫째, 셋째)", "매주 공휴일 (설·추석 당일)"."""
    festivals = tuple(term for term in scope if term.festival)
    if festivals and (HOLIDAY in last.days or any(term.festival for term in last.scope or ())):
        last.scope = (
            *(term for term in last.scope or () if not term.festival and HOLIDAY not in term.days),
            *festivals,
        )
    elif all(term.is_part for term in scope) and days in (NO_DAY, last.days) and len(last.days) == 1:
        last.scope = tuple(Term(last.days, term.weeks, term.every_other, term.now_and_then) for term in scope)
    elif not days <= last.days or days == EVERY_DAY or any(term.festival or term.is_part for term in scope):
        last.doubt = True
        last.scope = (*(last.scope or ()), *scope)
