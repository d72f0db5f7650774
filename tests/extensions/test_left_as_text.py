"""What was left as text is counted: by kind, and nothing where all was read."""

from __future__ import annotations

from typing import Any

import pytest

from refillspot.extensions.reading import count_left_as_text
from refillspot.items import Day, MenuItem, OpeningHours, RefillVerdict, Store
from refillspot.sites.diningcode import NAME

MONDAY = {0: Day([("11:00", "22:00")])}


def store(**said: Any) -> Store:
    return Store(NAME, "AAAAaaaa1111", "달빛", "https://www.diningcode.com", RefillVerdict("unlikely"), **said)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({}, {}),
        ({"hours_text": "매장 문의"}, {"hours_unread": 1}),
        ({"hours_text": "월 11:00 - 22:00", "hours": OpeningHours(MONDAY)}, {}),
        ({"hours_text": "월 11:00 - 22:00 (…)", "hours": OpeningHours(MONDAY, notes=["…"])}, {"hours_partly": 1}),
        ({"menu": [MenuItem("갈비", None, "시가"), MenuItem("회", None, "2만원대")]}, {}),
        ({"menu": [MenuItem("갈비", None, "3호 가격"), MenuItem("회", None, "5번")]}, {"prices_unread": 2}),
        ({"menu": [MenuItem("와인", 1_800_000, "1,800,000원", outlier=True)]}, {"outliers": 1}),
        ({"addr": "서울 강남구 역삼동 1", "dong": "역삼동"}, {}),
        ({"addr": "서울 강남구 달동 1"}, {"dongs_unread": 1}),
        ({"addr": "서울 강남구 역삼동 1", "dong": "역삼동", "dong_confirmed": False}, {"dongs_elsewhere": 1}),
        ({"categories": ["삼겹살", "무중력체험"]}, {"categories_unknown": 1}),
    ],
)
def test_each_kind_is_counted(said: dict[str, Any], counts: dict[str, int]) -> None:
    assert count_left_as_text(store(**said)) == counts
