"""The same offer, written otherwise, comes to the same verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from refillspot.parsing.refill import assess_refill

if TYPE_CHECKING:
    from random import Random

MEALS = ("해장국", "삼겹살", "샤브샤브", "홍합탕", "대게", "갈비탕", "초밥", "버섯전골")
SIDES = ("국물", "공기밥", "라면사리", "반찬", "육수", "김치")  # 야채 and 샐러드 go with meat
PLATES = ("물냉면", "소주", "계란찜", "된장찌개")
FORMS = (
    "{} 무한리필", "{}무한리필", "무한리필 {}", "{}(무한리필)", "[무한리필] {}", "(무한리필) {}", "무한리필: {}",
    "{} 무한 리필", "{} 무제한",
)  # fmt: skip


def verdict(*menu: str, categories: list[str] | None = None) -> str:
    return assess_refill(name="달빛", branch=None, categories=categories, menu=list(menu), tags=None).verdict


@given(st.sampled_from(MEALS), st.sampled_from(FORMS), st.lists(st.sampled_from(PLATES), max_size=3), st.randoms())
@settings(max_examples=100)
def test_a_meal_without_end_is_one_however_it_is_written(
    meal: str, form: str, plates: list[str], random: Random
) -> None:
    lines = [form.format(meal), *plates]
    random.shuffle(lines)

    assert verdict(*lines) == "confirmed"


@given(st.sampled_from(SIDES), st.sampled_from(FORMS), st.sampled_from(MEALS), st.sampled_from(["", ", ", " / "]))
@settings(max_examples=100)
def test_a_side_dish_without_end_is_none_on_a_line_of_its_own_or_behind_the_meal(
    side: str, form: str, meal: str, separator: str
) -> None:
    offer = form.format(side)
    lines = [f"{meal}{separator}{offer}"] if separator else [meal, offer]

    assert verdict(*lines) == "unlikely", lines
