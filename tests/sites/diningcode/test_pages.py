"""The pages for people, as the replica writes them and as real ones are reported to look."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from refillspot.exceptions import BlockedError, LayoutChangedError, MalformedAnswerError, UnknownStoreError
from refillspot.regions import SEOUL
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.channels import (
    channel_of,
    read_kept_store,
    read_list,
    read_store,
    web_page_for,
)
from refillspot.sites.diningcode.forms import PAGE_CAP, search_form, store_form
from refillspot.sites.diningcode.html_pages import decode_list_page, decode_store_page
from refillspot.sites.diningcode.page_types import HoursRow, Menu, MenuLine, OpenStatus, Row, StorePage
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.shapes import Oddity
from refillspot.sites.site import Form
from replica import profile
from replica.city import build_city
from replica.clock import START
from replica.html_pages import write_list_page, write_missing_page
from replica.html_store import write_store_page
from replica.listing import Listing
from replica.query import Query
from replica.rows import Rows
from replica.search import Search
from replica.shapes import name_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Store

TODAY = START.date()
WHOLE = name_shapes("mixed", 0)  # both generations, and nothing odd
WEB_URL = "https://www.diningcode.com"
CITY = build_city(7, refill_stores=80, ordinary_stores=160)
QUERY = "서울 강남구 무한리필"
ROW = {
    "v_rid": "Ab1Cd2Ef3Gh4", "nm": "행복한'고기' ", "branch": "강남\\역점", "addr": "서울 강남구 역삼동 1-1",
    "road_addr": None, "phone": None, "category": "고기, <em>무한리필</em>", "lat": 37.5, "lng": 127.03, "score": 71,
    "user_score": 4.3, "review_cnt": 12, "open_status": "영업 중", "image": "http://127.0.0.1/1.webp",
}  # fmt: skip
# In the shape that real pages are reported to have: an address of links with a button behind, blanks and line breaks.
PAGE = """<!DOCTYPE html><html><head><title>강남 돼지상회 무한리필 - 강남역 삼겹살 맛집</title>
<script type="application/ld+json">{"@context": "http://schema.org"</script>
<script type="application/ld+json">[{"@type": "WebSite", "name": "다이닝코드"},
 {"@graph": [{"@type": ["FoodEstablishment"], "name": "강남 돼지상회 무한리필", "telephone": "02-555-1234",
   "servesCuisine": "삼겹살", "hasMenu": {"@type": "Menu", "hasMenuSection": [{"hasMenuItem": [
     {"@type": "MenuItem", "name": "삼겹살 무한리필", "offers": [{"price": "15,900원"}]}, {"@type": "MenuItem"}]}]}}]}]
</script></head><body>
<input id="hdn_lat" value="37.500792"/><input id="hdn_lng" value="127.0275564">
<div class="review-card"><p class="total_score">4.5점</p></div>
<ul class="basic-info"><li class="locat"><i></i><a href="#">서울특별시</a> <a href="#">강남구</a>
  <a href="#">역삼동</a> <span>123-4 2층</span></li>
<li class="tel">02-555-9876</li></ul>
<div class="busi-hours-today"><p class="l-txt">오늘(목)</p> <p class="r-txt">영업시간: 11:00 - 22:00</p></div>
<div class="busi-hours"><ul class="list">
<li><p class="l-txt">7월 9일(목)</p><p class="r-txt">영업시간: 11:00 - 22:00</p></li>
<li><p class="l-txt"></p><p class="r-txt">라스트오더: 21:00</p></li></ul></div>
<ul class="Restaurant_MenuList">
<li><span class="Restaurant_Menu">삼겹살 무한리필
 (100분)</span><p class="Restaurant_MenuPrice">15,900원</p></li>
<li><span class="Restaurant_Menu">물냉면</span></li></ul>
<p class="tags"><span class="tag">회식</span><span class="tag"> </span></p></body></html>"""


def script(data: Any, quotes: str = "'") -> bytes:
    inside = json.dumps(json.dumps(data, ensure_ascii=False), ensure_ascii=False)[1:-1].replace("'", r"\'")
    head = f"localStorage.setItem({quotes}listData{quotes},"
    return f"<html><script>a='x\\'';{head} '{inside}');b='1'</script></html>\n".encode()


def both_channels() -> Iterator[tuple[Store, Store]]:
    """Yield each store of the city as the API and as its page have it."""
    rows = Rows(TODAY, WHOLE)
    for store in CITY:
        row = msgspec.convert(rows.write(store, Query("", None, ())), Row)
        api, page = (
            decode_store(profile.answer(store, TODAY, WHOLE)),
            decode_store_page(write_store_page(store, TODAY, WHOLE).encode()),
        )
        yield build_store(row, api, WEB_URL), build_store(row, page, WEB_URL)


def says_the_same(name: str, api: Any, page: Any) -> bool:
    if name == "menu":
        return [(line.name, line.price_text) for line in api] == [(line.name, line.price_text) for line in page]
    if name == "images":
        return set(page) <= set(api)
    return name == "refill_terms" or bool(api == page)  # descriptions may say more of the terms


def test_a_store_is_the_same_by_either_road() -> None:
    compared = 0
    for api, page in both_channels():
        whole = api.menu is not None and api.hours_text is not None  # 3 % of the API's answers lack a section
        for field in fields(api):
            values = getattr(api, field.name), getattr(page, field.name)
            if whole and field.name not in {"facilities", "channel"} and all(values):
                assert says_the_same(field.name, *values), (api.ref, field.name, values)
                compared += 1
        assert page.refill.verdict == api.refill.verdict or not whole
        assert (api.channel, page.channel) == ("api", "web")
    assert compared > 10 * len(CITY)


def test_a_list_page_has_the_first_rows_of_the_api() -> None:
    listing = Listing(Search(CITY), 100, TODAY, SEOUL)
    whole, first = (listing.answer({"query": QUERY, "size": size}) for size in ("100", str(PAGE_CAP)))
    page = decode_list_page(write_list_page(QUERY, json.loads(first)["result_data"]).encode())
    answer = decode_search(whole)

    assert (page.cap, answer.cap) == (PAGE_CAP, None)
    assert page.total == answer.total
    assert [row.v_rid for row in page.rows] == [row.v_rid for row in answer.rows[:PAGE_CAP]]


@pytest.mark.parametrize("quotes", ["'", '"'])
def test_the_script_may_hold_the_section_or_what_is_around_it(quotes: str) -> None:
    section = {"total_cnt": 184, "list": [ROW], "region": "강남"}
    for data in (section, {"params": {}, "poi_section": section}):
        page = decode_list_page(script(data, quotes))
        assert page.total == 184
        assert [(row.nm, row.branch) for row in page.rows] == [("행복한'고기' ", "강남\\역점")]


def test_a_list_page_without_a_hit_is_empty() -> None:
    page = decode_list_page(script({"params": {}}))

    assert (page.total, page.rows) == (0, [])


def test_a_broken_row_costs_no_other() -> None:
    page = decode_list_page(script({"poi_section": {"total_cnt": 2, "list": [ROW | {"v_rid": None}, ROW]}}))

    assert len(page.rows) == 1
    assert "list[].v_rid: null" in page.broken[0]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html><body>other</body></html>", "no script that sets `listData`"),
        (script({"poi_section": {"total_cnt": 1}}), "poi_section.list"),
        (script({"poi_section": {"total_cnt": 1, "list": [{}]}}), "no row of 1"),
        (script([]), "empty array where object was due"),
        (b"<html><script>localStorage.setItem('listData','x')</script></html>", "not JSON|not whole JSON"),
        (b"<html><script>localStorage.setItem('listData','\\q')</script></html>", "not JSON within a string"),
        (b'{"result_code":"100"}', "no page for people"),
    ],
)
def test_a_list_page_in_another_shape_is_an_error(body: bytes, error: str) -> None:
    with pytest.raises((LayoutChangedError, MalformedAnswerError), match=error):
        decode_list_page(body)


def test_a_store_page_is_read() -> None:
    page = decode_store_page(PAGE.encode())
    restaurant, detail = page.restaurant, page.detail

    assert page.channel == "web"
    assert (restaurant.rn, restaurant.categories, restaurant.score) == ("강남 돼지상회 무한리필", ["삼겹살"], None)
    assert (restaurant.lat, restaurant.lng, restaurant.phone) == ("37.500792", "127.0275564", "02-555-1234")
    assert detail
    assert (detail.address, detail.road_address) == ("서울특별시 강남구 역삼동 123-4 2층", None)
    assert (detail.phone, detail.tag) == ("02-555-9876", ["회식"])
    assert detail.bhour == [HoursRow("7월 9일(목)", "영업시간: 11:00 - 22:00"), HoursRow("", "라스트오더: 21:00")]
    assert page.menu == Menu(
        lines=[MenuLine(menu="삼겹살 무한리필 (100분)", price="15,900원"), MenuLine(menu="물냉면")]
    )
    assert page.oddities == []


def without(*marks: str) -> StorePage:
    text = PAGE
    for mark in marks:
        assert mark in text
        text = text.replace(mark, "gone")
    return decode_store_page(text.encode())


def test_what_is_not_on_the_page_is_not_known() -> None:
    page = without(
        "Restaurant_MenuList", "MenuItem", "busi-hours", "tags", "locat", '"tel"', "hdn_lat", "telephone"
    )  # fmt: skip

    assert page.menu is None
    assert page.detail == type(page.detail)()  # type: ignore[misc]
    assert (page.restaurant.lat, page.restaurant.score, page.restaurant.phone) == (None, None, None)


def test_the_menu_for_search_engines_stands_in() -> None:
    page = without("Restaurant_MenuList")

    assert page.menu == Menu(lines=[MenuLine(menu="삼겹살 무한리필", price="15,900원")])


@pytest.mark.parametrize(("today", "said"), [("확인필요", None), ("영업 종료 25분 전", None), ("휴무일", "휴무일")])
def test_an_open_status_is_no_hours(today: str, said: str | None) -> None:
    page = decode_store_page(f"{PAGE[:-14]}<div class='busi-hours-today'>{today}</div></body></html>".encode().replace(
        b'busi-hours-today">', b'gone">'
    ))  # fmt: skip

    assert page.detail
    assert (page.detail.status.time if page.detail.status else None) == said


@pytest.mark.parametrize(
    ("place", "lot", "road"),
    [
        ("서울 강남구 역삼동 1", "서울 강남구 역삼동 1", None),
        ("서울 강남구 테헤란로 1 (역삼동)", None, "서울 강남구 테헤란로 1 (역삼동)"),
        ("지도에서 보기", None, None),
    ],
)
def test_the_address_is_whichever_it_is(place: str, lot: str | None, road: str | None) -> None:
    page = decode_store_page(
        f"{PAGE[:-14]}<li class='locat'>{place}</li></body></html>".replace('"locat"', "x").encode()
    )

    assert page.detail
    assert (page.detail.address, page.detail.road_address) == (lot, road)


@pytest.mark.parametrize(
    ("gone", "error"),
    [
        ("FoodEstablishment", "JSON-LD"),
        ('"name": "강남', "JSON-LD"),
    ],
)
def test_a_store_page_that_names_no_store_is_an_error(gone: str, error: str) -> None:
    with pytest.raises(LayoutChangedError, match=error):
        without(gone)


def test_a_week_whose_lines_are_odd_is_left_out() -> None:
    page = without("r-txt")

    assert page.detail
    assert page.detail.bhour is None
    assert page.detail.tag == ["회식"]
    assert page.oddities == [Oddity("page.hours", "a line of other parts", "a day beside its hours")]


def test_a_line_without_a_name_costs_that_line() -> None:
    page = without('"Restaurant_Menu"')

    assert page.menu == Menu(lines=[MenuLine(price="15,900원"), MenuLine()])
    assert page.oddities == [Oddity("page.menu[]", "nothing", "a name")]
    assert build_store(msgspec.convert(ROW, Row), page, WEB_URL).menu == []


def test_where_the_json_ld_is_broken_the_headline_names_the_store() -> None:
    page = decode_store_page(PAGE.replace("[{", "[{,").replace("<body>", "<h1 class='tit'>돼지상회</h1>").encode())

    assert page.restaurant.rn == "돼지상회"


def test_json_ld_with_a_line_break_in_a_text_is_read() -> None:
    page = decode_store_page(PAGE.replace('"다이닝코드"', '"다이닝\n코드"').encode())

    assert page.restaurant.phone == "02-555-1234"


NEW_PAGE = """<!DOCTYPE html><html><head><script type="application/ld+json">
{"@type": "FoodEstablishment", "name": "달빛식당", "geo": {"latitude": 37.5, "longitude": "127.03"},
 "address": {"addressRegion": "서울특별시", "addressLocality": "강남구", "streetAddress": "테헤란로 1"},
 "review": [{"author": {"name": "가상손님"}, "reviewBody": "합성후기"}]}</script></head><body>
<h1 class="tit">달빛식당</h1><a class="btxt category-1">삼겹살</a><a class="btxt category-2">무한리필</a>
<span class="profile_jibun">서울특별시 강남구 역삼동 1</span><li class="char">회식, 단체</li>
<div class="hour-main-grid"><div class="open-desc">오늘(수)</div>
<div id="today-main-hours"><span class="today-main-hours">영업시간: 11:00 - 22:00</span></div>
<div class="hour-dates-column"><div class="hour_date">10월 8일(목)</div><div class="hour_date">10월 9일(금)</div></div>
<div class="hour-times-column">
<div class="hour_time_item"><span class="hour_time">영업시간: 12:00 - 21:00</span>
<span class="hour_time">라스트오더: 20:00</span></div>
<div class="hour_time_item"><span class="hour_time closed">휴무일</span></div></div></div>
<ul class="Restaurant-MenuList"><li data-menu-index="0"><span class="restaurant-menu">삼겹살 무한리필</span>
<p class="restaurant-price">15,900원</p><p class="menu-description">두 시간</p></li></ul>
<div class="review"><p class="total_score">4.5점</p></div></body></html>"""


def test_a_store_page_of_2026_is_read() -> None:
    page = decode_store_page(f"\ufeff{NEW_PAGE}".encode())
    restaurant, detail = page.restaurant, page.detail

    assert (restaurant.rn, restaurant.categories, restaurant.score) == ("달빛식당", ["삼겹살", "무한리필"], None)
    assert (restaurant.lat, restaurant.lng) == ("37.5", "127.03")
    assert detail
    assert (detail.address, detail.road_address) == ("서울특별시 강남구 역삼동 1", "서울특별시 강남구 테헤란로 1")
    assert detail.tag == ["회식", "단체"]
    assert detail.bhour == [
        HoursRow("오늘(수)", "영업시간: 11:00 - 22:00"),
        HoursRow("10월 8일(목)", "영업시간: 12:00 - 21:00"),
        HoursRow("", "라스트오더: 20:00"),
        HoursRow("10월 9일(금)", "휴무일"),
    ]
    assert page.menu == Menu(lines=[MenuLine(menu="삼겹살 무한리필", price="15,900원", description="두 시간")])
    assert page.oddities == []


def test_dates_and_times_that_differ_in_number_are_not_paired() -> None:
    page = decode_store_page(NEW_PAGE.replace('<div class="hour_date">10월 9일(금)</div>', "").encode())

    assert page.detail
    assert page.detail.bhour is None
    assert page.detail.status == OpenStatus("오늘(수) 영업시간: 11:00 - 22:00")
    assert [odd.path for odd in page.oddities] == ["page.hours"]


def test_no_such_store() -> None:
    with pytest.raises(UnknownStoreError):
        decode_store_page(write_missing_page().encode())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>Human Verification: are you a robot?</html>", BlockedError),
        (PAGE[:700].encode(), MalformedAnswerError),
        (b"", MalformedAnswerError),
        (b"{}", LayoutChangedError),
    ],
)
def test_what_is_no_whole_page_is_said(body: bytes, error: type[Exception]) -> None:
    for decode in (decode_list_page, decode_store_page):
        with pytest.raises(error):
            decode(body)


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        (search_form("서울 강남구 A&B 무한리필"), ("query", "서울 강남구 A&B 무한리필")),
        (store_form("Ab1Cd2Ef3Gh4"), ("rid", "Ab1Cd2Ef3Gh4")),
    ],
)
def test_a_form_has_its_page(form: Form, asked: tuple[str, str]) -> None:
    url = web_page_for(form, f"{WEB_URL}/")

    assert url
    assert channel_of(url) == "web"
    assert parse_qsl(urlsplit(url).query) == [asked]
    assert channel_of(f"https://im.diningcode.com{form.path}") == "api"


def test_further_rows_are_on_the_page_of_the_first() -> None:
    assert web_page_for(search_form("뷔페", offset=100), WEB_URL) == web_page_for(search_form("뷔페"), WEB_URL)


@pytest.mark.parametrize("form", [Form("/API/isearch/", b"query=x&rect=1,2,3,4"), Form("/API/other/", b"v_rid=x")])
def test_what_no_page_says_has_none(form: Form) -> None:
    assert web_page_for(form, WEB_URL) is None


def test_each_channel_has_its_reader() -> None:
    api, pages = f"{WEB_URL}/API/profile/", f"{WEB_URL}/profile.php?rid=x"
    answer, page = profile.answer(CITY[0], TODAY), write_store_page(CITY[0], TODAY).encode()

    assert read_store(api, answer) == read_kept_store(answer)
    assert read_store(pages, page) == read_kept_store(page)
    assert read_list(f"{WEB_URL}/list.dc", script({})).cap == PAGE_CAP
    with pytest.raises(BlockedError):
        read_store(api, page)
    with pytest.raises(LayoutChangedError):
        read_store(pages, answer)
