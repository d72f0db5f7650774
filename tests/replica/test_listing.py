from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from refillspot.regions import districts_by_name
from tests.replica.asking import read_count

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

CROWDED = "서울 강남구 무한리필"


def refs(rows: list[dict[str, str]]) -> list[str]:
    return [row["v_rid"] for row in rows]


def test_no_more_than_the_cap_can_be_seen_of_a_crowded_query(replica: Replica) -> None:
    seen = {ref for page in range(1, 12) for ref in refs(replica.rows(CROWDED, page=page, size=20))}

    assert read_count(replica.search(CROWDED)["total_cnt"]) > 100
    assert len(seen) == 100


@pytest.mark.parametrize("past", [{"page": 6, "size": 20}, {"from": 100, "size": 20}, {"from": 5000, "size": 20}])
def test_past_the_end_rows_already_given_are_repeated(replica: Replica, past: dict[str, int]) -> None:
    assert refs(replica.rows(CROWDED, **past)) == refs(replica.rows(CROWDED, size=100))[80:]


def test_the_last_window_is_short(replica: Replica) -> None:
    assert len(replica.rows(CROWDED, **{"from": 90, "size": 20})) == 10


def test_page_and_offset_give_the_same_rows(replica: Replica) -> None:
    assert replica.rows(CROWDED, page=3, size=10) == replica.rows(CROWDED, **{"from": 20, "size": 10})


def test_the_size_is_twenty_unless_asked_and_a_hundred_at_most(replica: Replica) -> None:
    assert len(replica.search(CROWDED)["list"]) == 20
    assert len(replica.rows(CROWDED, size=1000)) == 100


def test_no_hit_has_no_section(replica: Replica) -> None:
    answer = replica.post("/API/isearch/", query="서울 강남구 아무도모르는요리")

    assert answer["result_code"] == "100"
    assert "poi_section" not in answer["result_data"]


@pytest.mark.parametrize("form", [{}, {"query": " "}, {"query": "", "keyword": "", "addr": "", "size": 5}])
def test_nothing_asked_is_an_error_under_http_200(replica: Replica, form: dict[str, object]) -> None:
    assert replica.post("/API/isearch/", **form)["result_code"] == "001"


def test_get_answers_four_rows_whatever_the_size(replica: Replica) -> None:
    answer = json.loads(replica.send("GET", f"/API/isearch/?query={quote(CROWDED)}&size=100"))

    assert len(answer["result_data"]["poi_section"]["list"]) == 4


@pytest.mark.parametrize(
    "body", [quote(CROWDED.encode("euc-kr")), quote(CROWDED.encode().decode("latin-1")), quote("\ufffd 강남구")]
)
def test_a_misencoded_query_gets_a_generic_list(replica: Replica, body: str) -> None:
    answer = json.loads(replica.send("POST", "/API/isearch/", f"query={body}"))

    districts = {row["addr"].split()[1] for row in answer["result_data"]["poi_section"]["list"]}
    assert answer["result_code"] == "100"
    assert len(districts) > 3


@pytest.mark.parametrize(
    "form",
    [
        {"query": "서울시 강남구 역삼동 무한 리필"},
        {"query": "강남 역삼동 무한리필"},
        {"query": "무한리필", "addr": "서울특별시 강남구 역삼동"},
        {"query": "서울 강남구 역삼동", "keyword": "#무한리필"},
        {"query": "", "keyword": "무한리필", "addr": "강남구 역삼동"},
    ],
)
def test_each_way_to_ask_finds_the_same_stores(replica: Replica, form: dict[str, str]) -> None:
    expected = {
        store["ref"]
        for store in replica.truth(district="강남구")
        if store["dong"] == "역삼동" and "무한리필" in store["words"]
    }
    found = replica.post("/API/isearch/", size=100, **form)["result_data"]["poi_section"]["list"]

    assert expected
    assert expected <= set(refs(found))


def test_a_dong_in_two_districts_is_both_unless_one_is_named(replica: Replica) -> None:
    def found(query: str) -> set[str]:
        return {row["addr"].split()[1] for row in replica.rows(query) if " 신사동 " in row["addr"]}

    assert found("서울 신사동") == {"강남구", "은평구"}
    assert found("서울 은평구 신사동") == {"은평구"}


def test_a_rectangle_bounds_the_answer(replica: Replica) -> None:
    district = districts_by_name()["마포구"]
    (lat, lon), box = district.center, district.bbox
    rows = replica.rows("서울 마포구 무한리필", rect=f"{box.south},{lon},{lat},{box.east}")

    assert rows
    assert all(box.south <= row["lat"] <= lat and lon <= row["lng"] <= box.east for row in rows)


def test_a_radius_with_nothing_inside_is_widened(replica: Replica) -> None:
    near = {"lat": 37.4979, "lng": 127.0276, "order": "distance"}

    inside = replica.rows("강남구 무한리필", distance=1500, **near)
    widened = replica.rows("강남구 무한리필", distance=1, **near)

    assert all(row["distance"].endswith("m") for row in inside)
    assert 0 < len(inside) < 100
    assert widened


def test_keywords_depend_on_the_query(replica: Replica) -> None:
    once = {row["v_rid"]: row["keyword"] for row in replica.rows("서울 종로구 무한리필")}
    again = {row["v_rid"]: row["keyword"] for row in replica.rows("서울 종로구")}

    common = once.keys() & again.keys()
    assert common
    assert any(once[ref] != again[ref] for ref in common)
    assert all(len(terms) <= 4 for terms in once.values())


def test_the_matched_category_is_sometimes_marked(replica: Replica) -> None:
    categories = [row["category"] for row in replica.rows("서울 샤브샤브 무한리필")]

    assert any("<em>" in category for category in categories)
    assert any("<em>" not in category and "샤브샤브" in category for category in categories)


def test_orders_sort(replica: Replica) -> None:
    by_review = [read_count(row["review_cnt"]) for row in replica.rows("서울 무한리필", order="review")]
    by_score = [row["score"] for row in replica.rows("서울 무한리필", order="score")]
    by_site = [row["score"] for row in replica.rows("서울 무한리필")]

    assert by_review == sorted(by_review, reverse=True)
    assert by_score == sorted(by_score, reverse=True)
    assert by_site != sorted(by_site, reverse=True)
