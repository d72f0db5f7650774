from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.items import MenuItem, RefillTerms
from refillspot.parsing.refill.terms import parse_refill_terms, refill_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("이용시간 100분", RefillTerms(time_limit_minutes=100)),
        ("삼겹살 무한리필 (2시간)", RefillTerms(time_limit_minutes=120)),
        ("1시간 30분 제한", RefillTerms(time_limit_minutes=90)),
        ("1시간반 이용", RefillTerms(time_limit_minutes=90)),
        ("이용시간 2시간, 추가 30분 3,000원", RefillTerms(time_limit_minutes=120)),
        ("마감 90분 전 입장", None),
        ("10분 대기", None),
        ("2인 이상 주문 가능", RefillTerms(min_persons=2)),
        ("최소 3인", RefillTerms(min_persons=3)),
        ("2인부터", RefillTerms(min_persons=2)),
        ("10인 이상 단체 예약", None),
        ("4인 이상 할인", None),
        ("1인 주문 가능", RefillTerms(min_persons=1)),
        ("환경부담금 5,000원", RefillTerms(leftover_fee=True, leftover_fee_krw=5000)),
        ("음식을 남기면 환경부담금 3천원", RefillTerms(leftover_fee=True, leftover_fee_krw=3000)),
        ("음식을 남기면 환경부담금", RefillTerms(leftover_fee=True)),
        ("음료 포함", RefillTerms(drinks_included=True)),
        ("탄산음료 무한 제공", RefillTerms(drinks_included=True)),
        ("음료 별도", RefillTerms(drinks_included=False)),
        ("음료 불포함", RefillTerms(drinks_included=False)),
        ("음료 포함 (주류 별도)", RefillTerms(drinks_included=True)),
        ("무한리필 (주차 2시간 무료)", None),
        ("4인 이상 10% 할인", None),
        ("평일 런치 15,900원", None),
    ],
)
def test_terms(text: str, terms: RefillTerms | None) -> None:
    assert parse_refill_terms([text]) == terms


def test_terms_come_from_the_offer_and_the_fee_alone() -> None:
    menu = [
        MenuItem("삼겹살 무한리필", 15900, "15,900원", description="이용시간 100분"),
        MenuItem("와인 무제한 (2시간)", 20000, "20,000원"),
        MenuItem("환경부담금", 5000, "5,000원"),
    ]

    assert refill_terms(menu, menu[:1]) == RefillTerms(100, None, leftover_fee=True, leftover_fee_krw=5000)


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    parse_refill_terms([text])
