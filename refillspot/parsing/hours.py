"""Opening hours, in both styles of the site."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from refillspot.items import Day, OpeningHours
from refillspot.parsing.closings import ALL_YEAR
from refillspot.parsing.day import open_day
from refillspot.parsing.hours_text import Facts, read_line
from refillspot.parsing.hours_today import read_week
from refillspot.parsing.hours_words import OF_EVERY_DAY
from refillspot.parsing.weekdays import DATED, EVERY_DAY, HOLIDAY, NO_DAY, Days

if TYPE_CHECKING:
    from collections import defaultdict
    from collections.abc import Iterator

T = TypeVar("T")

SINGLE = [frozenset({number}) for number in range(8)]

LONGEST_TEXT = 1_000  # characters; a whole week in one text has about 500
SIGNS = str.maketrans("ㆍ•–—−〜∼~[]{}【】", "··------()()()")
# "17:00 - 익일 02:00": the order says so already.
NEXT_DAY = re.compile(r"\(? ?(?:익일|명일|다음 ?날) ?\)? ?(?=\d|오전|새벽)")


def parse_hours(value: str | Mapping[str, str]) -> OpeningHours | None:
    """Return the opening hours that a text or a {day label: text} gives, None if it gives none.

    Only days that are known are in it. `"오늘(목)": "영업시간: 17:00 - 02:00"` is one Thursday, ("17:00", "26:00").
    """
    if isinstance(value, Mapping) and (week := read_week(value)):
        return OpeningHours(dict(sorted(week.items())))
    facts = Facts()
    for days, lines in _sections(value):
        current = days
        for line in lines:
            current = read_line(line, current, facts)
    for noted, spans in facts.noted.items():
        facts.open.setdefault(noted, spans)  # a row of their own outweighs the note
    if facts.closed or facts.sometimes_closed or (isinstance(value, str) and ALL_YEAR.search(value)):
        _take_as_every_day(facts.open)  # a text that speaks of weekly holidays, or of none, speaks of every day
    _take_as_every_day(facts.breaks)
    _take_as_every_day(facts.last_orders)
    days_known = {number: day for number in range(7) if (day := _day(number, facts))}
    if not days_known:
        return None
    return OpeningHours(
        days_known,
        {day: sorted(weeks) for day, weeks in sorted(facts.closed_weeks.items())},
        sorted(facts.closed_every_other_week),
        _day(HOLIDAY, facts),
        facts.festivals,
        list(facts.notes),
    )


def _sections(value: str | Mapping[str, str]) -> Iterator[tuple[Days | None, list[str]]]:
    """Yield the days that hold before the first line, and the lines.

    A label that names no day holds for none of them; "브레이크타임" and "연중무휴" hold for all. An empty one goes on
    with the day above.
    """
    if isinstance(value, Mapping):
        label = ""
        for own, text in value.items():
            label = own if own.strip() else label
            first, *rest = _lines(text) or [""]
            yield _days_without_name(" ".join(_lines(label))), [*_lines(f"{label} {first}"), *rest]
    else:
        yield None, _lines(value)


def _days_without_name(label: str) -> Days | None:
    if ALL_YEAR.match(label):
        return EVERY_DAY
    return NO_DAY if label and not OF_EVERY_DAY.fullmatch(label) else None


def _lines(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text[:LONGEST_TEXT].translate(SIGNS)).translate(SIGNS).lower()
    text = NEXT_DAY.sub(" ", text)
    lines = (re.sub(r"\s+|매 ?주", " ", line).strip() for line in re.split(r"\n|\s·\s", text))
    return [_without_dates(line) for line in lines if line]


def _without_dates(line: str) -> str:
    """Return a line with 오늘(목) and 7월 4일(금) as weekdays, and without the date in 목(7/9)."""
    line = re.sub(r"\(\d{1,2}[/.]\d{1,2}\.?\)", " ", line)
    return re.sub(rf"(?<!\(){DATED}", r"\1요일 ", line)


def _take_as_every_day(said: defaultdict[Days | None, list[T]]) -> None:
    if None in said:
        said[EVERY_DAY] += said.pop(None)


def _day(number: int, facts: Facts) -> Day | None:
    if number in facts.closed - facts.sometimes_closed:
        return Day(closed=True)
    days = _most_specific(facts.open, number)
    if days is None:
        return None
    gap_days = _most_specific(facts.breaks, number)
    if gap_days is None and number == HOLIDAY and EVERY_DAY in facts.breaks:
        gap_days = EVERY_DAY
    gaps = facts.breaks[gap_days] if gap_days is not None else ()
    call_days = _most_specific(facts.last_orders, number)
    calls = facts.last_orders[call_days] if call_days is not None and len(call_days) <= len(days) else ()
    return open_day(tuple(facts.open[days]), tuple(gaps), tuple(calls))


def _most_specific(said: Mapping[Days | None, list[T]], number: int) -> Days | None:
    """Return the smallest set of days with this one in it, the later of two alike."""
    if not said or SINGLE[number] in said:
        return SINGLE[number] if said else None
    named = [days for days in said if days is not None and number in days]
    return min(reversed(named), key=len, default=None)
