"""Reads the tokens of one line, left to right, into statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.parsing.clock import Moment, Span, read_moment, read_span
from refillspot.parsing.hours_statements import (
    Assertion,
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
from refillspot.parsing.hours_words import SAYS_ALL_YEAR, SCOPES, read_before_closing
from refillspot.parsing.weekdays import EVERY_DAY, GROUPS, HOLIDAY, NO_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_BREAK = 240  # minutes; a longer span is not called a break by a word beside it
LONGEST_LAST_CALL = 60
_SILENT = {"filler", "colon"}
_TIMES = {"span", "clock"}
_WEEKLY = {"매주", "요일", "마다"}


def read_line(line: str, row: Scope | None, said: list[Statement]) -> Scope | None:
    """Add the statements of a line to `said`. `row` is the scope that holds before it; returns the one after it."""
    reader = _Reader(line, tokenize(line), row, said)
    first = len(said)
    reader.read()
    if len(said) == first and reader.left is not None:
        return reader.left  # a line that only names days: the label of those below
    return reader.current


class _Reader:
    """Reads a line, or with `of` the inside of a bracket: notes on that statement."""

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
        self.said_before = len(said)
        self.draft = Draft()
        self.last: Statement | None = None  # the statement before, until something parts it from what follows
        self.base: Span | None = of.span if of and of.assertion == "open" else None  # the opening that 까지 cuts short
        self.kind = ""  # a word for a kind of time holds on: "라스트오더 14:10, 20:20"
        self.left: Scope | None = None

    def read(self) -> None:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.kind in SCOPES:
                self._take_scope(token)
            elif token.words in _WEEKLY:
                self.draft.is_weekly = True
            elif token.kind not in _SILENT:
                _ACTIONS[token.kind](self, token)
            elif token.words in {".", "*"} and self.draft.unread and not self.draft.marks:
                self._flush(token.start)
        self._flush(self.end, at_end=True)

    # --- scopes

    def _take_scope(self, token: Token) -> None:
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

    def _begin(self, token: Token) -> None:
        if self.draft.is_empty:
            self.draft.start = token.start

    def _take_extent(self, token: Token) -> None:
        """Take 당일, 연휴, 다음날: how much of 설 and 추석; beside other days it names days that no weekday does."""
        marks = self.draft.marks
        if marks and marks[-1][0].kind in {"festival", "extent"}:
            marks.append((token, False))
            self.draft.parted = False
        elif not self.draft.is_empty:
            self._take_word(token)
        elif self.last and self.last.assertion == "closed" and self.last.scope and self.last.scope[-1].festival:
            self.last.scope = build_scope([*self._festival_marks(self.last.scope), (token, False)])
        elif self.of and self.of.assertion == "closed":
            self.of.doubt = True
        elif not (self.of and self.of.assertion == "open"):
            self._take_word(token)

    @staticmethod
    def _festival_marks(scope: Scope) -> list[tuple[Token, bool]]:
        return [(Token("festival", term.festival, 0, 0), True) for term in scope if term.festival]

    # --- assertions

    def _state(
        self,
        assertion: Assertion,
        end: int,
        *,
        span: Span | None = None,
        moment: Moment | None = None,
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

    def _take_span(self, token: Token) -> None:
        draft = self.draft
        if draft.heads:
            draft.heads, draft.unsure = False, True  # "휴무 월요일 11:00-20:00": which of the two is Monday's?
        self._begin(token)
        span = read_span(token.words)
        of_break = "break" in {draft.kind, self.kind, *self._following()[:1]}
        if span is None or not (span.marked or of_break):
            self._take_word(token)
            if span is None:
                self._state("open", token.end)
            return
        self._take_times(span, token)

    def _take_times(self, span: Span, token: Token) -> None:
        draft = self.draft
        kind = draft.kind or (self.kind if self._holds_on(span) else "open")
        if kind == "last":
            doubt = span.length > LONGEST_LAST_CALL
            self._state("aside", token.end, span=span, doubt=doubt and bool(draft.marks))
        elif kind == "break":
            self._state("break", token.end, span=span, doubt=span.length > LONGEST_BREAK)
            self.kind = "break"
        elif self.in_bracket and not draft.marks:
            # A meal's hours within the day's; what a span alone is beside the day's hours, nobody can tell.
            self._state("aside", token.end, span=span, doubt=not draft.is_of_meal and not draft.unread)
        else:
            self._state("open", token.end, span=span)
            self.kind = self.kind if self.in_bracket else ""

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

    def _take_clock(self, token: Token) -> None:
        self._begin(token)
        moment = read_moment(token.words)
        following = self._following()
        if moment is None:
            self._take_word(token)
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
        elif following[:1] == ["until"]:
            self._state("until", token.end, moment=moment, span=self.base)
        elif following[:1] in (["from"], ["works"]):
            self._state("from", token.end, moment=moment, span=self.base)
        else:
            self.draft.clocks.append(moment)
            if self.draft.kind == "break" and len(self.draft.clocks) == 2:
                self._take_bare_break(token)

    def _take_bare_break(self, token: Token) -> None:
        """Take "15:00 17:30 브레이크타임": two times and no dash."""
        first, second = self.draft.clocks
        self.draft.clocks = []
        doubt = not 0 < second.minutes - first.minutes <= LONGEST_BREAK
        exact = first.exact or second.exact
        self._state("break", token.end, span=Span(first.minutes, second.minutes, exact), doubt=doubt)

    def _take_break(self, token: Token) -> None:
        self._close_head(token)
        if len(self.draft.clocks) == 2:
            self._take_bare_break(token)
            return
        named = self._following()[:1]
        before = self.last or (self.of if self.said_before == len(self.said) else None)
        before_times = bool(named) and (named[0] in _TIMES or named[0] in SCOPES)
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
            last.doubt = last.span.length > longest or (last.doubt and last.assertion == "open")
            last.assertion = assertion
            self.kind = self.draft.kind = ""

    def _take_no_break(self, token: Token) -> None:
        self._close_head(token)
        self._begin(token)
        self._state("no break", token.end)

    def _take_none(self, token: Token) -> None:
        """Take "브레이크타임 평일 15:00-17:00, 주말 없음"."""
        if self.kind == "break" and self.draft.marks:
            self._state("no break", token.end)
        else:
            self._take_word(token)

    def _take_last(self, token: Token) -> None:
        self._close_head(token)
        last = self.last
        if last and last.assertion in {"open", "aside"} and last.span and last.span.length <= LONGEST_LAST_CALL:
            self._rename(last, "aside", LONGEST_LAST_CALL)
            return
        self._begin(token)
        self.draft.kind = "last"

    def _take_before(self, token: Token) -> None:
        if "last" in {self.draft.kind, self.kind, *self._following()[:1]}:
            self._begin(token)
            self._state("last order", token.end, moment=read_before_closing(token.words))

    def _take_open_label(self, token: Token) -> None:
        self._close_head(token)
        self._begin(token)
        self.draft.kind, self.kind = "open", ""

    def _take_closed(self, token: Token) -> None:
        draft = self.draft
        if draft.heads and draft.marks:
            self._close_head(token, end=token.end)
        elif draft.marks or draft.unread or draft.unsure or draft.conditional or draft.is_of_meal:
            self._begin(token)
            self._state("closed", token.end, doubt=draft.is_of_meal or (draft.kind == "open"))
        elif not draft.heads:
            self._begin(token)
            draft.heads = True

    def _close_head(self, token: Token, end: int | None = None) -> None:
        """End "휴무: 월요일", which nothing behind the days ends."""
        if self.draft.heads:
            self._state("closed", token.start if end is None else end)

    def _take_all_year(self, token: Token) -> None:
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

    def _take_works(self, token: Token) -> None:
        following = self._following()
        if following[:1] and following[0] in _TIMES:
            self._take_open_label(token)
        elif self.draft.marks and not self.draft.heads:
            self._state("works", token.end, doubt=self.draft.is_of_meal)

    def _take_except(self, token: Token) -> None:
        if self.draft.marks:
            of = self.last or self.of
            self._state("except", token.end).of = of

    def _take_included(self, _token: Token) -> None:
        """Take "(공휴일 포함)": public holidays go with the days before."""
        target = self.of or self.last
        if self.draft.marks and target and not self.draft.unread:
            own = build_scope(self.draft.marks)
            if target.scope is not None and target.own_scope and all(term.days <= {HOLIDAY} for term in own):
                target.scope += own
                self.draft = Draft()

    # --- what is said of the rest

    def _take_condition(self, token: Token) -> None:
        self._begin(token)
        self.draft.conditional = is_of_holidays(build_scope(self.draft.marks))
        self.draft.unsure = True
        self.draft.marks = []

    def _take_from(self, token: Token) -> None:
        """Take "6월 19일부터 매주 화요일 휴무": a rule that began some day, or that has not begun yet."""
        if self.draft.marks and self.draft.marks[-1][0].kind in {"date", "dated", "season"}:
            self._begin(token)
            self.draft.unsure = True

    def _take_unsure(self, token: Token) -> None:
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

    def _note(self, words: str) -> None:
        self.said.append(Statement(None, (), words, of=self.of))

    def _take_word(self, token: Token) -> None:
        self._begin(token)
        self.draft.unread = True

    def _take_meal(self, token: Token) -> None:
        self._begin(token)
        self.draft.is_of_meal = True

    def _take_subject(self, token: Token) -> None:
        self._begin(token)
        self.draft.is_of_something_else = self.draft.unread = True

    def _take_comma(self, token: Token) -> None:
        draft = self.draft
        if draft.marks:
            draft.parted = True
        elif draft.unread or draft.clocks:
            self._flush(token.start)

    def _take_slash(self, token: Token) -> None:
        self._flush(token.start)
        self.last = None
        if not self.in_bracket:
            self.kind = ""

    def _ignore(self, _token: Token) -> None:
        pass

    # --- brackets

    def _take_bracket(self, token: Token) -> None:
        if token.words == ")":
            return
        inner = self._cut_bracket()
        if self.in_bracket:
            inner = [one for one in inner if one.kind != "bracket"]  # no text means anything by three of them
        kinds = {one.kind for one in inner} - _SILENT - {"comma"}
        if not kinds:
            return
        scopes = kinds <= SCOPES | {"extent", "included"}
        if self.draft.marks and not self.draft.heads:
            if kinds <= {"closed"} or kinds <= {"span", "open_label"}:
                self._inline(inner)
            elif scopes:
                self._join(inner)
            else:
                self._read_inside(inner, Statement(None, build_scope(self.draft.marks), ""))
            return
        if scopes and not self.draft.marks and (self.draft.heads or self.last is None):
            self._inline(inner)
            return
        if self.draft.kind and kinds <= {"span", "clock", "until", "meal", "none"}:
            self._inline(inner)
            return
        if not self.draft.is_empty and kinds <= {"word", "meal", "works", "subject", "unsure"}:
            self._inline(inner)
            return
        self._flush(token.start)
        if scopes and self.last and "included" not in kinds:
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
        reader = _Reader(self.line, inner, scope, self.said, of)
        if of.assertion is None and self.draft.kind:
            reader.kind = self.draft.kind
        reader.base = reader.base or self.base
        reader.read()
        if reader.left:
            self.said.append(Statement(None, reader.left, self._say(inner), doubt=True, of=of))

    def _say(self, tokens: list[Token]) -> str:
        return say_words(self.line, tokens[0].start, tokens[-1].end)

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

    # --- what is left

    def _following(self) -> list[str]:
        """Return the kinds of the next three tokens that count."""
        return [t.kind for t in self.tokens[self.at : self.at + 6] if t.kind not in _SILENT][:3]

    def _skip_to(self, kind: str) -> None:
        while self.tokens[self.at - 1].kind != kind:
            self.at += 1

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
        if (
            last
            and not last.own_scope
            and last.assertion in {"open", "break", "last order", "closed"}
            and not draft.is_doubtful
        ):
            last.scope, last.own_scope = scope, True
            if last.assertion == "open":
                self.current = scope
        elif not draft.is_doubtful and draft.kind == "last" and at_end:
            self.left = scope
        elif not draft.is_doubtful and last and last.assertion == "closed" and all(term.festival for term in scope):
            self._state("closed", end)
        elif not draft.is_doubtful and any(term.weeks for term in scope):
            self._state("closed", end)
        elif at_end and not draft.is_doubtful and self.said_before == len(self.said):
            self.left = scope
        else:
            if self.of and self.of.assertion == "closed" and (draft.unsure or any(term.passing for term in scope)):
                self.of.doubt = True  # "휴무일 (여름휴가)"
            of_all = bool(self.of and self.of.assertion == "open" and not draft.is_doubtful)
            days = NO_DAY.union(*(term.days for term in scope))
            doubt = not draft.is_of_something_else and not (of_all and self.of and self.of.days <= days)
            self.said.append(Statement(None, scope, say_words(self.line, draft.start, end), doubt=doubt, of=self.of))


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


_ACTIONS: dict[str, Callable[[_Reader, Token], None]] = {
    "all_year": _Reader._take_all_year,
    "closed": _Reader._take_closed,
    "other": _Reader._ignore,
    "before": _Reader._take_before,
    "no_break": _Reader._take_no_break,
    "break": _Reader._take_break,
    "none": _Reader._take_none,
    "last": _Reader._take_last,
    "open_label": _Reader._take_open_label,
    "span": _Reader._take_span,
    "clock": _Reader._take_clock,
    "works": _Reader._take_works,
    "condition": _Reader._take_condition,
    "unsure": _Reader._take_unsure,
    "except": _Reader._take_except,
    "included": _Reader._take_included,
    "extent": _Reader._take_extent,
    "until": _Reader._ignore,
    "from": _Reader._take_from,
    "meal": _Reader._take_meal,
    "subject": _Reader._take_subject,
    "bracket": _Reader._take_bracket,
    "comma": _Reader._take_comma,
    "slash": _Reader._take_slash,
    "word": _Reader._take_word,
}
