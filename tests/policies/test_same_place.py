"""What is the same place: measured on a city whose lists are written as people write them, and case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refillspot.listing.own_list import write_place
from refillspot.policies.place_names import Spoken
from refillspot.policies.same_place import FAR, NamedPlace, match_places
from tests.policies.labelled_places import Shop, city, crawled, tally, write_list

LAT = 37.4979
HOME = NamedPlace("쿠우쿠우", "강남역점", LAT, 127.0276, "11680 테헤란로 1", "11680 역삼동 823", "11680", "역삼동")
ELSEWHERE = replace(
    HOME, name="두끼", branch="신사점", lat=37.5245, lon=127.0227, road="11680 도산대로 9", lot=None, dong="신사동"
)
FIRST = replace(ELSEWHERE, name="두끼", branch="본점", lat=37.5, road="11680 논현로 1", dong="논현동")
STREET = NamedPlace("왕갈비 1번지", None, 37.6, 127.1)
STEP = 0.0009  # degrees to the north, a hundred metres


def places(shops: list[Shop]) -> list[NamedPlace]:
    return [write_place(shop.name, shop.branch, (shop.lat, shop.lon), [shop.road_addr, shop.addr]) for shop in shops]


@pytest.mark.parametrize("seed", [7, 20261128])
def test_of_a_list_nearly_all_are_found_and_hardly_one_is_taken_for_another(seed: int) -> None:
    """As DESIGN 8 asks for it; `python -m bench.truth` measures it on cities that nobody has seen."""
    shops = city(seed, refill=600, ordinary=1800)
    known, written = crawled(shops, seed), write_list(shops, seed)
    own = [write_place(one.name, one.branch, one.point, [one.address]) for one in written]
    matches = match_places(own, places([shops[number] for number in known]))
    found = [one.nearest.known if one.nearest and one.state in {"same", "twice"} else None for one in matches]
    counted = tally(written, known, found)

    assert counted.precision >= 0.99
    assert counted.recall >= 0.95


def test_twice_as_many_are_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    likeness = Spoken.likeness

    def counted(self: Spoken, other: Spoken) -> float:
        nonlocal compared
        compared += 1
        return likeness(self, other)

    monkeypatch.setattr(Spoken, "likeness", counted)
    here = places(city(7, refill=200, ordinary=400))
    there = [
        replace(one, name=f"밖{one.name}", lat=one.lat + 2, road=None, lot=None, dong=None) for one in here if one.lat
    ]
    match_places(here, here)
    once = compared
    match_places(here + there, here + there)

    assert compared - once < 3 * once


@pytest.mark.parametrize(
    ("own", "state"),
    [
        (HOME, "same"),
        (replace(HOME, name="쿠우쿠우 강남점", branch=None), "same"),
        (replace(HOME, name="쿠우쿠우강남역점", branch=None, lat=LAT + STEP), "same"),
        (replace(HOME, name="쿠우 쿠우(강남역점)", branch=None), "same"),
        (replace(HOME, name="［포장］ 쿠우쿠우", branch=None), "same"),
        (replace(HOME, name="쿠우쿠유", branch=None), "same"),
        (replace(HOME, name="(주)쿠우쿠우 무한리필", branch=None, lat=None, lon=None), "same"),
        (NamedPlace("쿠우쿠우 강남역점"), "same"),
        (NamedPlace("쿠우쿠우", district="11680"), "same"),
        (NamedPlace("쿠우쿠우", district="11650"), "none"),
        (replace(HOME, name="애슐리"), "none"),  # what has taken its place
        (replace(HOME, lat=LAT + 30 * STEP, road=None, lot=None, branch=None), "none"),
        (replace(HOME, branch="역삼점", lat=LAT + 2 * STEP, road=None, lot=None), "none"),
        (replace(HOME, lat=LAT + 20 * STEP, road=None, lot=None), "same"),  # the branch says which
        (replace(HOME, branch=None, lat=LAT + 2 * STEP, road=None, lot=None), "same"),
        (replace(HOME, branch=None, lat=LAT + 2 * STEP, road="11680 테헤란로 9", lot=None), "none"),  # another building
        (replace(STREET, name="왕갈비 2번지"), "none"),
        (replace(STREET, name="왕갈비"), "same"),
        (replace(HOME, branch="2호점"), "same"),  # of what is in 강남역
        (replace(FIRST, branch="2호점"), "none"),  # of what is the first
        (replace(HOME, name="★★★", branch=None), "none"),
        (NamedPlace("두끼", district="11680"), "unclear"),
        (NamedPlace("두끼 신사", district="11680"), "unclear"),
        (NamedPlace("없는 집"), "none"),
    ],
)  # fmt: skip
def test_case_by_case(own: NamedPlace, state: str) -> None:
    (match,) = match_places([own], [HOME, ELSEWHERE, FIRST, STREET])

    assert match.state == state


def test_no_place_is_two_of_a_list() -> None:
    twice, other = (
        replace(HOME, name="쿠우쿠우 강남", branch=None),
        replace(HOME, name="쿠우쿠우", branch=None, lat=LAT + 3 * STEP),
    )
    other = replace(other, road=None, lot=None)
    first, second, third = match_places([other, twice, HOME], [HOME])

    assert (third.state, second.state, second.twice_as, first.state) == ("same", "twice", 2, "none")
    assert first.nearest
    assert first.nearest.metres
    assert first.nearest.metres < FAR


def test_of_several_that_nothing_tells_apart_none_is_taken() -> None:
    chain = [
        replace(HOME, branch=None),
        replace(HOME, branch=None, lat=LAT + 50 * STEP, road="11680 선릉로 2", lot=None),
    ]

    assert [match.state for match in match_places([NamedPlace("쿠우쿠우")], chain)] == ["unclear"]


def test_what_is_nearest_is_told_of_each_that_is_not_there() -> None:
    far, near = replace(ELSEWHERE, name="애슐리"), replace(HOME, name="강남면옥", branch=None)
    (match,) = match_places([replace(HOME, name="역삼칼국수", branch=None, road=None, lot=None)], [far, near])

    assert match.nearest
    assert match.nearest.known == 1
