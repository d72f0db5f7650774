"""What is longer, deeper or more than anything of a store costs itself alone, on either channel, and no time."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.exceptions import LayoutChangedError
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.forms import refusal_of
from refillspot.sites.diningcode.html_pages import decode_list_page, decode_store_page
from refillspot.sites.diningcode.kept_page import kept_page, kept_store_page
from refillspot.sites.diningcode.page_text import DEEPEST, MOST_ATTRIBUTES, MOST_CHARACTERS, MOST_NODES
from refillspot.sites.diningcode.page_types import LONGEST_TEXT, MOST_ENTRIES
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.shapes import Oddity
from tests.parsing.fuzz import ROW
from tests.parsing.growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable

API = "https://im.diningcode.com"
LONG = "가" * (LONGEST_TEXT + 1)
SIZE = 2400


def store_page(body: str, **linked: Any) -> bytes:
    said = json.dumps({"@type": "Restaurant", "name": "달빛"} | linked)
    return f'<html><script type="application/ld+json">{said}</script>{body}</html>'.encode()


def store(**sections: Any) -> bytes:
    data = [{"key": key, **section} for key, section in ({"restaurant": {"rn": "달빛"}} | sections).items()]
    return json.dumps({"result_code": "100", "result_data": data}).encode()


def search(rows: list[Any]) -> bytes:
    data = {"poi_section": {"total_cnt": len(rows), "list": rows}}
    return json.dumps({"result_code": "100", "result_data": data}).encode()


def list_page(rows: list[Any]) -> bytes:
    inside = json.dumps(json.dumps({"total_cnt": len(rows), "list": rows}))[1:-1].replace("'", r"\'")
    return f"<html><script>localStorage.setItem('listData','{inside}')</script></html>".encode()


@pytest.mark.parametrize(
    ("body", "linked", "path"),
    [
        (f'<li class="tel">{LONG}</li>', {}, "detail.phone"),
        (f'<div class="tags"><b class="tag">{LONG}</b></div>', {}, "detail.tag[]"),
        (f'<p class="busi-hours-today">11:00 {LONG}</p>', {}, "detail.status.time"),
        (f'<li class="locat">서울 강남구 테헤란로 1 {LONG}</li>', {}, "detail.road_address"),
        (f'<ul class="Restaurant_MenuList"><li><b class="Restaurant_Menu">{LONG}</b></ul>', {}, "menu.list[].menu"),
        ("", {"telephone": LONG}, "restaurant.phone"),
        ("", {"servesCuisine": [LONG]}, "restaurant.categories[]"),
        ("", {"address": f"서울 강남구 테헤란로 1 {LONG}"}, "detail.road_address"),
        ("", {"hasMenu": [{"@type": "MenuItem", "name": "밥", "price": LONG}]}, "menu.list[].price"),
    ],
)
def test_a_long_text_of_a_page_is_an_odd_part_as_it_is_of_the_api(body: str, linked: dict[str, Any], path: str) -> None:
    page = decode_store_page(store_page(body, **linked))

    assert Oddity(path, "long text", "text") in page.oddities
    assert LONG not in str(page)
    assert page.restaurant.rn == "달빛"


def test_a_name_that_is_none_is_no_page_of_a_store() -> None:
    with pytest.raises(LayoutChangedError, match=r"restaurant\.rn: long text"):
        decode_store_page(store_page("", name=LONG))


@pytest.mark.parametrize("entries", [["가"] * (MOST_ENTRIES + 1), {str(n): "가" for n in range(MOST_ENTRIES + 1)}])
def test_a_long_list_is_an_odd_part(entries: Any) -> None:
    page = decode_store(store(detail={"tag": entries, "phone": "02-555-1234"}))

    assert page.detail
    assert (page.detail.tag, page.detail.phone) == (None, "02-555-1234")
    assert [odd.path for odd in page.oddities] == ["detail.tag"]


def test_numbers_have_their_length_too() -> None:
    page = decode_store(store(restaurant={"rn": "달빛", "lat": "3" * 50}))

    assert page.oddities == [Oddity("restaurant.lat", "long text", "number")]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<ul><li>" * DEEPEST, "deep"),
        ("<b></b>" * MOST_NODES, "nodes"),
        ("<!-- -->" * MOST_NODES, "nodes"),
        ("<?a ?>" * MOST_NODES, "nodes"),
        (f"<b {' '.join(f'a{n}' for n in range(MOST_ATTRIBUTES + 1))}>", "attributes"),
        ("가" * MOST_CHARACTERS, "characters"),
        ("\0" + "<ul><li>" * DEEPEST, "deep"),
    ],
)
def test_a_page_beyond_the_bounds_is_not_walked(body: str, why: str) -> None:
    with pytest.raises(LayoutChangedError, match=why):
        decode_store_page(store_page(body))
    assert why in json.loads(kept_store_page(store_page(body)))["left_out"]


@pytest.mark.parametrize("attributes", ["{a=1", "{}=1", "a\x01=1", 'value="\x01"', 'class="\ufffe tags"', 'a"b=1'])
def test_a_page_is_kept_whatever_its_attributes(attributes: str) -> None:
    body = store_page(f'<li class="tel" {attributes}>02-555-1234</li>')

    assert decode_store_page(kept_store_page(body)) == decode_store_page(body)


def build_rows(unit: str, size: int) -> list[dict[str, Any]]:
    count = size * MOST_ENTRIES // SIZE
    return [
        {"v_rid": f"A{n}", "nm": f"{unit} {n}", "image_list": [3], "keyword": [{"term": unit}]} for n in range(count)
    ]


def build_menu(unit: str, size: int) -> dict[str, Any]:
    count = size * MOST_ENTRIES // SIZE
    return {"list": [{"menu": f"{unit} {n}", "price": f"{unit} {n}", "best": []} for n in range(count)]}


def nested(unit: str, size: int) -> bytes:
    return store_page(unit * size)


def attributes(size: int) -> bytes:
    return store_page("<li class=char>" + " ".join(f"<b a{n}>" for n in range(size)))


def read_built(body: bytes) -> None:
    build_store(ROW, decode_store(body), API)


def refused(read: Callable[[bytes], object], body: bytes) -> None:
    try:
        read(body)
    except LayoutChangedError:
        return


READ: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "search": (decode_search, lambda size: search(build_rows("밥 무한리필(", size))),
    "list page": (decode_list_page, lambda size: list_page(build_rows("밥 무한리필(", size))),
    "kept search": (
        lambda body: kept_page(f"{API}/API/isearch/", 200, body),
        lambda size: search(build_rows("밥 무한리필(", size)),
    ),
    "store": (read_built, lambda size: store(menu=build_menu("성인 무한리필 1만원", size))),
    "kept store": (
        lambda body: kept_page(f"{API}/API/profile/", 200, body),
        lambda size: store(menu=build_menu("밥", size), review={"user": "가" * size}),
    ),
    "refusal": (lambda body: refusal_of(API, 200, body), lambda size: b"<" * 20 * size),
    "no script": (partial(refused, decode_list_page), partial(nested, 'localStorage.setItem("listData",\'\\')),
}
PIECES = (
    "<ul class=Restaurant_MenuList><li><b class=Restaurant_Menu>밥</b></li></ul>",
    "<ul class=Restaurant_MenuList><li>",
    "<div class='tags tag'>밥",
    "<li class=char><b>밥",
    "<ul class=busi-hours><li><b class=l-txt>월</b><b class=r-txt>11:00</b></li></ul>",
    "<i a b c d e f g=1 h='2'>",
    "<b class='tags tag char'",
    "<!--",
    "</b>",
    "&#",
    "<h1 class=tit>가",
    "<p class=busi-hours-today>1 : ",
)
for piece in PIECES:
    READ[f"page of {piece}"] = (partial(refused, decode_store_page), partial(nested, piece))
    READ[f"kept page of {piece}"] = (kept_store_page, partial(nested, piece))


@pytest.mark.parametrize("name", READ)
def test_reading_takes_time_as_its_size_does(name: str) -> None:
    read, build = READ[name]

    assert grows_linearly(read, build, SIZE)


def test_attributes_of_one_element_are_counted_before_they_are_compared() -> None:
    def page(size: int) -> bytes:
        return store_page(f"<li class=char {' '.join(f'a{n}=1' for n in range(20 * size))}></li>")

    assert grows_linearly(partial(refused, decode_store_page), page, SIZE)
    assert grows_linearly(kept_store_page, page, SIZE)
