from __future__ import annotations

import pytest

from refillspot.planning import KEYWORDS, CrawlArguments, Query, SearchPlan
from refillspot.planning.keywords import UNSEEN
from refillspot.planning.pagination import Step
from refillspot.planning.search_plan import MARGIN, SMALLEST_DEGREES
from refillspot.regions import districts, find_district
from refillspot.sites.diningcode.forms import PAGE_SIZE


def plan(**arguments: str) -> SearchPlan:
    return SearchPlan(CrawlArguments.parse(**arguments), PAGE_SIZE)


def test_a_query_names_city_place_and_keyword() -> None:
    assert Query("11", "무한리필").text == "서울 무한리필"
    assert Query("11680", "무한리필").text == "서울 강남구 무한리필"
    assert Query("11680101", "무한리필").text == "서울 강남구 역삼동 무한리필"


def test_a_query_names_the_city_of_its_district() -> None:
    asked = plan(district="중구", region="부산", keywords="뷔페")

    assert [seed.text for seed in asked.seeds()] == ["부산 중구 뷔페"]
    assert asked.split(Query("26110", "뷔페"))[0].text == "부산 중구 영주동 뷔페"
    assert [seed.text for seed in plan(district="all", region="부산", keywords="뷔페").seeds()] == ["부산 뷔페"]


def test_seeds_are_every_keyword_in_every_district() -> None:
    seeds = list(plan(district="강남구,서초구").seeds())

    assert len(seeds) == len(set(seeds)) == 2 * len(KEYWORDS)
    assert {seed.keyword for seed in seeds} == set(KEYWORDS)
    assert [seed.keyword for seed in seeds[:10:2]] == ["무한리필", "무제한", "뷔페", "샐러드바", "명륜진사갈비"]


def test_the_whole_city_is_asked_as_one_place() -> None:
    assert set(plan(district="all").seeds()) == {Query("11", keyword) for keyword in KEYWORDS}


def test_a_city_splits_into_the_districts_a_district_into_its_dongs() -> None:
    parts = plan(district="all").split(Query("11", "뷔페"))
    dongs = plan(district="강남구").split(Query("11680", "뷔페"))

    assert [part.place for part in parts] == [district.code for district in districts()]
    assert [dong.text for dong in dongs][:3] == [
        "서울 강남구 역삼동 뷔페",
        "서울 강남구 개포동 뷔페",
        "서울 강남구 청담동 뷔페",
    ]


def test_a_dong_splits_into_boxes_that_cover_it_and_a_bit_more() -> None:
    gangnam = find_district("11680")
    assert gangnam
    bbox = gangnam.dongs[0].bbox
    boxes = [part.box for part in plan(district="강남구").split(Query("11680101", "뷔페")) if part.box]
    tall = bbox.north - bbox.south

    assert len(boxes) == 4
    assert min(box.south for box in boxes) == pytest.approx(bbox.south - MARGIN * tall)
    corners = [(bbox.south, bbox.west), (bbox.north, bbox.east), (boxes[0].north, boxes[0].east)]
    for lat, lon in corners:
        assert any(box.contains(lat, lon) for box in boxes)


def test_boxes_are_split_until_they_are_as_small_as_a_building() -> None:
    query, depth = Query("11680101", "뷔페"), 0
    while parts := plan(district="강남구").split(query):
        query, depth = parts[0], depth + 1

    assert query.box
    assert SMALLEST_DEGREES / 2 < query.box.north - query.box.south <= SMALLEST_DEGREES
    assert depth < 10


@pytest.mark.parametrize(
    ("keywords", "narrow"),
    [
        ("무한리필,삼겹살 무한리필", {"삼겹살 무한리필"}),
        ("삼겹살 무한리필,무한리필", {"삼겹살 무한리필"}),
        ("무한리필,무한 리필", {"무한 리필"}),
        ("무한 리필,무한리필", {"무한리필"}),
        ("삼겹살 무한리필,무제한", set()),
        ("뷔페,고기뷔페,두끼", {"고기뷔페"}),
    ],
)
def test_a_keyword_that_holds_anothers_words_is_narrow(keywords: str, narrow: set[str]) -> None:
    asked = plan(district="강남구", keywords=keywords)

    assert {keyword for keyword in keywords.split(",") if asked.is_narrow(keyword)} == narrow


def test_what_rests_is_not_asked() -> None:
    asked = plan(district="강남구,서초구", keywords="두끼,뷔페")
    asked.resting = frozenset({("11680", "두끼")})

    assert list(asked.seeds()) == [Query("11650", "두끼"), Query("11680", "뷔페"), Query("11650", "뷔페")]


def test_a_city_is_asked_unless_a_keyword_rests_in_all_of_it() -> None:
    everywhere = {(district.code, "두끼") for district in districts()}
    asked = plan(district="all", keywords="두끼")

    asked.resting = frozenset(everywhere)
    assert list(asked.seeds()) == []
    asked.resting = frozenset(everywhere - {("11680", "두끼")})
    assert list(asked.seeds()) == [Query("11", "두끼")]
    assert asked.split(Query("11", "두끼")) == [Query("11680", "두끼")]


def test_an_answer_is_whole_with_those_that_follow_from_it_the_resting_ones_included() -> None:
    asked = plan(district="강남구,서초구", keywords="두끼")
    asked.resting = frozenset({("11680", "두끼")})
    city, gangnam, dong = Query("11", "두끼"), Query("11680", "두끼"), Query("11680101", "두끼")

    assert asked.awaited(city, Step.STOP, 5, is_all=True) == {"11680": [], "11650": []}
    assert asked.awaited(gangnam, Step.FOLLOW, 20, is_all=True) == {"11680": [gangnam.answer_from(20)]}
    assert asked.awaited(city, Step.SPLIT, 100, is_all=True) == {
        code: [Query(code, "두끼").answer_from(0)] for code in ("11680", "11650")
    }
    assert dong.answer_from(0) in asked.awaited(gangnam, Step.SPLIT, 100, is_all=True)["11680"]
    for step, is_all in ((Step.FULL, True), (Step.STOP, False)):
        assert asked.awaited(dong, step, 5, is_all=is_all) == {"11680": [UNSEEN]}
