"""What a bracket or a word excludes, reduces or frees is no label of the price beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refillspot.items import MenuItem, Price, RefillVerdict
from refillspot.parsing.price import parse_price_krw, parse_prices
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices

FREE_CHILD = Price(0, 0, "child")


@pytest.mark.parametrize(
    "beside",
    [
        "(소인 50% 할인)", "(어린이 제외)", "(어린이 반값)", "노키즈존", "(노키즈존)", "(어린이 메뉴 없음)",
        "어린이 메뉴 없음", "(소인 동일)",
        "소인 동일", "(런치 제외)", "(저녁 이용 불가)", "(주말 2,000원 추가)", "주말 2,000원 추가", "(주말 +2,000원)",
        "(주말, 공휴일 제외)",
        "(주말 및 공휴일 이용불가)", "(아동 입장 불가)", "(어린이 의자 있음)", "(점심/저녁 동일)",
        "(13세 이하 50%할인)", "(48개월 미만 50%)",
        "(경로 10% 할인)", "(학생 할인 가능)", "(14세 미만 입장 제한)", "소인 50% 할인", "어린이는 반값",
        "(공휴일 포함)", "(어린이 음료 무료)",
        "(아이 동반 불가)", "키즈룸 있음", "No Kids Zone",
    ],
)  # fmt: skip
@pytest.mark.parametrize("base", ["19,900원", "성인 19,900원"])
def test_what_is_said_of_others_is_no_label(base: str, beside: str) -> None:
    assert parse_prices(f"{base} {beside}") == parse_prices(base)


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("19,900 (36개월 미만 무료)", [Price(19900, 19900), FREE_CHILD]),
        ("성인 19,900원 (미취학 아동 무료)", [Price(19900, 19900, "adult"), FREE_CHILD]),
        ("19,900원(7세 이하 무료, 초등학생 9,900원)", [Price(19900, 19900), FREE_CHILD, Price(9900, 9900, "child")]),
        ("평일 15,900원 주말 17,900원 (미취학 무료)",
         [Price(15900, 15900, day="weekday"), Price(17900, 17900, day="weekend"), FREE_CHILD]),
        ("15,900원 성인, 9,900원 소인, 36개월 미만 무료",
         [Price(15900, 15900, "adult"), Price(9900, 9900, "child"), FREE_CHILD]),
        ("경로 할인 12,000원", [Price(12000, 12000, "senior")]),
        ("소인 반값 9,900원", [Price(9900, 9900, "child")]),
        ("19,900원 (어른만)", [Price(19900, 19900, "adult")]),
        ("15,900원 (평일 점심만)", [Price(15900, 15900, meal="lunch", day="weekday")]),
        ("평일 런치 18,900원 (주말/공휴일 런치 제외)", [Price(18900, 18900, meal="lunch", day="weekday")]),
        ("평일 19,900원 금토일 22,900원",
         [Price(19900, 19900, day="weekday"), Price(22900, 22900, day="weekend")]),
        ("19,900원 (주말 21,900원)", [Price(19900, 19900), Price(21900, 21900, day="weekend")]),
    ],
)  # fmt: skip
def test_who_pays_less_is_kept_apart(text: str, prices: list[Price]) -> None:
    assert parse_prices(text) == prices


@pytest.mark.parametrize(
    ("name", "text", "krw"),
    [
        ("무한리필(어린이 무료)", "19,900원", 19900),
        ("무한리필 (소인 반값)", "19,900원", 19900),
        ("무한리필 노키즈존", "19,900원", 19900),
        ("무한리필 (런치 제외)", "19,900원", 19900),
        ("무한리필", "19,900 (36개월 미만 무료)", 19900),
        ("무한리필", "1인 19,900원 / 2인 38,000원", 19900),
        ("무한리필", "2인 이상 19,900원", 19900),
        ("무한리필", "2인 39,800원", None),  # what one of them pays, nobody says
        ("무한리필", "커플 35,000", None),
        ("무한리필", "39,800원 (2인)", None),
        ("커플 무한리필", "35,000원", None),
    ],
)
def test_the_price_of_a_person(name: str, text: str, krw: int | None) -> None:
    menu = [MenuItem(name, parse_price_krw(text), text)]

    assert headline_price_krw(refill_prices(find_offers(menu, RefillVerdict("confirmed")))) == krw


WHOM = st.sampled_from(["어린이", "소인", "36개월 미만", "초등학생", "미취학 아동", "7세 이하", "청소년", "경로"])
EXCLUDES = st.sampled_from(["제외", "할인", "50% 할인", "반값", "이용 불가", "입장 불가", "동일", "메뉴 없음", "별도"])
SHAPES = st.sampled_from(["{} ({})", "{}({})", "{} [{}]", "{} {}", "{} / {}", "{}, {}"])


@settings(max_examples=150, derandomize=True, database=None)
@given(st.sampled_from(["19,900원", "19.9", "1만9900원", "대인 19,900원"]), WHOM, EXCLUDES, SHAPES)
def test_brackets_blanks_and_synonyms_do_not_matter(base: str, whom: str, excludes: str, shape: str) -> None:
    assert parse_prices(shape.format(base, f"{whom} {excludes}")) == parse_prices(base)
