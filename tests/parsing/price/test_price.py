from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.items import Price
from refillspot.parsing.price import is_plausible_krw, parse_price_krw, parse_prices


def price(krw: int, *labels: str, to: int | None = None) -> Price:
    values: dict[str, Any] = {}
    for label in labels:
        kind = {"lunch": "meal", "dinner": "meal", "weekday": "day", "weekend": "day", "holiday": "day"}
        values[kind.get(label, "audience")] = label
    return Price(krw, to or krw, **values)


@pytest.mark.parametrize(
    ("text", "krw"),
    [
        ("15,900원", 15900),
        ("15900", 15900),
        ("9,900", 9900),
        ("₩12,000", 12000),
        ("７，９００원", 7900),
        ("8천원", 8000),
        ("1만2천원", 12000),
        ("1만 2천 원", 12000),
        ("1만2000원", 12000),
        ("1만9900원", 19900),
        ("1.5만원", 15000),
        ("3만", 30000),
        ("15.9", 15900),
        ("삼겹살 무한리필 15.9", 15900),
        ("삼겹살무한리필 15,900원", 15900),  # 삼 is no 3
        ("이베리코 구이 육회 23,000원", 23000),
        ("오겹살 200g 2인분 18,000원", 18000),
        ("90분 이용 19,900원", 19900),
        ("15,900원 (1인)", 15900),
        ("주말 및 공휴일 21,900원", 21900),
        ("2만원대", None),
        ("15,900~19,900원", None),
        ("성인 19,900원, 어린이 12,900원", None),
        ("만오천원", 15000),
        ("만 원", 10000),
        ("이만 오천 원", 25000),
        ("만2천원", 12000),
        ("만 2천", 12000),
        ("만구천구백원", 19900),
        ("오백원", 500),
        ("5백원", 500),
        ("이천쌀밥 12,000원", 12000),  # 이천, 구천동 and 오만둥이 are no numbers
        ("이천 원조 쌀밥", None),
        ("구천동 오만둥이찜 30,000원", 30000),
        ("만 13세", None),
        ("15, 900원", 15900),
        ("성인:15,900원", 15900),
        ("13,900원 → 11,900원", 11900),
        ("정가 25,000원 할인가 19,900원", 19900),
        ("19,900원, 시간 초과시 10분당 1,000원", 19900),
        ("19,900원, 음식 남길 시 5,000원", 19900),
        ("19,900원 + 음료 2,000원", 19900),
        ("$19.9", None),
        ("가격 문의", None),
        ("시가", None),
        ("무료", None),
        ("02-555-1234", None),
        ("2024.05.01", None),
        ("11:30", None),
        ("150g", None),
        ("", None),
    ],
)
def test_the_one_price_of_a_line(text: str, krw: int | None) -> None:
    assert parse_price_krw(text) == krw


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        (
            "성인 19,900원, 청소년 16,900원, 어린이 12,900원",
            [price(19900, "adult"), price(16900, "teen"), price(12900, "child")],
        ),
        ("대인 2만원 소인 1만3천원", [price(20000, "adult"), price(13000, "child")]),
        ("중고생 14,900 / 초등 9,900", [price(14900, "teen"), price(9900, "child")]),
        ("경로 12,900원", [price(12900, "senior")]),
        ("65세 이상 12,900원", [price(12900, "senior")]),
        ("36개월~7세 9,900원", [price(9900, "child")]),
        (
            "평일 점심 15,900원 / 평일 저녁 19,900원 / 주말 21,900원",
            [price(15900, "lunch", "weekday"), price(19900, "dinner", "weekday"), price(21900, "weekend")],
        ),
        ("평일 점심 15,900 저녁 19,900", [price(15900, "lunch", "weekday"), price(19900, "dinner", "weekday")]),
        ("주말/공휴일 21,900원", [price(21900, "weekend"), price(21900, "holiday")]),
        (
            "런치 성인 15,900 어린이 9,900 디너 성인 19,900 어린이 12,900",
            [
                price(15900, "adult", "lunch"),
                price(9900, "child", "lunch"),
                price(19900, "adult", "dinner"),
                price(12900, "child", "dinner"),
            ],
        ),
        ("성인 평일 15,900 주말 17,900", [price(15900, "adult", "weekday"), price(17900, "adult", "weekend")]),
        ("15,900원(성인) 9,900원(소인)", [price(15900, "adult"), price(9900, "child")]),
        ("성인 15,900원, 36개월 미만 무료", [price(15900, "adult"), Price(0, 0, "child")]),
        ("성인 15,900원 음료 무료", [price(15900, "adult")]),
        ("이만원대", [price(20000, to=29999)]),
        ("2만원대", [price(20000, to=29999)]),
        ("1만5천원대", [price(15000, to=15999)]),
        ("15,900~19,900원", [price(15900, to=19900)]),
        ("1만5천~2만원", [price(15000, to=20000)]),
        ("1~2만원", [price(10000, to=20000)]),
        ("5,000원 ~ 8,000원", [price(5000, to=8000)]),
    ],
)
def test_all_prices_of_a_text(text: str, prices: list[Price]) -> None:
    assert parse_prices(text) == prices


@pytest.mark.parametrize(("krw", "plausible"), [(15900, True), (0, False), (1_800_000, False), (20_000_000, False)])
def test_outliers_are_told(krw: int, plausible: bool) -> None:  # noqa: FBT001  # a table's value
    assert is_plausible_krw(krw) is plausible


WORDS = st.sampled_from("성인 소인 평일 주말 점심 무료 만 천 원 대 ~ 36개월 7세 ( )".split(" "))


@pytest.mark.parametrize("text", ["1" + ",900" * 110 + "원", "15,9" * 104, "9" * 400 + "만원", "1." * 400])
def test_a_number_without_end_is_no_error(text: str) -> None:
    assert all(price.krw_max < 10**13 for price in parse_prices(text))


@given(st.one_of(st.text(), st.lists(st.one_of(WORDS, st.from_regex(r"[0-9.,]{1,8}"))).map("".join)))
def test_no_text_raises_and_no_range_is_upside_down(text: str) -> None:
    assert all(0 <= price.krw_min <= price.krw_max for price in parse_prices(text))
    assert parse_price_krw(text) is None or parse_prices(text)
