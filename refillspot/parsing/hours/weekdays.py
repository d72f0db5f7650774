"""Words for weekdays, "월-금,일", "평일", "목요일", and for weeks of the month, "첫째·셋째", "2, 4번째", "마지막 주".

0 = Monday, 7 = public holidays, an eighth day. And one day out of all that is said of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from refillspot.items import Day
from refillspot.parsing.hours.clock import cut, fit, is_plausible, merge, write_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.parsing.hours.clock import Span, TimeOfDay

Days = frozenset[int]
Weeks = frozenset[int]

LETTERS = "월화수목금토일"
NO_DAY: Days = frozenset()
EVERY_DAY: Days = frozenset(range(7))
HOLIDAY = 7
GROUPS = {
    "매일": EVERY_DAY,
    "평일": frozenset(range(5)),
    "주중": frozenset(range(5)),
    "주말": frozenset({5, 6}),
    "공휴일": frozenset({HOLIDAY}),
    "국경일": frozenset({HOLIDAY}),
}

# A day with its weekday in brackets: 오늘(목), 7월 4일(금).
DATED = rf"(?:오늘|내일|(?:\d{{1,2}} ?(?:월 ?|[./] ?))?\d{{1,2}} ?일?) ?\( ?[{LETTERS}](?:요일)? ?\)"
# A letter alone is a weekday only if no word goes on around it: 목 is, 목살 is not.
_WORD_ENDS = r"(?:(?![가-힣])|(?=(?:정기 ?)?휴[무뮤]|[은는](?![가-힣])))"
WEEKDAY = rf"[{LETTERS}](?:요일|욜)|(?<![가-힣\d])[{LETTERS}]{{1,7}}{_WORD_ENDS}|{'|'.join(GROUPS)}"
JOINT = r"(?: ?(?:[-,·&]|부터|및) ?|/| ?/ ?(?=[월화수목금토일](?:요일|[^가-힣])))"
# 매일 joins no list: "휴무: 일요일 / 매일 11:00-22:00" says two things.
LISTED = rf"(?:{WEEKDAY})(?:{JOINT}(?!매일)(?:{WEEKDAY}))*"
TRUNCATED = rf"(?<![가-힣])[{LETTERS}]요(?!일)"  # "매주 수요": the site cuts long texts

_WEEKDAY = re.compile(rf"(?P<joint>{JOINT})?(?P<day>{WEEKDAY})")

LAST_WEEK = -1
ALL_WEEKS: Weeks = frozenset(range(1, 6))
_WORDS = {"첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5}
_ORDINAL = r"첫 ?주(?!문)|(?:[첫둘셋넷]째|[첫두세네] ?번째|다섯 ?(?:번)?째) ?주?"
_NO_WORD_GOES_ON = r"(?:(?![가-힣])|(?=[월화수목금토일]요일|[은는엔에의])(?!에 ?(?:한|두|\d) ?번))"
_DIGIT = rf"[1-5] ?(?:주[차째]|째 ?주?|번째 ?주?|주{_NO_WORD_GOES_ON})"
_LAST = r"마지막 ?(?:주(?!문)|(?=[월화수목금토일]요일))"
# "2,4째주": the numbers before the last carry no word of their own.
WEEK = rf"{_ORDINAL}|{_LAST}|(?:[1-5] ?[,·/&] ?){{0,4}}{_DIGIT}"

_WEEK = re.compile(WEEK)


def read_days(words: str) -> Days:
    """Return the weekdays of one match of `LISTED`."""
    days: set[int] = set()
    last: int | None = None
    for match in _WEEKDAY.finditer(words):
        word, joint = match["day"], (match["joint"] or "").strip()
        named = GROUPS.get(word)
        if named is not None:
            days |= named
            continue
        numbers = [LETTERS.index(letter) for letter in word.removesuffix("요일").removesuffix("욜")]
        if joint in {"-", "부터"} and last is not None:
            days.update((last + step) % 7 for step in range((numbers[0] - last) % 7 + 1))
        days.update(numbers)
        last = numbers[-1]
    return frozenset(days)


def find_weeks(text: str) -> Weeks:
    """Return the weeks of the month that a text names; `LAST_WEEK` is its own, because it may be the 4th or 5th."""
    weeks: set[int] = {LAST_WEEK} if text.strip() == "마지막" else set()  # its weekday stands behind it
    for match in _WEEK.finditer(text):
        words = match[0]
        if words.startswith("마지막"):
            weeks.add(LAST_WEEK)
        elif words[0].isdigit():
            weeks.update(map(int, re.findall(r"\d", words)))
        else:
            weeks.add(next(number for word, number in _WORDS.items() if words.startswith(word)))
    return frozenset(weeks)


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
