"""An opening-hours text becomes statements: of which days (the scope), and what is so then (the assertion).

A statement ends where it is whole, whatever stands between it and the next. docs/adr/0020 says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from refillspot.parsing.hours.weekdays import HOLIDAY, LETTERS, NO_DAY, Days, Weeks, find_weeks, read_days
from refillspot.parsing.hours.words import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.parsing.hours.clock import Span, TimeOfDay

Assertion = Literal[
    "open", "until", "from", "break", "no break", "last order", "closed", "all year", "works", "except", "aside"
]
Date = tuple[int, int]

_DATE = re.compile(r"(?:(\d{1,2}) ?[월./] ?)?(\d{1,2})")
_DAYS_LONG = re.compile(r"\d ?일")
_BARE_NOTE = " -·.:*,/|;&+"


class Token(NamedTuple):
    kind: str
    words: str
    start: int
    end: int


@dataclass(slots=True, frozen=True)
class Term:
    """One scope of a statement: some weekdays, or some weeks of them; 설 and 추석; or days that no weekday names."""

    days: Days = NO_DAY
    weeks: Weeks = frozenset()
    every_other: bool = False
    now_and_then: bool = False
    festival: str = ""
    """Its words, "명절 당일"."""
    date: Date | None = None
    """Month and day beside the weekday, (9, 24); (0, 0) for today."""
    passing: bool = False
    """Of a season, or of dates without a weekday: no rule for the week."""

    @property
    def is_part(self) -> bool:
        """Whether it is of some weeks only."""
        return bool(self.weeks) or self.every_other or self.now_and_then


Scope = tuple[Term, ...]


@dataclass(slots=True)
class Statement:
    """`scope` None = no day is named, and there is none to carry on. `doubt`: scope or sense is not clear."""

    assertion: Assertion | None
    scope: Scope | None
    words: str
    span: Span | None = None
    moment: TimeOfDay | None = None
    doubt: bool = False
    own_scope: bool = True
    of: Statement | None = None
    """The one in whose bracket it stands."""
    is_weekly: bool = False
    """Some weekday is meant, whether or not it could be read."""
    conditional: bool = False
    """It depends on public holidays: an exception of single dates, no rule."""

    @property
    def days(self) -> Days:
        return NO_DAY.union(*(term.days for term in self.scope or ()))


@dataclass(slots=True)
class Draft:
    """The statement that is being read: its scope so far, and what was met that it must explain."""

    marks: list[tuple[Token, bool]] = field(default_factory=list)  # a scope, and whether a comma parts it from the last
    parted: bool = False
    kind: str = ""  # a word for the kind of time that follows: break, last, open
    start: int = -1
    unread: bool = False
    unsure: bool = False
    conditional: bool = False
    is_of_meal: bool = False
    is_of_something_else: bool = False  # 예약, 주차, 배달: whatever follows is no opening hours
    is_weekly: bool = False  # 매주, 요일: some weekday is meant, whether or not it could be read
    heads: bool = False  # 휴무일 was said first, the days come after it
    clocks: list[TimeOfDay] = field(default_factory=list)

    @property
    def is_doubtful(self) -> bool:
        return (
            self.unread or self.unsure or bool(self.clocks) or any(mark.kind == "truncated" for mark, _ in self.marks)
        )

    @property
    def is_empty(self) -> bool:
        return self.start < 0


def tokenize(line: str) -> list[Token]:
    return [Token(match.lastgroup or "", match[0], match.start(), match.end()) for match in TOKEN.finditer(line)]


def build_scope(marks: list[tuple[Token, bool]]) -> Scope:
    """Return the terms of a scope. Weeks belong to the days after them, else to those before: "2,4주 월", "월 격주"."""
    terms: list[Term] = []
    part = Term()  # what was said of weeks, and waits for its days
    part_is_parted = False
    for token, parted in marks:
        if token.kind in _PARTS:
            part_is_parted = parted if not part.is_part else part_is_parted
            part = _add_part(part, token)
            continue
        parted_from_last = part_is_parted if part.is_part else parted
        if terms and terms[-1].passing and not parted_from_last and part.is_part:  # 8월 첫째 월요일
            terms[-1], part = replace(terms[-1], days=_read_term(token).days), Term()
            continue
        term = _read_term(token)
        last = terms[-1] if terms and not parted and not part.is_part else None
        if last and last.festival and (term.festival or _DAYS_LONG.fullmatch(token.words)):
            terms[-1] = replace(last, festival=f"{last.festival} {token.words}")  # 명절 당일, 명절 3일
        elif last and (last.passing or term.passing) and not term.date:  # 10월-3월 일요일
            terms[-1] = replace(last, days=last.days | term.days, passing=True)
        elif last and last.days and term.days and not (last.date or term.date):
            terms[-1] = replace(last, days=last.days | term.days)
        else:
            terms.append(replace(term, weeks=part.weeks, every_other=part.every_other, now_and_then=part.now_and_then))
            part = Term()
    if part.is_part:
        if terms and terms[-1].days and not terms[-1].is_part:
            terms[-1] = replace(part, days=terms[-1].days)
        else:
            terms.append(part)
    return tuple(_pass_by_dates(terms))


_PARTS = {"weeks", "every_other", "now_and_then", "every_month"}


def _add_part(part: Term, token: Token) -> Term:
    if token.kind == "weeks":
        return replace(part, weeks=part.weeks | find_weeks(token.words), now_and_then=False)
    if token.kind == "every_other":
        return replace(part, every_other=True, now_and_then=False)
    return replace(part, now_and_then=not part.weeks and not part.every_other)  # 매월 일요일: in some weeks of it


def _read_term(token: Token) -> Term:
    words = token.words
    if token.kind in {"days", "truncated"}:
        return Term(read_days(words) if token.kind == "days" else frozenset({LETTERS.index(words[0])}))
    if token.kind == "dated":
        number = LETTERS.index(next(letter for letter in words.partition("(")[2] if letter in LETTERS))
        date = _DATE.match(words)
        return Term(frozenset({number}), date=(int(date[1] or 0), int(date[2])) if date else (0, 0))
    if token.kind in {"festival", "extent"}:
        return Term(festival=words)
    return Term(passing=True)


def _pass_by_dates(terms: list[Term]) -> Iterator[Term]:
    """Yield the terms; several dates are no weekly rule."""
    dates = sum(term.date is not None for term in terms)
    for term in terms:
        yield replace(term, passing=True) if dates > 1 and term.date else term


def say_words(line: str, start: int, end: int) -> str:
    return line[max(start, 0) : end].strip(_BARE_NOTE)


def is_of_holidays(scope: Scope) -> bool:
    return any(HOLIDAY in term.days or term.festival for term in scope)
