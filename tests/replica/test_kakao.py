from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refillspot.regions import districts
from tests.replica.kakao_client import ADDRESS, KEYWORD, Kakao

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Start


@pytest.fixture(scope="module")
def server(start_replica: Start) -> Iterator[Kakao]:
    with start_replica("--refill-stores", "300", "--ordinary-stores", "900", "--odd", "0", "--seed", "3") as running:
        server = Kakao(running)
        yield server
        server.connection.close()


@pytest.fixture(scope="module")
def stores(server: Kakao) -> list[dict[str, Any]]:
    """Stores of the truth with the addresses that the API gives them."""
    truth = server.replica.truth()[::25]
    pages = [server.replica.profile(store["ref"]) for store in truth]
    return [{**store, **page["detail"]} for store, page in zip(truth, pages, strict=True) if "detail" in page]


def without_unit(address: str) -> str:
    """Return the address up to the number: Kakao knows no floors."""
    words = address.split()
    number = next(index for index, word in enumerate(words) if index > 2 and word[0].isdigit() and word[-1].isdigit())
    return " ".join(words[: number + 1])


def test_lot_numbers_are_found_with_their_point_and_dong(server: Kakao, stores: list[dict[str, Any]]) -> None:
    codes = {f"{district.code} {dong.name}": dong.code for district in districts() for dong in district.dongs}
    for store in stores:
        points = {
            (document["y"], document["x"]): document
            for document in server.documents(ADDRESS, without_unit(store["address"]), size=30)
        }
        document = points[str(store["lat"]), str(store["lon"])]

        assert document["address_type"] == "REGION_ADDR"
        assert document["address"]["b_code"] == codes[f"{store['district_code']} {store['dong']}"] + "00"
        assert document["address"]["b_code"].startswith(store["district_code"])
        assert (document["road_address"] is None) == (store["road_address"] is None)


def test_road_addresses_are_found(server: Kakao, stores: list[dict[str, Any]]) -> None:
    for store in [store for store in stores if store["road_address"]]:
        query = without_unit(store["road_address"])
        found = server.documents(ADDRESS, query, analyze_type="exact", size=30)

        assert (str(store["lat"]), str(store["lon"])) in [(one["y"], one["x"]) for one in found]
        assert {one["address_type"] for one in found} == {"ROAD_ADDR"}
        assert {one["road_address"]["address_name"].split()[1:] == query.split()[1:] for one in found} == {True}


def test_a_floor_in_the_query_finds_nothing(server: Kakao, stores: list[dict[str, Any]]) -> None:
    for kind in ("similar", "exact"):
        assert not server.documents(ADDRESS, f"{without_unit(stores[0]['address'])} 2층", analyze_type=kind)


def test_dongs_and_districts_are_regions_without_a_road_address(server: Kakao) -> None:
    [dong] = server.documents(ADDRESS, "서울특별시 강남구 역삼동")
    [district] = server.documents(ADDRESS, "강남구")

    assert (dong["address_type"], dong["road_address"], dong["address"]["b_code"]) == ("REGION", None, "1168010100")
    assert district["address"]["b_code"] == "1168000000"
    assert {one["address"]["region_2depth_name"] for one in server.documents(ADDRESS, "신사동")} == {"강남구", "은평구"}


def test_an_unknown_lot_is_its_dong_when_similar_and_nothing_when_exact(server: Kakao) -> None:
    query = "서울 강남구 역삼동 9999-9999"

    assert [one["address_type"] for one in server.documents(ADDRESS, query)] == ["REGION"]
    assert server.documents(ADDRESS, query, analyze_type="exact") == []
    assert server.documents(ADDRESS, "부산 해운대구 우동 1") == []


def test_stores_are_places(server: Kakao, stores: list[dict[str, Any]]) -> None:
    for store in stores[:20]:
        found = server.documents(
            KEYWORD, f"{store['dong']} {store['name']}", x=store["lon"], y=store["lat"], radius=1000
        )
        nearest = found[0]

        assert (nearest["x"], nearest["y"]) == (str(store["lon"]), str(store["lat"]))
        assert nearest["distance"] == "0"
        assert nearest["phone"] == (store["phone"] or "")
        assert nearest["category_group_code"] == "FD6"


def test_a_radius_leaves_out_what_is_farther(server: Kakao) -> None:
    lat, lon = next(district.center for district in districts() if district.name == "강남구")
    found = server.documents(KEYWORD, "강남구", x=lon, y=lat, radius=1500)
    metres = [int(one["distance"]) for one in found]

    assert metres == sorted(metres)
    assert 0 < max(metres) <= 1500
    assert server.ask(KEYWORD, query="강남구")[1]["meta"]["total_count"] > len(metres)


def test_pages_end_at_45_places(server: Kakao) -> None:
    pages = [server.ask(KEYWORD, query="강남구", category_group_code="FD6", page=page)[1] for page in (1, 2, 3, 4)]

    assert [len(page["documents"]) for page in pages] == [15, 15, 15, 0]
    assert [page["meta"]["is_end"] for page in pages] == [False, False, True, True]
    assert pages[0]["meta"]["pageable_count"] == 45 < pages[0]["meta"]["total_count"]
    assert len({document["id"] for page in pages for document in page["documents"]}) == 45


def test_no_place_is_a_cafe(server: Kakao) -> None:
    assert server.documents(KEYWORD, "강남구", category_group_code="CE7") == []


@pytest.mark.parametrize(
    ("search", "query"),
    [
        (ADDRESS, {}),
        (ADDRESS, {"query": ""}),
        (ADDRESS, {"query": "강남구", "size": 31}),
        (ADDRESS, {"query": "강남구", "page": 46}),
        (ADDRESS, {"query": "강남구", "analyze_type": "fuzzy"}),
        (KEYWORD, {"query": "강남구", "size": 16}),
        (KEYWORD, {"query": "강남구", "page": 0}),
        (KEYWORD, {"query": "강남구", "radius": 20_001}),
        (KEYWORD, {"query": "강남구", "category_group_code": "XX1"}),
    ],
)
def test_limits_are_kept(server: Kakao, search: str, query: dict[str, Any]) -> None:
    status, answer = server.ask(search, **query)

    assert (status, answer["code"]) == (400, -2)
