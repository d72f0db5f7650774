from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.parsing.category import WORDS, find_cuisines

if TYPE_CHECKING:
    from random import Random

VOCABULARY = ["고기", "해산물", "양식", "한식", "중식", "일식", "분식", "뷔페", "카페", "디저트"]


@pytest.mark.parametrize(
    ("categories", "cuisines"),
    [
        (["삼겹살", "대패삼겹살"], ["고기"]),
        (["초밥", "회전초밥"], ["일식"]),
        (["고기뷔페"], ["고기", "뷔페"]),
        (["씨푸드", "뷔페"], ["해산물", "뷔페"]),
        (["삼겹살무한리필"], ["고기"]),
        (["고기국수"], ["한식"]),
        (["김치 찌개"], ["한식"]),
        (["치즈버거", "카페"], ["양식", "카페"]),
        (["즉석떡볶이"], ["분식"]),
        (["스테이크샐러드바"], ["양식", "뷔페"]),
        (["0샐러드바"], ["뷔페"]),
        (["뷔페" * 3000], ["뷔페"]),
        (["마라탕", "훠궈"], ["중식"]),
        (["디저트뷔페"], ["뷔페", "디저트"]),
        (["태국음식", "무한리필"], []),
        ([], []),
    ],
)
def test_categories_come_down_to_the_vocabulary(categories: list[str], cuisines: list[str]) -> None:
    assert find_cuisines(categories) == (cuisines, [])


@pytest.mark.parametrize(
    ("cuisine", "categories"),
    [
        ("한식", "갈비찜 김치찜 시래기 온면 국시 두부조림 두부구이 평양만두 이북만두 나물무침 추어튀김 버섯구이"),
        (
            "해산물",
            "꽃게찜 낙지찜 옥돔구이 황태구이 굴구이 갑오징어구이 골뱅이무침 홍어삼합 조개탕 코다리조림 쭈꾸미샤브샤브",
        ),
        ("중식", "우육면 멘보샤 마파두부"),
        ("양식", "뇨끼 라자냐 감바스"),
        ("일식", "카이센동 규동 냉모밀"),
        ("고기", "닭튀김 숯불구이 정육식당 소곱창볶음"),
        ("분식", "떡꼬치 라볶이"),
    ],
)
def test_a_dish_is_filed_by_what_is_cooked(cuisine: str, categories: str) -> None:
    for category in categories.split():
        assert find_cuisines([category]) == ([cuisine], []), category


@pytest.mark.parametrize("category", ["와인바", "칵테일바", "탄두리치킨", "케밥"])
def test_what_is_none_of_the_ten_is_known_all_the_same(category: str) -> None:
    assert find_cuisines([category]) == ([], [])


@pytest.mark.parametrize("category", ["달빛구이", "은하볶음", "우주찜", "별조림"])
def test_what_is_cooked_is_not_guessed(category: str) -> None:
    assert find_cuisines([category]) == ([], [category])


def test_an_unknown_term_is_reported() -> None:
    assert find_cuisines(["삼겹살", "무중력체험"]) == (["고기"], ["무중력체험"])


def test_the_vocabulary_is_the_published_one() -> None:
    assert list(WORDS) == VOCABULARY


@given(st.lists(st.text(max_size=12), max_size=4))
def test_each_category_is_known_or_reported(categories: list[str]) -> None:
    found = find_cuisines(categories)

    assert set(found.known) <= set(VOCABULARY)
    assert set(found.unknown) <= set(categories)


@given(
    st.sampled_from([
        ("갈비찜", "한식"), ("김치찜", "한식"), ("꽃게찜", "해산물"), ("낙지찜", "해산물"), ("우육면", "중식"),
        ("멘보샤", "중식"), ("카이센동", "일식"), ("뇨끼", "양식"), ("라자냐", "양식"),
    ]),
    st.sampled_from(["{}", "{} ", " {}", "{}무한리필", "{} 무한리필", "원조{}", "매운 {}"]),
    st.lists(st.sampled_from(["흠", "핫플"]), max_size=2, unique=True),
    st.randoms(),
)  # fmt: skip
def test_a_dish_is_of_its_cuisine_however_it_is_written(
    dish: tuple[str, str], form: str, unknown: list[str], random: Random
) -> None:
    name, cuisine = dish
    categories = [form.format(name), *unknown]
    random.shuffle(categories)
    found = find_cuisines(categories)

    assert (found.known, sorted(found.unknown)) == ([cuisine], sorted(unknown)), categories
