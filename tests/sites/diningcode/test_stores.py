from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from refillspot.parsing.hours.osm import write_osm
from refillspot.sites.diningcode.answers import decode_store
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


SECTIONS: dict[str, dict[str, Any]] = {
    "restaurant": {"rn": "달빛", "branch": "", "categories": [], "lat": None, "lng": None, "phone": []},
    "detail": {
        "address": "", "road_address": None, "phone": "", "tag": [], "facility": [], "status": [], "bhour": [],
        "bhour_seo": "",
    },
    "menu": {"list": []},
}  # fmt: skip
EVERYTHING = {
    "branch", "addr", "road_addr", "lat", "lon", "phone", "categories", "hours_text", "menu", "tags", "facilities",
}  # fmt: skip


def build_page(**changes: Any) -> Store:
    """Return the store of a page with `SECTIONS`, but for what `section__part` is set to; ... takes it out."""
    sections = {key: dict(parts) for key, parts in SECTIONS.items()}
    for path, value in changes.items():
        section, part = path.split("__")
        sections[section].pop(part) if value is ... else sections[section].update({part: value})
    data = [{"key": key} | parts for key, parts in sections.items()]
    page = decode_store(json.dumps({"result_code": "100", "result_data": data}).encode())
    row = msgspec.convert(NOTHING | {"v_rid": "AAAAaaaa1111", "nm": "달빛"}, Row)
    return build_store(row, page, "https://www.diningcode.com")


PRICED = {"menu": "삼겹살 무한리필", "price": "15,900원"}


@pytest.mark.parametrize(
    ("changes", "not_blank", "partial"),
    [
        ({}, set(), set()),
        ({"detail__phone": ...}, {"phone"}, set()),
        ({"detail__phone": 7}, {"phone"}, set()),
        ({"restaurant__phone": "02-555-1234"}, {"phone"}, set()),
        ({"detail__phone": "전화 없음"}, {"phone"}, set()),
        ({"detail__tag": {"a": 1}, "detail__facility": None}, {"tags"}, {"tags"}),
        ({"detail__tag": ["회식", 7]}, {"tags"}, {"tags"}),
        ({"detail__bhour": ...}, {"hours_text"}, set()),
        ({"detail__bhour": 7}, {"hours_text"}, set()),
        ({"detail__status": {"time": "11:00 - 22:00"}}, {"hours_text"}, set()),
        ({"restaurant__lat": "0", "restaurant__branch": ...}, {"lat", "lon", "branch"}, set()),
        ({"menu__list": ...}, {"menu"}, set()),
        ({"menu__list": 7}, {"menu"}, {"menu"}),
        ({"menu__list": [7]}, {"menu"}, {"menu"}),
        ({"menu__list": [PRICED | {"price": 7}]}, {"menu"}, {"menu"}),
        ({"menu__list": [PRICED]}, {"menu"}, set()),
    ],
)  # fmt: skip
def test_only_a_place_that_is_there_and_empty_says_that_there_is_nothing(
    changes: dict[str, Any], not_blank: set[str], partial: set[str]
) -> None:
    store = build_page(**changes)

    assert store.blank & EVERYTHING == EVERYTHING - not_blank
    assert store.partial == partial


def test_a_menu_that_is_read_whole_says_that_there_is_no_offer() -> None:
    plain, offering = ({"menu": "물냉면", "price": "6,000원"}, PRICED)
    offer = {"refill_prices", "refill_price_krw", "refill_terms"}

    assert build_page(menu__list=[plain]).blank & offer == offer
    assert build_page(menu__list=[offering]).blank & offer == {"refill_terms"}
    assert build_page(menu__list=[plain, 7]).blank & offer == set()
    assert build_page(menu__list=[]).blank & offer == set()


def test_a_page_for_people_never_says_that_there_is_nothing() -> None:
    store = build(branch="", categories=[])

    assert (store.blank, store.partial) == (frozenset(), frozenset())
