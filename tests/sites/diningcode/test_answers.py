from __future__ import annotations

import json
from typing import Any

import pytest

from refillspot.exceptions import ApiError, BlockedError, LayoutChangedError, MalformedAnswerError
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.page_types import HoursRow, Menu, MenuLine
from refillspot.sites.shapes import Oddity

ROW = {
    "v_rid": "Ab1Cd2Ef3Gh4",
    "nm": "행복한고기 ",
    "branch": None,
    "addr": "서울 강남구 역삼동 1-1",
    "road_addr": "서울특별시 강남구 테헤란로 1",
    "phone": "02-555-1234",
    "category": "고기, <em>무한리필</em>",
    "area": ["강남", None],
    "lat": 37.5,
    "lng": 127.03,
    "score": 71,
    "user_score": 4.3,
    "review_cnt": 12,
    "open_status": "영업 중",
    "image": "http://127.0.0.1/1.webp",
}


def search(*rows: dict[str, Any], **section: Any) -> bytes:
    poi = {"total_cnt": len(rows), "list": rows} | section
    return json.dumps({"result_code": "100", "result_data": {"params": {}, "poi_section": poi}}).encode()


def store(*sections: Any) -> bytes:
    return json.dumps({"result_code": "100", "result_data": sections}).encode()


def test_a_list_page_is_read() -> None:
    page = decode_search(search(ROW, total_cnt=184))

    assert page.total == 184
    assert [row.v_rid for row in page.rows] == ["Ab1Cd2Ef3Gh4"]
    assert page.broken == []


def test_no_hit_has_no_section() -> None:
    page = decode_search(b'{"result_code":"100","result_data":{"params":{}}}')

    assert (page.total, page.rows) == (0, [])


@pytest.mark.parametrize(
    "variant",
    [
        {"user_score": 0},
        {"lat": "37.5", "lng": "127.03"},
        {"review_cnt": "1,204"},
        {"phone": None, "road_addr": None, "branch": "본점"},
        {"display_review": {"review": "<b>좋아요</b>"}, "distance": "884m", "image_list": []},
    ],
    ids=str,
)
def test_what_the_site_varies_is_tolerated(variant: dict[str, Any]) -> None:
    assert decode_search(search(ROW | variant)).broken == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"nm": None}, "list[].nm: null"),
        ({"nm": " "}, "list[].nm: empty text"),
        ({"nm": [ROW["nm"]]}, "list[].nm: array"),
        ({"v_rid": ["Ab1Cd2Ef3Gh4"]}, "list[].v_rid: array"),
        ({"v_rid": ""}, "list[].v_rid: empty text where id was due"),
        ({"v_rid": "A" * 6000}, "list[].v_rid: text where id was due"),
        ({"v_rid": "Ab1\x1b[2J"}, "list[].v_rid: text where id was due"),
        ({"v_rid": "Ab1\n2026-11-28 ERROR"}, "list[].v_rid: text where id was due"),
        ({"nm": "밥 무한리필(" * 100}, "list[].nm: long text where text was due"),
    ],
    ids=str,
)
def test_a_row_that_names_no_store_is_told_by_its_path_and_costs_no_neighbour(
    change: dict[str, Any], path: str
) -> None:
    page = decode_search(search(ROW, ROW | change))

    assert len(page.rows) == 1
    assert path in page.broken[0]


@pytest.mark.parametrize(
    ("change", "odd"),
    [
        ({"lat": [37.5]}, Oddity("list[].lat", "array", "number")),
        ({"phone": {"no": "1"}}, Oddity("list[].phone", "object", "text")),
        ({"image_list": [None, "http://127.0.0.1/2.webp"]}, Oddity("list[].image_list[]", "null", "text or object")),
        ({"phone": "0" * 4001}, Oddity("list[].phone", "long text", "text")),
        ({"score": ""}, Oddity("list[].score", "empty text", "number")),
        ({"user_score": "good"}, Oddity("list[].user_score", "text", "number")),
        ({"keyword": [{"term": 7}]}, Oddity("list[].keyword[].term", "number", "text")),
        ({"review_cnt": False}, Oddity("list[].review_cnt", "false", "number")),
    ],
    ids=str,
)
def test_an_odd_field_costs_that_field(change: dict[str, Any], odd: Oddity) -> None:
    page = decode_search(search(ROW, ROW | change))

    (name,) = change
    assert page.oddities == [odd]
    assert page.broken == []
    assert [row.nm for row in page.rows] == [ROW["nm"]] * 2
    expected = ["http://127.0.0.1/2.webp"] if name == "image_list" else None
    assert name == "keyword" or getattr(page.rows[1], name) == expected


def test_a_missing_field_is_not_known() -> None:
    page = decode_search(search({"v_rid": ROW["v_rid"], "nm": ROW["nm"]}))

    assert (page.rows[0].addr, page.rows[0].lat, page.terms) == (None, None, [None])
    assert (page.broken, page.oddities) == ([], [])


@pytest.mark.parametrize(
    ("section", "total"),
    [
        ({"total_cnt": "1,185"}, 1185),
        ({"total_cnt": "0,1185"}, 1185),
        ({"total_cnt": None, "params": {"rcount": 7}}, 7),
        ({"total_cnt": []}, None),
        ({"total_cnt": "many", "params": []}, None),
    ],
    ids=str,
)
def test_a_count_comes_as_text_too(section: dict[str, Any], total: int | None) -> None:
    page = decode_search(search(ROW, **section))

    assert (page.total, len(page.rows)) == (total, 1)


