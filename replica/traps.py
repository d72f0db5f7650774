"""Ordinary restaurants that look like all-you-can-eat and are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from replica.store import MenuLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from replica.store import Concept

TRAP_SHARE = 0.12

NAMES = ("무한상사포차", "무한감동국수", "무한도전호프", "무한상상주방", "무한골뱅이")
BUFFET_PLACES = ("뷔페거리 {}", "뷔페골목 {}")
FREE_REFILLS = (
    ("공기밥 무한리필", "1,000원"), ("반찬 무한리필", "무료"), ("밥, 국 리필 가능", "0원"),
    ("탄산음료 무한리필", "2,000원"), ("공기밥 무한제공", "1,000원"), ("육수 무한리필", "무료"),
    ("커피 무한 리필", "1,500원"), ("쌈채소 무한리필", "무료"),
    ("홍합탕, 홍합탕 국물 무한리필", "12,000원"), ("샤브샤브 육수 무한리필", "무료"), ("된장국 무한리필", "0원"),
)  # fmt: skip
FREE_DRINKS = (
    ("와인 무제한 (2시간)", "35,000원"), ("생맥주 무제한", "1만9900원"), ("하이볼 무제한 90분", "25,000원"),
    ("하우스와인 무제한", "2만9천원"),
)  # fmt: skip
SELF_BAR_TAGS = ("셀프바", "셀프바무한", "반찬리필", "무료리필", "공기밥무한리필")


def set_trap(concept: Concept, rng: Random) -> Concept:
    trap = rng.choices(list(TRAPS), list(TRAPS.values()))[0]
    return trap(concept, rng)


def _unlimited_name(concept: Concept, rng: Random) -> Concept:
    return replace(concept, name=rng.choice(NAMES))


def _free_refill(concept: Concept, rng: Random) -> Concept:
    return replace(concept, menu=(*concept.menu, MenuLine(*rng.choice(FREE_REFILLS))))


def _self_bar(concept: Concept, rng: Random) -> Concept:
    return replace(concept, tags=(*concept.tags, rng.choice(SELF_BAR_TAGS)))


def _free_drinks(concept: Concept, rng: Random) -> Concept:
    return replace(concept, menu=(*concept.menu, MenuLine(*rng.choice(FREE_DRINKS))))


def _salad_bar(concept: Concept, rng: Random) -> Concept:
    side = rng.choice(
        (
            ("안심스테이크 + 샐러드바", "32,900원"),
            ("함박스테이크 (샐러드바 포함)", "18,900원"),
            ("샐러드바 추가", "9,900원"),
        )
    )
    categories = ("패밀리레스토랑", "스테이크")
    return replace(concept, categories=categories, menu=(*concept.menu, MenuLine(*side)))


def _buffet_place(concept: Concept, rng: Random) -> Concept:
    if rng.random() < 0.5:
        return replace(concept, name=rng.choice(BUFFET_PLACES).format(concept.name))
    return replace(concept, branch="뷔페타워점", building=" 뷔페타워 2층")


TRAPS: dict[Callable[[Concept, Random], Concept], int] = {
    _unlimited_name: 12, _free_refill: 32, _self_bar: 20, _free_drinks: 16, _salad_bar: 12, _buffet_place: 8,
}  # fmt: skip
