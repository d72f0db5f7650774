from __future__ import annotations

import pytest
from msgspec.structs import replace

from refillspot.planning import Query
from refillspot.regions import BoundingBox
from refillspot.sites.diningcode.lists import ListReader, ListResult
from refillspot.sites.diningcode.page_types import Row, SearchPage
from tests.sites.diningcode.test_prospects import row

GANGNAM, SEOCHO = "11680", "11650"
BOX = BoundingBox(37.49, 127.03, 37.5, 127.04)


def at(district: str, name: str = "무한리필 옛날집", lat: float | str | None = 37.495, lon: float = 127.035) -> Row:
    addr = f"서울특별시 {district} 역삼동 1" if district == "강남구" else f"서울특별시 {district} 1"
    return replace(row(name), v_rid=f"{district} {name}", addr=addr, lat=lat, lng=lon)


def read(*rows: Row, query: Query | None = None, seen: tuple[str, ...] = (), share: float = 0.0) -> ListResult:
    page = SearchPage(total=len(rows), rows=list(rows), terms=[()] * len(rows))
    return ListReader([GANGNAM, SEOCHO], share).read(page, query or Query(GANGNAM, "무한리필"), seen)


def test_rows_of_asked_districts_are_wanted_and_strangers_counted() -> None:
    reading = read(at("강남구"), at("서초구"), at("종로구"))

    assert [one.district_code for one in reading.wanted] == [GANGNAM, SEOCHO]
    assert (reading.counts["rows"], reading.counts["strangers"], reading.counts["rows_near"]) == (3, 1, 2)
    assert (reading.answer.here, reading.answer.worthy) == (1, 1)


def test_the_unlikely_are_counted_and_a_share_of_them_is_wanted() -> None:
    unlikely = at("강남구", "공기밥 무한리필 국밥")

    assert read(unlikely).wanted == []
    assert read(unlikely).counts["unlikely"] == 1
    assert [one.is_sample for one in read(unlikely, share=1.0).wanted] == [True]
    assert read(unlikely, share=1.0).answer.worthy == 0


def test_rows_of_earlier_pages_are_known() -> None:
    one, two = at("강남구", "무한리필 하나"), at("강남구", "무한리필 둘")
    reading = read(one, two, seen=(one.v_rid,))

    assert (reading.answer.shown, reading.answer.new) == (2, 1)
    assert reading.refs == [one.v_rid, two.v_rid]


def test_a_search_that_looked_further_is_told_from_one_that_understood_nothing() -> None:
    near = read(at("강남구"), at("종로구"))
    widened = read(at("종로구"), at("중구"))
    generic = read(at("종로구", "옛날집"), at("중구", "새집"), at("강남구", "남의집"))

    assert [reading.is_doubtful for reading in (near, widened, generic)] == [False, True, True]
    assert widened.counts["rows_widened"] == 2
    assert generic.counts["rows_generic"] == 3


def test_in_a_whole_city_only_the_words_tell() -> None:
    city = Query("11", "무한리필")

    assert not read(at("종로구"), at("중구"), query=city).is_doubtful
    assert read(at("종로구", "옛날집"), at("중구", "새집"), query=city).is_doubtful


def test_nothing_at_all_is_no_doubt() -> None:
    assert not read().is_doubtful


@pytest.mark.parametrize(("lat", "ignored"), [(37.495, False), ("37.495", False), (37.52, True), (None, False)])
def test_a_box_that_is_ignored_shows_in_the_coordinates(lat: float | str | None, ignored: bool) -> None:  # noqa: FBT001
    reading = read(at("강남구", lat=lat), query=Query("11680101", "무한리필", BOX))

    assert reading.answer.is_box_ignored is ignored


def test_what_was_wanted_is_told_by_district_of_the_query() -> None:
    rows = at("강남구"), at("서초구")

    assert read(*rows).about == {GANGNAM: [rows[0].v_rid]}
    assert read(*rows, query=Query("11", "무한리필")).about == {GANGNAM: [rows[0].v_rid], SEOCHO: [rows[1].v_rid]}
