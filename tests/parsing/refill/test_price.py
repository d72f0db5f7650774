from __future__ import annotations

import pytest

from refillspot.items import Evidence, MenuItem, Price, RefillVerdict
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices

BY_NAME = RefillVerdict("confirmed", [Evidence("name", "행복한무한리필")])
BY_MENU = RefillVerdict("confirmed", [Evidence("menu", "삼겹살 무한리필")])
NO = RefillVerdict("unlikely", [])


def menu(*lines: tuple[str, str | None]) -> list[MenuItem]:
    return [MenuItem(name, None, text) for name, text in lines]


@pytest.mark.parametrize(
    ("verdict", "lines", "krw"),
    [
        (BY_MENU, menu(("삼겹살 무한리필", "15,900원"), ("공기밥", "1,000원"), ("소주", "5,000원")), 15900),
        (BY_MENU, menu(("고기 무한리필 (성인)", "19,900원"), ("고기 무한리필 (초등학생)", "9,900원")), 19900),
        (BY_MENU, menu(("삼겹살 무한리필", "평일 점심 15,900원 / 저녁 19,900원")), 15900),
        (BY_MENU, menu(("삼겹살 무한리필", "15,900원"), ("반찬 리필", "500원"), ("음료 무제한", "2,000원")), 15900),
        (BY_MENU, menu(("소고기 무한리필", "2만원대")), 20000),
        (BY_MENU, menu(("소고기 무한리필", "시가")), None),
        (BY_MENU, menu(("와인과 소고기 무한리필 행사", "20,000,000원")), None),
        (BY_NAME, menu(("평일 점심", "12,900원"), ("주말", "15,900원"), ("콜라", "2,000원")), 12900),
        (BY_NAME, menu(("성인", "15,900원"), ("7세 미만", "무료")), 15900),
        (BY_NAME, menu(("된장찌개", "7,000원"), ("냉면", "8,000원")), None),
        (NO, menu(("점심 특선", "9,000원")), None),
        (BY_MENU, menu(("무한리필", "19,900원"), ("무한리필 환경부담금", "3,000원")), 19900),
        (BY_MENU, menu(("삼겹살 무한리필 2인", "39,800원")), None),
        (BY_MENU, menu(("삼겹살 무한리필 (2인 이상)", "19,900원")), 19900),
        (BY_MENU, [MenuItem("삼겹살 무한리필", 15900)], 15900),
        (BY_NAME, menu(("주말 주차비", "2,000원"), ("점심 된장찌개", "7,000원")), None),
        (
            BY_NAME,
            menu(("게살볶음밥 청소년", "8,900원"), ("게살볶음밥 성인", "12,900원"), ("볶음밥", "3,000원")),
            12900,
        ),
        (BY_NAME, menu(("새우장", "25,900원"), ("볶음밥", "3,000원"), ("소주", "5,000원")), 25900),
        (BY_NAME, menu(("새우장", "25,900원"), ("게장", "29,900원")), None),
        (RefillVerdict("likely", [Evidence("tag", "무한리필")]), menu(("새우장", "25,900원")), None),
        (BY_NAME, menu(("덮밥 주말", "19,900원"), ("덮밥 평일 런치", "15,900원"), ("국밥", "9,000원")), 15900),
        (BY_MENU, [], None),
    ],
)
def test_the_headline_is_the_cheapest_ordinary_adult_price(
    verdict: RefillVerdict, lines: list[MenuItem], krw: int | None
) -> None:
    assert headline_price_krw(refill_prices(find_offers(lines, verdict))) == krw


def test_a_price_is_listed_once() -> None:
    lines = menu(("삼겹살 무한리필", "15,900원"), ("목살 무한리필", "15,900원"))

    assert refill_prices(find_offers(lines, BY_MENU)) == [Price(15900, 15900)]


def test_a_fee_for_one_audience_brings_the_others_of_the_same_dish() -> None:
    lines = menu(("게살볶음밥 성인", "12,900원"), ("게살볶음밥 청소년", "8,900원"), ("볶음밥", "3,000원"))

    assert [(price.krw_min, price.audience) for price in refill_prices(find_offers(lines, BY_NAME))] == [
        (12900, "adult"),
        (8900, "teen"),
    ]


def test_what_a_name_says_holds_where_the_price_text_is_silent() -> None:
    lines = menu(("점심뷔페", "평일 9,900원 / 평일 저녁 12,900원"))

    assert refill_prices(find_offers(lines, BY_MENU)) == [
        Price(9900, 9900, meal="lunch", day="weekday"),
        Price(12900, 12900, meal="dinner", day="weekday"),
    ]


def test_who_pays_nothing_has_a_line_of_its_own() -> None:
    lines = menu(("갈비 무한리필", "15,900원"), ("36개월 미만", "무료"), ("어린이 음료", "무료"))

    assert [(price.krw_min, price.audience) for price in refill_prices(find_offers(lines, BY_MENU))] == [
        (15900, None),
        (0, "child"),
    ]