@pytest.mark.parametrize("section", ["text", 7, {"total_cnt": 3}, {"total_cnt": 3, "list": "none"}], ids=str)
def test_a_section_without_a_list_is_a_changed_layout(section: Any) -> None:
    with pytest.raises(LayoutChangedError, match="poi_section"):
        decode_search(json.dumps({"result_code": "100", "result_data": {"poi_section": section}}).encode())


@pytest.mark.parametrize("section", [[], None, {"total_cnt": 0}], ids=str)
def test_nothing_found_is_written_in_several_ways(section: Any) -> None:
    page = decode_search(json.dumps({"result_code": "100", "result_data": {"poi_section": section}}).encode())

    assert (page.total, page.rows) == (0, [])


def test_a_renamed_key_is_a_changed_layout() -> None:
    renamed = {("name" if key == "nm" else key): value for key, value in ROW.items()}

    with pytest.raises(LayoutChangedError, match="nm"):
        decode_search(search(renamed, renamed))


@pytest.mark.parametrize("decode", [decode_search, decode_store])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", MalformedAnswerError),
        (b'{"result_code":"100","result_da', MalformedAnswerError),
        (b'{"result_code":"100","result_data":NaN', MalformedAnswerError),
        (b"[" * 100_000, MalformedAnswerError),
        (b"<!DOCTYPE html><title>Human Verification</title>", BlockedError),
        (b"\n <html>", BlockedError),
        (b'{"result_code":"001","result_msg":"no such store"}', ApiError),
        (b'{"result_code":"\xff"}', LayoutChangedError),
        (b'{"result_code":101}', ApiError),
        (b'{"result_code":100}', LayoutChangedError),
        (b'{"result_data":{}}', LayoutChangedError),
        (b"[]", LayoutChangedError),
        (b'{"result_code":"100","result_data":7}', LayoutChangedError),
    ],
)
def test_what_is_no_answer_is_named(decode: Any, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        decode(body)


def test_sections_are_found_by_key_in_any_order() -> None:
    page = decode_store(
        store(
            {"key": "blog", "list": []},
            {"key": "menu", "list": [{"menu": "삼겹살 무한리필", "price": "15,900원", "best": 1}]},
            {"key": "restaurant", "rn": "행복한고기"},
        )
    )

    assert page.restaurant.rn == "행복한고기"
    assert page.menu == Menu(lines=[MenuLine(menu="삼겹살 무한리필", price="15,900원", best=1)])
    assert page.detail is None


def test_a_store_page_without_restaurant_is_a_changed_layout() -> None:
    with pytest.raises(LayoutChangedError, match="restaurant"):
        decode_store(store({"key": "detail"}, {"key": "menu", "list": []}))


@pytest.mark.parametrize("name", [None, "", " ", [], {"rn": "x"}])
def test_a_store_page_without_a_name_is_a_changed_layout(name: Any) -> None:
    with pytest.raises(LayoutChangedError, match=r"restaurant\.rn"):
        decode_store(store({"key": "restaurant", "rn": name}))


def test_a_section_of_another_shape_is_left_out_and_told_by_its_path() -> None:
    page = decode_store(
        store(
            {"key": "restaurant", "rn": 1943, "images": []},
            {"key": "menu", "list": {"menu": "x"}},
            None,
            {
                "key": "detail",
                "address": 7,
                "facility": ["주차", None],
                "bhour": {"0": {"duration": "월", "time": "휴무"}},
            },
        )
    )

    assert page.restaurant.rn == "1943"
    assert page.menu == Menu(lines=None)
    assert page.detail
    assert page.detail.address is None
    assert page.detail.facility == ["주차"]
    assert page.detail.bhour == [HoursRow("월", "휴무")]
    assert page.oddities == [
        Oddity("result_data[]", "null", "object"),
        Oddity("restaurant.rn", "number", "text"),
        Oddity("detail.address", "number", "text"),
        Oddity("detail.facility[]", "null", "text"),
        Oddity("detail.bhour", "object", "array"),
        Oddity("menu.list", "object", "array"),
    ]


BROKEN = [
    pytest.param(b"\xef\xbb\xbf", b"", id="byte-order mark"),
    pytest.param(b"", b'"\\ud83d"', id="half a character"),
    pytest.param(b"", b'"\xed\xa0\xbd"', id="half a character, raw"),
    pytest.param(b"", b'"\xff"', id="no UTF-8"),
    pytest.param(b"", b'"a\nb"', id="a line break within a text"),
    pytest.param(b"", b"NaN", id="no number"),
    pytest.param(b"", b"1e999", id="too large a number"),
    pytest.param(b"", b"1" * 400, id="many digits"),
]


@pytest.mark.parametrize(("before", "review"), BROKEN)
def test_a_broken_review_does_not_cost_the_page(before: bytes, review: bytes) -> None:
    section = b'{"key":"review","list":[' + (review or b"1") + b"]}"
    body = before + store({"key": "restaurant", "rn": "행복한고기"}, {"key": "x"}).replace(b'{"key": "x"}', section)

    assert decode_store(body).restaurant.rn == "행복한고기"


@pytest.mark.parametrize(("before", "phone"), BROKEN)
def test_a_broken_value_costs_itself(before: bytes, phone: bytes) -> None:
    body = before + store({"key": "restaurant", "rn": "행복한고기", "phone": 0, "score": 71}).replace(
        b'"phone": 0', b'"phone": ' + (phone or b"null")
    )
    restaurant = decode_store(body).restaurant

    assert (restaurant.rn, restaurant.score) == ("행복한고기", 71)
