from __future__ import annotations

import json
from typing import Any

import pytest

from refillspot.diningcode.answers import decode_search, decode_store
from refillspot.exceptions import ApiError, BlockedError, LayoutChangedError, MalformedAnswerError

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


def store(*sections: dict[str, Any]) -> bytes:
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
        ({"nm": None}, "$.nm"),
        ({"v_rid": 7}, "$.v_rid"),
        ({"lat": [37.5]}, "$.lat"),
        ({"phone": {"no": "1"}}, "$.phone"),
    ],
    ids=str,
)
def test_a_row_of_another_shape_is_told_by_its_path_and_costs_no_neighbour(change: dict[str, Any], path: str) -> None:
    page = decode_search(search(ROW, ROW | change))

    assert len(page.rows) == 1
    assert "list[1]" in page.broken[0]
    assert path in page.broken[0]


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
        (b'{"result_code":"\xff"}', MalformedAnswerError),
        (b"<!DOCTYPE html><title>Human Verification</title>", BlockedError),
        (b"\n <html>", BlockedError),
        (b'{"result_code":"001","result_msg":"no such store"}', ApiError),
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
    assert page.menu
    assert page.menu.lines[0].price == "15,900원"
    assert page.detail is None


def test_a_store_page_without_restaurant_is_a_changed_layout() -> None:
    with pytest.raises(LayoutChangedError, match="restaurant"):
        decode_store(store({"key": "detail"}, {"key": "menu", "list": []}))


def test_a_section_of_another_shape_is_told_by_its_path() -> None:
    with pytest.raises(LayoutChangedError, match=r"result_data\[menu\].*list"):
        decode_store(store({"key": "restaurant", "rn": "행복한고기"}, {"key": "menu", "list": {"menu": "x"}}))
