"""What is kept of the pages for people, and of answers that nobody can read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refillspot.sites.diningcode.channels import read_kept_store, read_list, read_store
from refillspot.sites.diningcode.examination import note_store
from refillspot.sites.diningcode.kept_page import kept_page
from refillspot.sites.shapes import Shapes
from replica import profile
from replica.city import build_city
from replica.clock import START
from replica.html_pages import write_list_page, write_missing_page
from replica.html_store import write_store_page
from replica.people import PHRASES, REVIEWERS
from replica.shapes import name_shapes
from tests.sites.diningcode.test_answers import ROW, search, store

API, WEB = "https://im.diningcode.com/API", "https://www.diningcode.com"
SEARCH, PROFILE, LIST_PAGE, STORE_PAGE = f"{API}/isearch/", f"{API}/profile/", f"{WEB}/list.dc", f"{WEB}/profile.php"
CITY = build_city(5, refill_stores=20, ordinary_stores=20)
REVIEW = {"rv_id": 1, "user_name": REVIEWERS[0], "review_cont": PHRASES[0], "review_cnt": "1,185"}


def has_people(body: bytes) -> bool:
    return any(words in body.decode() for words in (*REVIEWERS, *PHRASES))


@pytest.mark.parametrize("shapes", ["2025", "2026", "mixed"])
def test_a_page_for_people_is_kept_without_them_and_reads_the_same(shapes: str) -> None:
    pages = [write_store_page(one, START.date(), name_shapes(shapes, 0.05)).encode() for one in CITY]
    kept = [kept_page(STORE_PAGE, 200, page) for page in pages]

    assert sum(map(has_people, pages)) > len(pages) / 2  # the others have no reviews
    assert not any(map(has_people, kept))
    assert [read_store(STORE_PAGE, page) for page in kept] == [read_store(STORE_PAGE, page) for page in pages]
    assert sum(map(len, kept)) < sum(map(len, pages)) / 2


def test_a_page_of_the_api_is_a_fraction_of_what_came() -> None:
    pages = [profile.answer(one, START.date()) for one in CITY]
    kept = [kept_page(PROFILE, 200, page) for page in pages]

    assert not any(map(has_people, kept))
    assert [read_kept_store(page) for page in kept] == [read_kept_store(page) for page in pages]
    assert sum(map(len, kept)) < sum(map(len, pages)) / 2


def test_the_page_of_a_list_is_kept_without_people() -> None:
    section = {"total_cnt": 1, "list": [ROW | {"display_review": REVIEW, "image_list": [{"origin": "a", **REVIEW}]}]}
    page = write_list_page("무한리필", {"params": {"query": "x"}, "poi_section": section}).encode()
    kept = kept_page(LIST_PAGE, 200, page)

    assert has_people(page)
    assert not has_people(kept)
    assert read_list(LIST_PAGE, kept) == read_list(LIST_PAGE, page)


def test_figures_beside_people_stay() -> None:
    sections = json.loads(kept_page(PROFILE, 200, store({"key": "restaurant", "rn": "달빛", "photos": [REVIEW]})))

    assert sections["result_data"][0]["photos"] == [{"rv_id": 1, "review_cnt": "1,185"}]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (PROFILE, b"<!DOCTYPE html><title>Human Verification</title>"),
        (STORE_PAGE, b"<html>Human Verification</html>"),
        (PROFILE, store({"key": "restaurant", "rn": "달빛"})[:-9]),
        (STORE_PAGE, b"<html><body>cut off"),
        (f"{WEB}/robots.txt", b"User-agent: *\nDisallow: /review\n"),
        (f"{WEB}/other", b"whatever"),
    ],
)
def test_what_nobody_keeps_is_left_as_it_is(url: str, body: bytes) -> None:
    assert kept_page(url, 200, body) is body


@pytest.mark.parametrize("url", [PROFILE, SEARCH])
@pytest.mark.parametrize(
    "answer",
    [
        {"result_code": "001", "result_msg": "존재하지 않는 식당입니다.", "result_data": REVIEW},
        {"result_code": "002", "result_msg": "점검 중", "result_data": [REVIEW]},
        {"result_code": "100", "result_data": PHRASES[0]},
        {"status": "ok", "text": PHRASES[0]},
        [PHRASES[0]],
        {"result_code": "100", "result_data": [{"key": "review", "list": [REVIEW]}]},
    ],
)
def test_of_an_answer_that_says_nothing_the_error_stays(url: str, answer: Any) -> None:
    body = json.dumps(answer).encode()
    kept = kept_page(url, 200, body)

    assert not has_people(kept)
    assert type(failure(url, kept)) is type(failure(url, body))


def failure(url: str, body: bytes) -> Exception | None:
    try:
        (read_store if url == PROFILE else read_list)(url, body)
    except Exception as error:  # noqa: BLE001  # whichever
        return error
    return None


def test_a_page_of_people_that_nobody_can_read_leaves_its_classes() -> None:
    page = b"<html><body><div class='brand-new x1'>\xed\x95\xa9\xec\x84\xb1</div></body></html>"

    assert kept_page(STORE_PAGE, 200, page).decode().count("brand-new x1") == 1
    assert "합성" not in kept_page(STORE_PAGE, 200, page).decode()


def test_a_store_that_is_gone_stays_gone() -> None:
    page = write_missing_page().encode()

    assert type(failure_of_page(kept_page(STORE_PAGE, 200, page))) is type(failure_of_page(page))


def failure_of_page(body: bytes) -> Exception | None:
    try:
        read_store(STORE_PAGE, body)
    except Exception as error:  # noqa: BLE001  # whichever
        return error
    return None


def test_the_names_of_unreadable_sections_are_kept_as_shapes() -> None:
    kept = kept_page(PROFILE, 200, store({"key": "place", "title": "달빛", "rows": [{"n": 1}, {"n": "x"}]}))

    assert json.loads(kept)["left_out"] == {
        "place": {"": "object 1", "key": "text 1 (5-5)", "rows": "array 1 (2-2)", "rows[]": "object 2",
                  "rows[].n": "number 1, text 1 (1-1)", "title": "text 1 (2-2)"},
    }  # fmt: skip


def test_shapes_tell_no_words() -> None:
    shapes = Shapes()
    page = store({"key": "restaurant", "rn": "달빛식당", "open_status": "영업 중", "review": [REVIEW], "가나다": 1})
    note_store(page, shapes)

    told = {path: (str(shape), sorted(shape.words)) for path, shape in shapes.of.items()}
    assert told["restaurant.rn"] == ("text 1 (4-4)", [])
    assert told["restaurant.open_status"] == ("text 1 (4-4)", ["영업 중"])
    assert told["restaurant.review[].user_name"][1] == []
    assert told["restaurant.*"] == ("number 1", [])
    assert told["result_code"][1] == ["100"]


def test_a_search_is_kept_with_its_figures() -> None:
    kept = json.loads(
        kept_page(SEARCH, 200, search(ROW, region="강남", alt_queries=["남의 말"], params={"rcount": 7, "x": 1}))
    )

    section = kept["result_data"]["poi_section"]
    assert section == {"total_cnt": 1, "region": "강남", "params": {"rcount": 7}, "list": [ROW]}
    assert kept["left_out"].keys() == {"params", "alt_queries"}


def test_a_field_of_people_is_known_in_escapes_too() -> None:
    restaurant = {"key": "restaurant", "v_rid": "Ab1", "rn": "달빛식당", "n": {"nick": PHRASES[0]}}
    page = json.dumps({"result_code": "100", "result_data": [restaurant]}, ensure_ascii=False).encode()
    page = page.replace(b'"nick"', rb'"\u006eick"')

    assert json.loads(page)["result_data"][0]["n"] == {"nick": PHRASES[0]}
    assert has_people(page)
    assert not has_people(kept_page(PROFILE, 200, page))
