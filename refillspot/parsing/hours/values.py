"""Statements of opening hours become values; what is doubtful becomes a note, and leaves its days unknown."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from refillspot.items import Day, Festivals, OpeningHours
from refillspot.parsing.hours.clock import DAY, Span, fit, is_plausible
from refillspot.parsing.hours.public_holidays import is_by_public_holiday
from refillspot.parsing.hours.weekdays import ALL_WEEKS, EVERY_DAY, HOLIDAY, NO_DAY, Days, Times, Weeks
from refillspot.parsing.hours.words import LONGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.parsing.hours.statements import Scope, Statement, Term

_OF_TIMES = {"open", "break", "aside", "until", "from"}


def find_values(said: Sequence[Statement]) -> OpeningHours | None:
    """Return the opening hours that statements come down to, None if no day is known."""
    values = _Values(said)
    for statement in said:
        values.take(statement)
    return values.hours()


class _Values:
    """What was said, by the set of weekdays that it was said of; None where no days were named at all."""

    def __init__(self, said: Sequence[Statement]) -> None:
        self.said = said
        self.times = Times()
        self.opened_by: dict[Days | None, str] = {}
        """{days of an opening: its words}"""
        self.closed: dict[int, Statement] = {}
        """{weekday: the statement that closes it}"""
        self.closed_weeks: defaultdict[int, Weeks] = defaultdict(frozenset)
        self.every_other_week: Days = NO_DAY
        self.open_again: Days = NO_DAY  # closed every week, but for what a bracket beside it says
        self.festivals: set[Festivals | None] = set()
        self.all_year = False
        self.tells_closings = False
        self.exceptions: Days = NO_DAY
        self.doubted: Days = NO_DAY
        self.untimed: Days = NO_DAY  # open perhaps, but nobody can tell from when to when
        self.notes: dict[str, None] = {}  # each once, in order

    def take(self, said: Statement) -> None:
        if said.assertion is None or said.doubt:
            self._doubt(said)
        else:
            getattr(self, f"take_{said.assertion.replace(' ', '_')}")(said)

    def _note(self, words: str) -> None:
        if words:
            self.notes[words] = None

    def _doubt(self, said: Statement) -> None:
        """Take a statement that is not clear: a note, and its days are not known."""
        self._note(said.words)
        self.tells_closings |= said.assertion == "closed"
        if said.assertion == "closed" and said.of and said.of.assertion == "closed":
            self.doubted |= said.of.days & {HOLIDAY}
        if said.assertion == "closed" and said.doubt and said.is_weekly and not said.own_scope:
            self.doubted |= EVERY_DAY  # "매주 윌요일 휴무": one of them
        if not said.doubt or said.conditional or (said.assertion == "closed" and not said.own_scope):
            return
        if said.assertion in {"last order", "until", "from"} and not said.own_scope:
            return
        named = said.scope is not None or said.assertion == "break" or (said.assertion == "aside" and said.of)
        if said.assertion == "open" and not said.own_scope:
            return
        scope_days = said.days if said.scope is not None else EVERY_DAY
        if named and said.assertion in _OF_TIMES:
            self.untimed |= scope_days
        elif named:
            self.doubted |= scope_days
        if any(term.festival for term in said.scope or ()):
            self.festivals.add(None)

    def take_open(self, said: Statement) -> None:
        scope, span = said.scope, said.span
        if span is None:
            return
        if scope and any(term.passing for term in scope):
            self._note(said.words)
            return
        if scope and all(term.festival for term in scope):
            self.festivals.add("open")
            self._note(said.words)  # there is no place for its hours
            return
        if scope and any(term.is_part for term in scope):
            said.doubt = True
            self._doubt(said)
            return
        if not is_plausible(span):
            self._note(said.words)
        days = said.days if scope is not None else None
        (self.times.noted if said.of and said.own_scope else self.times.open)[days].append(span)
        self.opened_by[days] = said.words

    def take_until(self, said: Statement) -> None:
        """Take "(주말 18시까지)", "(주말 13시 오픈)": as the row, but for one end."""
        moment, base = said.moment, said.span
        if not moment or not base:
            self._note(said.words)
        elif not said.own_scope:
            self._note(said.words)
            if said.of and said.of.assertion == "open" and moment.minutes % DAY not in {base.start, base.end % DAY}:
                self.untimed |= said.days  # "11:00 - 21:00 (11:30 오픈)": which of the two?
        elif said.assertion == "until" and (cut := fit(moment, Span(base.start, base.start + DAY))):
            self.times.noted[said.days].append(Span(base.start, cut))
        elif said.assertion == "from" and moment.minutes < base.end:
            self.times.noted[said.days].append(Span(moment.minutes, base.end))
        else:
            said.doubt = True
            self._doubt(said)

    def take_from(self, said: Statement) -> None:
        self.take_until(said)

    def take_break(self, said: Statement) -> None:
        if said.span:
            self.times.breaks[None if said.scope is None else said.days].append(said.span)

    def take_no_break(self, said: Statement) -> None:
        self.times.breaks.setdefault(None if said.scope is None else said.days, [])

    def take_last_order(self, said: Statement) -> None:
        if said.moment:
            self.times.last_orders[None if said.scope is None else said.days].append(said.moment)

    def take_aside(self, said: Statement) -> None:
        if said.of:
            self._note(said.words)

    def take_all_year(self, _said: Statement) -> None:
        self.all_year = True

    def take_except(self, said: Statement) -> None:
        """Take "(주말 제외)": the row holds for its other days; a break then does not happen on these."""
        of, days = said.of, said.days
        if of and of.assertion == "all year" and any(term.festival for term in said.scope or ()):
            self._take_festivals(said.scope or ())
        elif of and of.assertion in {"break", "no break"}:
            self.times.breaks.setdefault(days, [])
        elif of and of.assertion == "last order":
            self.times.last_orders.setdefault(days, [])
        elif of and of.assertion == "open" and of.span and days < of.days and self.times.narrow(of.span, of.days, days):
            pass  # the opening is of its other days
        elif days - {HOLIDAY} and not (of and of.assertion == "aside"):
            said.doubt = True
            self._doubt(said)
        else:
            self._note(said.words)

    def take_closed(self, said: Statement) -> None:
        self.tells_closings = True
        scope = self._scope_of_closing(said)
        if not scope or any(term.days >= EVERY_DAY for term in scope):
            said.doubt = bool(scope)
            self._doubt(said)
            return
        self._take_festivals(scope)
        if said.of and said.of.assertion == "closed":
            self.closed.pop(HOLIDAY, None)  # "매주 공휴일 (1월 24일 휴무)": not all of them
            if NO_DAY < said.days < said.of.days and not any(term.is_part for term in scope):
                self.doubted |= said.of.days - said.days  # "매주 화,목 (매주 화요일 휴무)"
        for term in scope:
            if term.passing or (term.date is not None and self._is_exception(term)):
                self._note(said.words if term.date != (0, 0) else "")
                self.exceptions |= term.days if term.date else NO_DAY
            elif term.is_part:
                self._take_part(term, said)
            else:
                self.closed |= dict.fromkeys(term.days, said)

    def _scope_of_closing(self, said: Statement) -> Scope:
        """Return what is closed; "(첫째 휴무)" is of the one day that the statement before the bracket names."""
        scope = said.scope or ()
        if any(not (term.days or term.festival or term.passing) for term in scope):
            days = said.of.days if said.of else NO_DAY
            if len(days) != 1:
                return ()
            return tuple(term if term.days or term.festival else _with_days(term, days) for term in scope)
        if said.own_scope:
            return scope
        opened = any(one.assertion == "open" and one.scope == said.scope for one in self.said)
        return () if opened or said.of else scope

    def _is_exception(self, term: Term) -> bool:
        """Tell whether a closing of a date is one of that date alone: beside a rule, or around a public holiday."""
        if term.date and term.date[0] and is_by_public_holiday(*term.date, min(term.days)):
            return True
        rules = (one for one in self.said if one.assertion in {"open", "closed"} and not one.doubt)
        return any(term.days <= rule.days for one in rules for rule in one.scope or () if rule.date is None)

    def _take_part(self, term: Term, said: Statement) -> None:
        days = term.days - {HOLIDAY}  # public holidays have no weeks
        if said.of and said.of.assertion == "closed":
            self.open_again |= days
        if term.every_other:
            self.every_other_week |= days
        elif term.weeks:
            for day in days:
                self.closed_weeks[day] |= term.weeks
        if (term.now_and_then and not term.weeks) or not days:
            self._note(said.words)
            self.doubted |= days

    def _take_festivals(self, scope: Scope) -> None:
        for term in scope:
            if term.festival:
                on_the_day = "당일" in term.festival and not LONGER.search(term.festival)
                self.festivals.add("day closed" if on_the_day else "closed")

    def take_works(self, said: Statement) -> None:
        """Take "공휴일 정상영업", "다섯째 주 월요일은 영업": closed in the other weeks, if it is closed every week."""
        for named in said.scope or ():
            inherits = named.is_part and not named.days and said.of
            term = _with_days(named, said.of.days) if inherits and said.of else named
            if term.festival:
                self.festivals.add("open")
            elif term.weeks and term.days <= self.closed.keys():
                for day in term.days:
                    self.closed_weeks[day] |= ALL_WEEKS - term.weeks
                self.open_again |= term.days
            elif term.is_part or term.days & self.closed.keys():
                self.doubted |= term.days
                self._note(said.words)

    def hours(self) -> OpeningHours | None:
        """Return the hours of the days that are known, None if none is."""
        # A text that speaks of weekly holidays, or of none, speaks of every day.
        self.times.settle(of_every_day=self.tells_closings or self.all_year)
        days_known = {number: day for number in range(7) if (day := self._day(number))}
        holidays = self._day(HOLIDAY)
        festivals = self._festivals()
        if all(day.closed for day in days_known.values()) and len(days_known) in {0, 7}:
            return None  # a week without an open day is a holiday of the shop's, no rule
        weeks = {day: sorted(weeks) for day, weeks in sorted(self.closed_weeks.items()) if self._is_open(day)}
        every_other = sorted(day for day in self.every_other_week if self._is_open(day))
        exceptions = sorted(self.exceptions - days_known.keys())
        return OpeningHours(days_known, weeks, every_other, holidays, festivals, list(self.notes), exceptions)

    def _is_open(self, day: int) -> bool:
        return day not in self.doubted and (day not in self.closed or day in self.open_again)

    def _festivals(self) -> Festivals | None:
        """Return what is said of 설 and 추석; "연중무휴" without an exception keeps them open."""
        if not self.festivals:
            return "open" if self.all_year else None
        if len(self.festivals) > 1:
            self._note("명절")
            return None
        return next(iter(self.festivals))

    def _day(self, number: int) -> Day | None:
        if number in self.doubted:
            return None
        days = self.times.closest(number)
        closed = self.closed.get(number)
        if closed and number not in self.open_again:
            if days is not None and days <= closed.days:
                self._note(closed.words)  # open and closed, both of just these days
                return None
            return Day(closed=True)
        if self.times.contradicts(number):
            self._note(
                " ".join(filter(None, (self.opened_by.get(of) for of in self.times.open if of and number in of)))
            )
        return None if number in self.untimed else self.times.day(number)


def _with_days(term: Term, days: Days) -> Term:
    return type(term)(days, term.weeks, term.every_other, term.now_and_then)
