"""A dated week is a week, not a rule."""

from __future__ import annotations

from datetime import date

import pytest

from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.public_holidays import find_day_before, is_by_public_holiday
from tests.parsing.hours.labels import say

OPEN = "영업시간: 11:00 - 22:00"
OFF = "휴무일"
CHUSEOK = {"9월 24일(목)": OFF, "9월 25일(금)": OFF, "9월 26일(토)": OFF, "9월 27일(일)": OPEN, "9월 28일(월)": OFF,
           "9월 29일(화)": OPEN, "9월 30일(수)": OPEN}  # fmt: skip


def test_closings_of_a_festival_week_are_no_rule() -> None:
    hours = parse_hours(CHUSEOK)

    assert say(CHUSEOK) == "Mo off; Tu-We 11:00-22:00; Su 11:00-22:00"
    assert hours is not None
    assert hours.notes == ["9월 24일(목) 휴무일", "9월 25일(금) 휴무일", "9월 26일(토) 휴무일"]


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("12월 25일(금) 휴무일", None),
        ("임시휴무", None),
        ({"7월 10일(금)": "임시휴무"}, None),
        ({"7월 10일(금)": "휴무일 (여름휴가)", "7월 11일(토)": OPEN}, "Sa 11:00-22:00"),
        ({"7월 10일(금)": OFF, "7월 11일(토)": OPEN}, "Fr off; Sa 11:00-22:00"),
        ({"12월 23일(수)": OFF, "12월 24일(목)": OFF, "12월 25일(금)": OPEN}, "We off; Fr 11:00-22:00"),  # the eve
        ({"오늘(목)": OFF, "9월 25일(금)": OPEN}, "Fr 11:00-22:00"),  # the label below tells the date
        ({"오늘(목)": OFF, "9월 25일(금)": "휴무일 (추석)", "9월 27일(일)": OPEN}, "Su 11:00-22:00"),
        ("오늘(목)\n휴무일\n9월 25일(금)\n11:00 - 22:00", "Fr 11:00-22:00"),
        ({"오늘(목)": OFF, "7월 17일(금)": OPEN}, "Fr 11:00-22:00"),
        ({"오늘(화)": OFF, "7월 8일(수)": OPEN}, "Tu off; We 11:00-22:00"),
        ("9월 24일(목) 휴무일, 9월 25일(금) 휴무일, 9월 27일(일) 11:00-22:00", "Su 11:00-22:00"),
        ("매일 11:00-22:00\n7월 10일(금) 휴무", "Mo-Su 11:00-22:00"),  # beside a rule, one date is no rule
        ({"매일": "11:00-22:00", "7월 10일(금)": OFF}, "Mo-Su 11:00-22:00"),
        (dict.fromkeys(CHUSEOK, OFF), None),
        ({f"7월 {day}일({name})": OFF for day, name in zip(range(6, 13), "월화수목금토일", strict=True)}, None),
        ({f"7월 {day}일 ({name})": OFF for day, name in zip(range(6, 13), "월화수목금토일", strict=True)}, None),
    ],
    ids=str,
)
def test_a_closing_of_a_date(value: str | dict[str, str], label: str | None) -> None:
    assert say(value) == label


def test_what_is_closed_today_is_no_news_of_a_weekday_that_is_known() -> None:
    alone, dated = parse_hours({"오늘(목)": OFF}), parse_hours({"7월 9일(목)": OFF})

    assert alone is not None
    assert dated is not None
    assert (alone.days, alone.exceptions) == (dated.days, [3])
    assert dated.exceptions == []


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 2, 15), date(2026, 2, 19), date(2026, 9, 27), date(2026, 10, 5), date(2026, 10, 6),
        date(2026, 12, 31),
        date(2027, 1, 1), date(2027, 2, 9), date(2027, 5, 13), date(2028, 10, 5), date(2029, 5, 7), date(2030, 12, 31),
    ],
)  # fmt: skip
def test_dates_by_a_public_holiday(day: date) -> None:
    assert is_by_public_holiday(day.month, day.day, day.weekday())


@pytest.mark.parametrize(
    "day", [date(2026, 7, 9), date(2026, 9, 22), date(2026, 11, 30), date(2027, 9, 24), date(2027, 3, 10)]
)
def test_other_dates(day: date) -> None:
    assert not is_by_public_holiday(day.month, day.day, day.weekday())


def test_a_date_that_cannot_be() -> None:
    assert not is_by_public_holiday(2, 30, 0)
    assert find_day_before(2, 30, 0) is None
    assert find_day_before(10, 1, date(2026, 10, 1).weekday()) == (9, 30)
