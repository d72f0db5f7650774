"""Public holidays of Korea: what a date is, and what a date without its year can be, as far as its weekday tells.

The lunar ones come from the package `holidays` 0.109 (`holidays.KR`), which has them of the Korea Astronomy and Space
Science Institute; docs/adr/0020 says why they are a table. It reaches to 2036 and is to be continued before.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

Holiday = Literal["festival", "beside festival", "other"]
"""설날 or 추석 itself; the day before or after; any other public holiday."""

# 설날, 부처님오신날, 추석; of 설날 and 추석 the day before and the day after are holidays too.
_LUNAR = {
    2026: ((2, 17), (5, 24), (9, 25)),
    2027: ((2, 7), (5, 13), (9, 15)),
    2028: ((1, 27), (5, 2), (10, 3)),
    2029: ((2, 13), (5, 20), (9, 22)),
    2030: ((2, 3), (5, 9), (9, 12)),
    2031: ((1, 23), (5, 28), (10, 1)),
    2032: ((2, 11), (5, 16), (9, 19)),
    2033: ((1, 31), (5, 6), (9, 8)),
    2034: ((2, 19), (5, 25), (9, 27)),
    2035: ((2, 8), (5, 15), (9, 16)),
    2036: ((1, 28), (5, 3), (10, 4)),
}
_FIXED = ((1, 1), (3, 1), (5, 1), (5, 5), (6, 6), (7, 17), (8, 15), (10, 3), (10, 9), (12, 25))
_ELECTIONS = (date(2026, 6, 3), date(2028, 4, 12), date(2030, 6, 12))
_NOT_MADE_UP = {(1, 1), (6, 6)}  # every other one that falls on a weekend is made up for on the next working day
_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


def is_calendar_known(year: int) -> bool:
    return year in _LUNAR


@lru_cache(maxsize=1024)
def find_holiday(day: date) -> Holiday | None:
    """Return what public holiday a date is, None if it is none; the calendar of its year is known."""
    new_year, _buddha, harvest = (date(day.year, *lunar) for lunar in _LUNAR[day.year])
    if day in {new_year, harvest}:
        return "festival"
    if min(abs(day - new_year), abs(day - harvest)) == _DAY:
        return "beside festival"
    return "other" if day in _public_holidays(day.year) else None


@lru_cache(maxsize=1024)
def is_by_public_holiday(month: int, day: int, weekday: int) -> bool:
    """Tell whether a date is a public holiday, its eve or the day after, in a year in which it is that weekday."""
    return any(
        date(year, month, day) + _DAY * off in _public_holidays(year)
        for year in _LUNAR
        if _is_date(year, month, day, weekday)
        for off in (-1, 0, 1)
    )


@lru_cache(maxsize=1024)
def find_day_before(month: int, day: int, weekday: int) -> tuple[int, int] | None:
    """Return month and day of the day before a date that is that weekday, None if it is so in no year of the table."""
    years = [year for year in _LUNAR if _is_date(year, month, day, weekday)]
    before = date(years[0], month, day) - _DAY if years else None
    return (before.month, before.day) if before else None


def _is_date(year: int, month: int, day: int, weekday: int) -> bool:
    try:
        return date(year, month, day).weekday() == weekday
    except ValueError:
        return False


@cache
def _public_holidays(year: int) -> frozenset[date]:
    """Return the public holidays of a year and the next new year's day, with those that make up for a lost one."""
    new_year, buddha, harvest = (date(year, *lunar) for lunar in _LUNAR[year])
    fixed = {date(year, *month_day) for month_day in _FIXED}
    feasts = {middle + _DAY * off for middle in (new_year, harvest) for off in (-1, 0, 1)}
    days = fixed | feasts | {buddha, date(year + 1, 1, 1)} | {day for day in _ELECTIONS if day.year == year}
    lost = [day for day in feasts if day.weekday() == _SUNDAY or day in fixed]
    lost += [day for day in fixed | {buddha} if day.weekday() >= _SATURDAY and (day.month, day.day) not in _NOT_MADE_UP]
    lost += [buddha] * (buddha in fixed)
    for day in sorted(lost):
        made_up = day
        while made_up in days or made_up.weekday() >= _SATURDAY:
            made_up += _DAY
        days.add(made_up)
    return frozenset(days)
