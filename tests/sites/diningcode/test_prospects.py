from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from refillspot.planning.keywords import KINDS
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.prospects import FEWEST_PROOFS, Prospect, Prospects, is_sampled


def row(name: str, category: str | None = "삼겹살, 목살", branch: str | None = None) -> Row:
    rest: dict[str, Any] = dict.fromkeys(
        ("addr", "road_addr", "phone", "lat", "lng", "score", "user_score", "review_cnt", "open_status", "image")
    )
    return Row(v_rid=name, nm=name, branch=branch, category=category, **rest)


def informed(keyword: str = "무한리필") -> Prospects:
    """Return one that has seen that the site shows what a row was found by."""
    prospects = Prospects()
    proofs = [row(f"{number} {keyword}") for number in range(FEWEST_PROOFS)]
    prospects.judge(proofs, [(keyword,)] * FEWEST_PROOFS, keyword)
    return prospects


def is_worthy(one: Row, *terms: str, keyword: str = "무한리필", prospects: Prospects | None = None) -> bool:
    (judged,) = (prospects or informed(keyword)).judge([one], [terms], keyword)
    return judged.is_worthy


@pytest.mark.parametrize(
    "one",
    [
        row("대패 무한리필"),
        row("옛날집", "샤브샤브, <em>샤브샤브무한리필</em>"),
        row("두끼 강남점"),
        row("백반", "한식뷔페"),
    ],
)
def test_what_calls_itself_so_is_worth_a_page(one: Row) -> None:
    assert is_worthy(one)


def test_a_match_hidden_in_menu_or_tags_is_worth_a_page() -> None:
    assert is_worthy(row("옛날집"), "무한리필", "회식")
    assert is_worthy(row("옛날집"), "삼겹살", "무한리필", keyword="삼겹살 무한리필")


def test_a_row_that_shows_nothing_of_the_search_was_thrown_in() -> None:
    assert not is_worthy(row("옛날집"), "회식", "데이트")
    assert not is_worthy(row("옛날집"), "삼겹살", keyword="삼겹살 무한리필")  # half of the words are none


def test_a_site_that_shows_no_terms_is_taken_at_its_word() -> None:
    assert is_worthy(row("옛날집"), prospects=Prospects())

    silent = informed()
    silent.judge([row("고기 무한리필")], [("회식",)], "무한리필")  # it has the words and does not show them
    assert is_worthy(row("옛날집"), "회식", prospects=silent)


def test_where_only_a_name_counts_the_row_decides() -> None:
    assert not is_worthy(row("스테이크하우스"), "샐러드바", keyword="샐러드바")
    assert is_worthy(row("초록 샐러드바", "샐러드바"), "샐러드바", keyword="샐러드바")
    assert not is_worthy(row("두끼니식당"), "두끼", keyword="두끼")


def test_words_of_a_name_that_are_no_offer_there_explain_the_match() -> None:
    assert not is_worthy(row("뷔페거리 옛날집"), "뷔페", keyword="뷔페")
    assert not is_worthy(row("옛날집", branch="뷔페타워점"), "뷔페", keyword="뷔페")
    assert not is_worthy(row("공기밥 무한리필 국밥"), "무한리필")


@pytest.mark.parametrize(
    "category", ["국밥, 순대국", "칼국수, 만두", "카페, 디저트", "와인바, 이탈리안", "백반, 가정식"]
)
def test_what_a_soup_house_or_a_bar_refills_is_no_meal(category: str) -> None:
    assert not is_worthy(row("옛날집", category), "무한리필")
    assert is_worthy(row("옛날집", category), "뷔페", keyword="뷔페")


def test_keywords_of_the_users_own_are_followed_to_the_page() -> None:
    assert "빕스" not in KINDS
    assert is_worthy(row("빕스", "카페, 디저트"), "빕스", keyword="빕스")
    assert not is_worthy(row("옛날집"), "회식", keyword="빕스")


def test_terms_that_hold_more_than_the_words_show_them() -> None:
    assert informed().judge([row("옛날집", None)], [("무한 리필 맛집",)], "무한리필") == [
        Prospect(is_worthy=True, mentions=True)
    ]


def test_the_sample_is_a_share_and_always_the_same() -> None:
    refs = [f"{number:012}" for number in range(10_000)]
    sampled = [ref for ref in refs if is_sampled(ref, 0.02)]

    assert 150 < len(sampled) < 250
    assert sampled == [ref for ref in refs if is_sampled(ref, 0.02)]
    assert not any(is_sampled(ref, 0.0) for ref in refs)
    assert all(is_sampled(ref, 1.0) for ref in refs)


@pytest.mark.parametrize(
    ("terms", "is_worthy", "is_vague"),
    [
        (("혼밥", "회식"), False, False),
        (("회식", "무한리필"), True, False),
        ((None, "회식"), True, True),  # the words of the search come first: it may have been one of them
        (("회식", None), False, False),
        (None, True, True),
    ],
)
def test_terms_that_cannot_be_read_leave_it_open(
    terms: tuple[str | None, ...] | None,
    is_worthy: bool,  # noqa: FBT001
    is_vague: bool,  # noqa: FBT001
) -> None:
    prospects = Prospects()
    prospects.judge([row("무한리필 옛날집")] * 3, [("무한리필",)] * 3, "무한리필")

    (prospect,) = prospects.judge([row("옛날 국밥집")], [terms], "무한리필")

    assert (prospect.is_worthy, prospect.is_vague) == (is_worthy, is_vague)


def test_a_row_without_a_category_may_be_any_kind_of_place() -> None:
    prospects = Prospects()
    terms = [("샐러드바",)]

    assert not prospects.judge([row("달빛")], terms, "샐러드바")[0].is_worthy
    (prospect,) = prospects.judge([replace(row("달빛"), category=None)], terms, "샐러드바")
    assert (prospect.is_worthy, prospect.is_vague) == (True, True)
