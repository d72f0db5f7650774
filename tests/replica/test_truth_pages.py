"""The truth states hours and prices; here a reader written for these tests finds them on the pages again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

    Stores = list[dict[str, Any]]

WORDS = {
    "audience": {
        "성인": "adult", "대인": "adult", "청소년": "teen", "소인": "child", "초등학생": "child", "어린이": "child",
        "미취학": "child", "36개월": "child", "24개월": "child", "경로": "senior",
    },
    "meal": {"런치": "lunch", "점심": "lunch", "디너": "dinner", "저녁": "dinner"},
}  # fmt: skip


def minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def read_day(lines: list[str]) -> tuple[set[int], str | None]:
    """Return the minutes of the day that are open, past midnight counted on, and the last order as written."""
    said = dict(line.split(": ") for line in lines if ": " in line)
    if not said:
        return set(), None
    spans = [
        [minutes(time) for time in said[name].split(" - ")] for name in ("영업시간", "브레이크타임") if name in said
    ]
    opens, closes = spans[0]
    taken = {minute for start, end in spans[1:] for minute in range(start, end)}
    return set(range(opens, closes if closes > opens else closes + 1440)) - taken, said.get("라스트오더")


def read_weeks(rows: list[dict[str, Any]]) -> dict[int, list[str]]:
    days: dict[int, list[str]] = {}
    weekday = -1
    for row in rows:
        if row["duration"]:
            weekday = "월화수목금토일".index(row["duration"][-2])
        days.setdefault(weekday, []).append(row["time"])
    return days


def test_hours_are_what_the_page_shows(replica: Replica, truth: Stores) -> None:
    late = breaks = 0
    for store in truth[::9]:
        detail = replica.profile(store["ref"]).get("detail")
        for weekday, lines in read_weeks(detail["bhour"] if detail else []).items():
            stated = store["hours"][str(weekday)]
            shown, last_order = read_day(lines)
            intervals = [(minutes(start), minutes(end)) for start, end in stated["intervals"]]

            assert shown == {minute for start, end in intervals for minute in range(start, end)}, store["ref"]
            assert stated["closed"] == (not shown)
            assert (stated["last_order"] is None) == (last_order is None)
            assert last_order is None or minutes(stated["last_order"]) % 1440 == minutes(last_order)
            assert last_order is None or intervals[0][0] < minutes(stated["last_order"]) < intervals[-1][1]
            late += intervals[-1:] > [(0, 1440)] and intervals[-1][1] > 1440
            breaks += len(intervals) == 2

    assert min(late, breaks) > 50


def test_no_hours_are_no_hours_and_one_day_is_not_the_week(replica: Replica, truth: Stores) -> None:
    unknown = [store for store in truth if store["hours"] is None][:20]
    today_only = [store for store in truth if store["hours_today_only"]][:20]
    shown = [replica.profile(store["ref"]).get("detail", {"bhour": []})["bhour"] for store in [*unknown, *today_only]]

    assert len(unknown) == len(today_only) == 20
    assert not any(shown[:20])
    assert all(set(store["hours"]) == set("0123456") for store in today_only)
    assert {len(read_weeks(rows)) for rows in shown[20:]} <= {0, 1}


@pytest.mark.parametrize("sort", ["audience", "meal"])
def test_prices_mean_what_their_words_say(truth: Stores, sort: str) -> None:
    found = set()
    for store in [store for store in truth if store["prices"]]:
        said = {
            meaning for name, price in store["menu"] for word, meaning in WORDS[sort].items() if word in name + price
        }
        found |= {price[sort] for price in store["prices"]}
        assert {price[sort] for price in store["prices"]} <= said | {None}, store["menu"]

    assert found == {*WORDS[sort].values(), None}


def test_prices_are_on_the_menu_and_the_headline_is_the_cheapest_of_an_adult(truth: Stores) -> None:
    spelled = prices = 0
    for store in truth:
        amounts = {
            int(text.replace(",", "")) for _, price in store["menu"] for text in re.findall(r"[\d,]+(?=원)", price)
        }
        krw = [price["krw"] for price in store["prices"]]
        adult = [price["krw"] for price in store["prices"] if price["audience"] in {None, "adult"}]
        spelled, prices = spelled + len([won for won in krw if won in amounts]), prices + len(krw)

        assert store["refill_price_krw"] == min(adult, default=None)
        assert store["refill"] or not krw

    assert spelled > 0.85 * prices  # the others are written 1만5천원, 무료 or 2만원대


def test_the_days_of_a_price_are_weekday_weekend_and_holiday(truth: Stores) -> None:
    for store in truth:
        days = {price["day"] for price in store["prices"]} - {None}
        text = "".join(name + price for name, price in store["menu"])
        text = re.sub(r"\(주말 [\d,]+원 추가\)", "", text)  # what is added is no price of the weekend

        assert days == {
            day for word, day in (("평일", "weekday"), ("주말", "weekend"), ("공휴일", "holiday")) if word in text
        }
