"""Whole boards: labels that are shared, dealt out, trailing or excluded, and amounts that are no price of a meal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refillspot.items import MenuItem, RefillVerdict
from refillspot.parsing.address import parse_address
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import parse_price_krw, parse_prices
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices
from refillspot.parsing.text import clean_text
from tests.parsing.growth import is_linear

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("점심 15,900 저녁 19,900 주말 21,900", ["15900 lunch", "19900 dinner", "21900 weekend"]),
        ("성인 19,900 어린이 12,900 주말 22,900", ["19900 adult", "12900 child", "22900 weekend"]),
        (
            "성인 19,900 주말 22,900 어린이 9,900 주말 11,900",
            ["19900 adult", "22900 adult weekend", "9900 child", "11900 child weekend"],
        ),
        ("성인/청소년/소인 19,900/16,900/9,900원", ["19900 adult", "16900 teen", "9900 child"]),
        ("평일/주말 15,900/19,900원", ["15900 weekday", "19900 weekend"]),
        ("평일런치 19.9/평일디너 25.9/주말 27.9", ["19900 lunch weekday", "25900 dinner weekday", "27900 weekend"]),
        ("주말 21,900원 (공휴일 포함)", ["21900 weekend", "21900 holiday"]),
        ("주말(공휴일 포함) 21,900원", ["21900 weekend", "21900 holiday"]),
        ("평일 저녁, 주말, 공휴일 19,900원", ["19900 dinner weekday", "19900 dinner weekend", "19900 dinner holiday"]),
        ("빨간날 21,900원", ["21900 holiday"]),
        ("성인(중학생 이상) 22,900 소인(초등학생) 14,900", ["22900 adult", "14900 child"]),
        ("중학생 이상 22,900 유치원생 8,900", ["22900", "8900 child"]),
        ("고등 17,900 중등 15,900", ["17900 teen", "15900 teen"]),
        ("고등어구이 9,000", ["9000"]),
        ("조식 35,000원 중식 55,000원 석식 65,000원", ["35000", "55000 lunch", "65000 dinner"]),
        ("중식 뷔페 25,000원", ["25000"]),
        ("Weekday Lunch 19,900 / Weekend 29,900", ["19900 lunch weekday", "29900 weekend"]),
        ("Adult 39,000 / Child 20,000 / Senior 30,000", ["39000 adult", "20000 child", "30000 senior"]),
        ("소 25,000 중 35,000 대 45,000", ["25000", "35000", "45000"]),
        ("평일, 주말 15,900원", ["15900 weekday", "15900 weekend"]),
        ("15,900원 성인 9,900원 어린이", ["15900 adult", "9900 child"]),
        ("19,900원 평일, 22,900원 주말", ["19900 weekday", "22900 weekend"]),
        ("평일 런치(공휴일 제외) 15,900원", ["15900 lunch weekday"]),
        ("주말 및 공휴일 제외 15,900원", ["15900"]),
        ("월~목 15,900 금~일 19,900", ["15900 weekday", "19900 weekend"]),
        ("청소년 15,900 일반 19,900", ["15900 teen", "19900"]),
        ("어른 19.9 아이 9.9", ["19900 adult", "9900 child"]),
        ("아이스크림 2,000원", ["2000"]),
        ("브런치 13,900원", ["13900"]),
        ("성인 19,900원 (주말 2,000원 추가)", ["19900 adult"]),
        ("삼겹살 무한리필 15,900원 (환경부담금 5,000원)", ["15900"]),
        ("2시간 15900 추가 1시간 5000", ["15900"]),
        ("행사 12.1~12.31 15,900원", ["15900"]),
        ("9.1부터 15,900원", ["15900"]),
    ],
)
def test_a_board_is_read_as_a_reader_would(text: str, prices: list[str]) -> None:
    found = [
        " ".join(filter(None, (str(price.krw_min), price.audience, price.meal, price.day)))
        for price in parse_prices(text)
    ]

    assert found == prices


@pytest.mark.parametrize(
    ("text", "krw"),
    [
        ("1만5천9백원", 15900),
        ("15.900원", 15900),
        ("고기 추가 5,000원", 5000),  # a surcharge where it is all there is
        ("별점 4.5", None),
        ("15,900-19,900원", None),
        ("2만원 초반대", None),
    ],
)
def test_spellings_of_one_amount(text: str, krw: int | None) -> None:
    assert parse_price_krw(text) == krw


@pytest.mark.parametrize(
    ("lines", "krw"),
    [
        ([("입장료", "12,000원"), ("물냉면", "6,000원")], 12000),
        ([("연어덮밥 성인", "25,900원"), ("된장찌개", "3,000원")], 25900),
        ([("점심 특선", "9,000원")], None),
        ([("모둠구이", "15,900원"), ("성인", "19,900원 (주말 2,000원 추가)")], 19900),
    ],
)
def test_fees_of_a_store_whose_menu_does_not_say_refill(lines: list[tuple[str, str]], krw: int | None) -> None:
    menu = [MenuItem(name, None, text) for name, text in lines]

    assert headline_price_krw(refill_prices(find_offers(menu, RefillVerdict("confirmed")))) == krw


@pytest.mark.parametrize("text", ["<A세트> 삼겹살", "<점심> 구이"])
def test_angle_brackets_of_a_menu_are_no_tags(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize("text", ["1500-2000", "1000-2200"])
def test_opening_times_are_no_nationwide_number(text: str) -> None:
    assert parse_phone(text) is None


@pytest.mark.parametrize(
    "unit", ["&#9;", "&#" + "9" * 100, "<a", "1,", "1~", "성인 1,000원 ", "0507-", "1세~", "동", "("]
)
@pytest.mark.parametrize("parse", [clean_text, parse_phone, parse_address, parse_prices])
def test_long_texts_neither_raise_nor_take_long(parse: Callable[[str], object], unit: str) -> None:
    assert is_linear(parse, unit * 5_000)


def test_an_endless_entity_does_not_raise() -> None:
    assert clean_text("&#" + "9" * 5_000 + ";")  # int() refuses more than 4,300 digits
