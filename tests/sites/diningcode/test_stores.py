from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from refillspot.parsing.hours.osm import write_osm
from refillspot.sites.diningcode.page_types import Detail, HoursRow, Restaurant, Row, StorePage
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from refillspot.items import Store

NOTHING: dict[str, object] = dict.fromkeys(Row.__struct_fields__)


def build(**said: Any) -> Store:
    row = msgspec.convert(NOTHING | {"v_rid": "AAAAaaaa1111", "nm": "달빛"}, Row)
    return build_store(row, StorePage(Restaurant(rn="달빛", **said)), "https://www.diningcode.com")


@pytest.mark.parametrize(
    ("said", "score"),
    [
        (71, 71),
        ("71", 71),
        ("0,071", 71),
        ("1,071", None),
        (-1, None),
        (None, None),
        ("INF", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_score_is_a_number_or_not_known(said: object, score: int | None) -> None:
    assert build(score=said).score == score


@pytest.mark.parametrize("lat", ["nan", "INF", 0, None, 91.0])
def test_a_point_that_is_nowhere_in_korea_is_not_known(lat: object) -> None:
    assert build(lat=lat, lng=127.0).lat is None


@pytest.mark.parametrize(
    ("addr", "region", "code"),
    [
        ("서울특별시 중구 을지로1가 1", "서울특별시", "11140"),
        ("부산 중구 남포동1가 1", "부산광역시", "26110"),
        ("대구 중구 동성로1가 1", "대구광역시", "27110"),
        ("경기 수원시 권선구 권선동 1", "경기도", None),
        ("을지로1가 1", None, None),
        (None, None, None),
    ],
)
def test_a_district_is_told_with_its_city(addr: str | None, region: str | None, code: str | None) -> None:
    row = Row(v_rid="AAAAaaaa1111", nm="달빛", addr=addr)
    store = build_store(row, None, "https://www.diningcode.com")

    assert (store.site, store.region, store.district_code) == ("diningcode", region, code)


OPEN, BREAK = HoursRow("", "영업시간: 11:00 - 22:00"), HoursRow("", "브레이크타임: 15:00 - 17:00")


@pytest.mark.parametrize(
    ("lines", "hours"),
    [
        ([BREAK], "Mo 11:00-15:00,17:00-22:00; Tu 11:00-22:00"),
        ([None], "Tu 11:00-22:00"),  # it may have been Monday's break
        ([HoursRow("", None)], "Tu 11:00-22:00"),
        ([HoursRow(None, "브레이크타임: 15:00 - 17:00")], "Tu 11:00-22:00"),
        ([None, BREAK], "Tu 11:00-22:00"),
        ([HoursRow("수", None), BREAK], "Mo 11:00-22:00; Tu 11:00-22:00"),
    ],
)
def test_a_line_of_the_week_that_cannot_be_read_costs_its_day(lines: list[HoursRow], hours: str) -> None:
    row = Row(v_rid="AAAAaaaa1111", nm="달빛")
    week = [HoursRow("월", OPEN.time), *lines, HoursRow("화", OPEN.time)]
    store = build_store(row, StorePage(Restaurant(rn="달빛"), Detail(bhour=week)), "https://www.diningcode.com")

    assert store.hours
    assert write_osm(store.hours).replace("Mo-Tu 11:00-22:00", "Mo 11:00-22:00; Tu 11:00-22:00") == hours
