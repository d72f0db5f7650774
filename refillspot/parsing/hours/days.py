"""One day out of the times that are said of it, and which of those that a text names hold on it."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from refillspot.items import Day
from refillspot.parsing.hours.clock import cut, fit, is_plausible, merge, write_clock
from refillspot.parsing.hours.weekdays import EVERY_DAY, HOLIDAY, Days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.parsing.hours.clock import Span, TimeOfDay

T = TypeVar("T")
Said = defaultdict[Days | None, list[T]]

SINGLE = [frozenset({number}) for number in range(8)]


@lru_cache(maxsize=1024)  # the days of a week are mostly alike
def open_day(opens: tuple[Span, ...], gaps: tuple[Span, ...], calls: tuple[TimeOfDay, ...]) -> Day | None:
    """Return the day that is open so, but for the gaps, with its last order; None if no shop is open like that."""
    if not all(map(is_plausible, opens)):
        return None
    spans = merge(list(opens))
    for gap in gaps:
        spans = cut(spans, gap)
    if not spans:
        return None
    # One before the last break is the last of the lunch, not of the day.
    fitting = [minutes for call in calls if (minutes := fit(call, spans[-1])) is not None]
    last_order = write_clock(max(fitting)) if fitting else None
    return Day([(write_clock(span.start), write_clock(span.end)) for span in spans], last_order)


class Times:
    """The times that were said, by the set of weekdays that they were said of; None where no days were named at all."""

    def __init__(self) -> None:
        self.open: Said[Span] = defaultdict(list)
        self.noted: Said[Span] = defaultdict(list)  # open, by a note on another row
        self.breaks: Said[Span] = defaultdict(list)  # an empty list = says there is none
        self.last_orders: Said[TimeOfDay] = defaultdict(list)

    def settle(self, *, of_every_day: bool) -> None:
        """Take what names no days as said of every day: openings only where the rest of the text allows it."""
        for noted, spans in self.noted.items():
            self.open.setdefault(noted, spans)  # a row of their own outweighs the note
        if of_every_day:
            _take_as_every_day(self.open)
        _take_as_every_day(self.breaks)
        _take_as_every_day(self.last_orders)

    def narrow(self, span: Span, days: Days, by: Days) -> bool:
        """Take days out of what an opening was said of; return whether there is such an opening."""
        spans = self.open.get(days, [])
        if span not in spans:
            return False
        spans.remove(span)
        if not spans:
            del self.open[days]
        self.open[days - by].append(span)
        return True

    def closest(self, number: int) -> Days | None:
        """Return the smallest set of days with this one in it of which an opening is said, None if there is none."""
        return _most_specific(self.open, number)

    def contradicts(self, number: int) -> bool:
        """Tell whether two times are said of a day, and neither is the closer one."""
        days = self.closest(number)
        if days is None:
            return False
        rivals = [spans for other, spans in self.open.items() if other and number in other and len(other) == len(days)]
        if any(spans != self.open[days] for spans in rivals):
            return True
        return any(_overlap(*pair) for pair in combinations(self.open[days], 2))

    def day(self, number: int) -> Day | None:
        days = self.closest(number)
        if days is None or self.contradicts(number):
            return None
        gap_days = self._breaks_of_holidays(days) if number == HOLIDAY else _most_specific(self.breaks, number)
        gaps = self.breaks[gap_days] if gap_days is not None else ()
        call_days = _most_specific(self.last_orders, number)
        calls = self.last_orders[call_days] if call_days is not None and len(call_days) <= len(days) else ()
        return open_day(tuple(self.open[days]), tuple(gaps), tuple(calls))

    def _breaks_of_holidays(self, days: Days) -> Days | None:
        """Return whose breaks public holidays have: their own, those of the days that they go with, everybody's."""
        own = _most_specific(self.breaks, HOLIDAY)
        others = (of for of in (days - {HOLIDAY}, EVERY_DAY) if of and of in self.breaks)
        return own if own is not None else next(others, None)


def _overlap(one: Span, other: Span) -> bool:
    return one[:2] != other[:2] and one.start < other.end and other.start < one.end


def _take_as_every_day(said: Said[T]) -> None:
    if None in said:
        said[EVERY_DAY] += said.pop(None)


def _most_specific(said: Mapping[Days | None, list[T]], number: int) -> Days | None:
    """Return the smallest set of days with this one in it, the later of two alike."""
    if not said or SINGLE[number] in said:
        return SINGLE[number] if said else None
    named = [days for days in said if days is not None and number in days]
    return min(reversed(named), key=len, default=None)
