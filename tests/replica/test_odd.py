"""Odd parts: as often as stated, and the truth names each that a page shows, and no other."""

from __future__ import annotations

import json
from collections import Counter
from math import sqrt
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.json import decode, encode

from refillspot.regions import SEOUL
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.html_store import find_odd_html, write_html
from replica.listing import Listing
from replica.odd import CAME, INSTEAD, MISSING, Hit, draw_hits, draw_numbers, spoil
from replica.odd_paths import HTML_SLOTS, LIST_SLOTS, PAGE_SLOTS, ROW_SLOTS
from replica.profile import find_odd, write_page
from replica.search import Search
from replica.shapes import BOM, name_shapes
from replica.truth import write_store
from tests.replica.test_pages import read_linked

if TYPE_CHECKING:
    from replica.odd import Odd
    from replica.shapes import Shapes
    from replica.store import Store
    from tests.replica.conftest import Start

CITY = build_city(5, refill_stores=400, ordinary_stores=400)
EVEN = {name: name_shapes(name, 0) for name in ("2025", "2026", "mixed")}
ODD = {name: name_shapes(name, 0.1) for name in ("2025", "2026", "mixed")}
REQUIRED = {"restaurant.v_rid", "restaurant.rn", "list", "list[].v_rid", "list[].nm", "poi_section.total_cnt"}


SOME = CITY[::3]
"""Of which each page is looked at part by part: more of them repeat what these show."""


def rng_of(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # invented data


def sections(store: Store, shapes: Shapes) -> list[Any]:
    data: list[Any] = decode(write_page(store, FIRST_DAY, shapes).body.removeprefix(BOM))["result_data"]
    return data


def differences(even: Any, odd: Any, path: str = "") -> list[str]:
    """Return the paths at which a page differs from what it should be, by a comparison of its own."""
    if encode(even, enc_hook=str) == encode(odd, enc_hook=str):  # not even == odd: 1 == True
        return []
    if isinstance(even, list) and isinstance(odd, list) and even and odd:
        more = [f"{path}[]"] * (len(odd) - len(even))
        if more:
            odd = next(rest for at in range(len(odd)) if _pairs_up(even, rest := odd[:at] + odd[at + 1 :]))
        return more + [
            found for old, new in zip(even, odd, strict=True) for found in differences(old, new, f"{path}[]")
        ]
    if isinstance(even, dict) and isinstance(odd, dict):
        missing = [f"{path}.{key}" for key in even if key not in odd]
        return missing + [
            found for key in odd for found in differences(even.get(key, MISSING), odd[key], f"{path}.{key}")
        ]
    return [path]


def _pairs_up(even: list[Any], odd: list[Any]) -> bool:
    """Whether lists pair up: entries may differ inside, not in kind."""
    return all(
        type(old) is type(new) and (not isinstance(old, str) or old == new) for old, new in zip(even, odd, strict=True)
    )


def page_differences(store: Store, name: str) -> list[str]:
    """Return the paths at which a store's page differs from the one without odd parts."""
    found = []
    for even, odd in zip(sections(store, EVEN[name]), sections(store, ODD[name]), strict=True):
        key = even["key"]
        is_whole = any(odd == whole for whole in (None, key, {"key": key} if len(even) > 2 else key))
        found += [key] if is_whole else [key + path for path in differences(even, odd)]
    return sorted(found)


@pytest.mark.parametrize("name", ["2025", "2026", "mixed"])
def test_the_truth_names_what_a_page_shows(name: str) -> None:
    total = 0
    for store in SOME:
        odd = find_odd(store, FIRST_DAY, ODD[name])
        total += len(odd)

        assert list(write_page(store, FIRST_DAY, ODD[name]).odd) == odd
        assert sorted(path for path, _ in odd) == page_differences(store, name)

    assert total > 5 * len(SOME)


def test_the_truth_of_a_store_has_both_of_its_pages() -> None:
    for store in CITY[:100]:
        truth = write_store(store, shapes=ODD["mixed"])
        odd = [*find_odd(store, FIRST_DAY, ODD["mixed"]), *find_odd_html(store, FIRST_DAY, ODD["mixed"])]

        assert list(zip(truth["odd"], truth["odd_as"], strict=True)) == odd
        assert len(set(truth["odd"])) == len(odd)
        assert (write_store(store, shapes=EVEN["mixed"])["odd"], write_store(store, shapes=EVEN["2026"])["odd"]) == (
            [],
            [],
        )


@pytest.mark.parametrize("name", ["2025", "2026"])
def test_the_truth_names_what_a_page_for_people_shows(name: str) -> None:
    seen: Counter[str] = Counter()
    for store in CITY:
        even, odd = (write_html(store, FIRST_DAY, shapes[name]) for shapes in (EVEN, ODD))
        linked = differences(read_linked(even.text), read_linked(odd.text))
        hours = ("hour_time_item", '<li><p class="l-txt">')[name == "2025"]
        times = odd.text.count("hour_time_item") - odd.text.count('class="hour_date"')
        empty = odd.text.count("<li></li>") + odd.text.count('<div class="menu-line"></div>')
        paths = [path for path, _ in odd.odd]
        seen.update(paths)

        assert sorted(f"json-ld{path}" for path in linked) == sorted(
            path for path in paths if path.startswith("json-ld")
        )
        assert times + empty == sum(path.startswith("html.") for path in paths), hours
        assert odd.odd == tuple(find_odd_html(store, FIRST_DAY, ODD[name]))

    assert {"html.hours[]", "html.menu[]", "json-ld.aggregateRating.ratingValue"} <= seen.keys()
    assert ("json-ld.review[]" in seen) == (name == "2026")


def test_each_part_is_odd_on_the_stated_share_of_pages() -> None:
    draws = Counter(hit.slot.path for seed in range(4000) for hit in draw_hits(seed, 0.1, PAGE_SLOTS))
    deviation = sqrt(0.1 * 0.9 / 4000)

    assert draws.keys() == {slot.path for slot in PAGE_SLOTS}
    assert all(abs(count / 4000 - 0.1) < 4.5 * deviation for count in draws.values())


@pytest.mark.parametrize(("share", "expected"), [(0, []), (1, [0, 1, 2, 3])])
def test_a_share_of_nothing_and_of_all(share: float, expected: list[int]) -> None:
    assert list(draw_numbers(rng_of(1), share, 4)) == expected


def test_every_page_of_all_odd_still_names_its_store() -> None:
    shapes = name_shapes("mixed", 1)
    for store in CITY:
        restaurant = next(
            section
            for section in sections(store, shapes)
            if isinstance(section, dict) and section["key"] == "restaurant"
        )
        assert (restaurant["v_rid"], restaurant["rn"]) == (store.ref, store.concept.name)


def test_what_identifies_is_never_odd() -> None:
    paths = {slot.path for slot in (*PAGE_SLOTS, *LIST_SLOTS)} | {f"list[].{slot.path}" for slot in ROW_SLOTS}

    assert not paths & REQUIRED
    assert "poi_section.list" not in paths


def test_what_comes_is_never_of_the_kind_that_was_due() -> None:
    kinds: dict[str, set[type]] = {
        "text": {str}, "text?": {str, type(None)}, "number": {int, float}, "flag": {bool, int, str}, "object": {dict},
        "object?": {dict, type(None)}, "list": {list}, "texts": {list, str}, "text or number": {str, int, float},
        "a text": {str}, "an object": {dict}, "a picture": {str, dict},
    }  # fmt: skip
    for due, types in kinds.items():
        came = [CAME[name] for name in INSTEAD[due]]
        assert not [value for value in came if type(value) in types], due
    assert {slot.due for slots in (PAGE_SLOTS, ROW_SLOTS, LIST_SLOTS, HTML_SLOTS) for slot in slots} <= INSTEAD.keys()


def test_nothing_inside_of_an_odd_part_is_another() -> None:
    by_path = {slot.path: slot for slot in PAGE_SLOTS}
    hits = [Hit(by_path[path], 2) for path in ("detail.bhour", "detail.bhour[].time", "detail.bhour[]", "detail.tag")]
    tree = {"detail": {"bhour": [{"time": "11:00"}], "tag": ["a"], "phone": None}}

    spoilt, odd = spoil(tree, hits)

    assert [path for path, _ in odd] == ["detail.bhour", "detail.tag"]
    assert spoilt["detail"]["phone"] is None
    assert tree == {"detail": {"bhour": [{"time": "11:00"}], "tag": ["a"], "phone": None}}


@pytest.mark.parametrize("name", ["2025", "2026", "mixed"])
def test_lists_tell_what_of_them_is_odd(name: str) -> None:
    listings = [Listing(Search(CITY), 100, FIRST_DAY, SEOUL, shapes[name]) for shapes in (EVEN, ODD)]
    seen: set[str] = set()
    for query in ("서울 강남구 무한리필", "서울 무한리필", "마포구 뷔페", "서울 고기", "서울 중구", "종로구 식당"):
        form = {"query": query, "size": "100"}
        even, odd = (json.loads(listing.answer(form))["result_data"]["poi_section"] for listing in listings)
        told = list_paths(listings[1].find(form).odd)
        rows = [row for row in odd["list"] if isinstance(row, dict)]
        found = [f"poi_section{path}" for path in differences({**even, "list": 0}, {**odd, "list": 0})]
        found += ["poi_section.list[]"] * (len(odd["list"]) - len(rows))
        for old, new in zip(even["list"], rows, strict=True):
            found += [f"list[]{path}" for path in differences(old, new)]
        seen |= set(found)

        assert sorted(found) == told
        assert [row["v_rid"] for row in rows] == [row["v_rid"] for row in even["list"]]

    assert len(seen) > 20


def list_paths(odd: tuple[Odd, ...]) -> list[str]:
    return sorted(path for path, _ in odd)


def test_totals_are_those_of_all_pages_and_of_what_was_answered(start_replica: Start) -> None:
    small = ("--refill-stores", "100", "--ordinary-stores", "100", "--odd", "0.1")
    with start_replica(*small) as running:
        truth = running.truth()
        for store in truth[:50]:
            running.send("POST", "/API/profile/", f"v_rid={store['ref']}")
            running.send("GET", f"/profile.php?rid={store['ref']}")
        totals = json.loads(running.send("GET", "/_odd"))
        running.send("DELETE", "/_odd")
        cleared = json.loads(running.send("GET", "/_odd"))
        running.search("서울 무한리필", size=100)
        listed = json.loads(running.send("GET", "/_odd"))["served"]

    def count(stores: list[dict[str, Any]]) -> dict[str, Counter[str]]:
        came: dict[str, Counter[str]] = {}
        for store in stores:
            for path, kind in zip(store["odd"], store["odd_as"], strict=True):
                came.setdefault(path, Counter())[kind] += 1
        return came

    assert (totals["shapes"], totals["odd"]) == ("mixed", 0.1)
    assert {path: total["came"] for path, total in totals["pages"].items()} == count(truth)
    assert {path: total["came"] for path, total in totals["served"].items()} == count(truth[:50])
    assert all(total["answers"] == total["parts"] == sum(total["came"].values()) for total in totals["pages"].values())
    assert (cleared["served"], cleared["pages"]) == ({}, totals["pages"])
    assert any(path.startswith("list[].") for path in listed)
    assert max(total["parts"] for total in listed.values()) > max(total["answers"] for total in listed.values()) == 1


def test_an_answer_that_a_fault_replaced_is_not_counted(start_replica: Start) -> None:
    small = ("--refill-stores", "30", "--ordinary-stores", "0", "--odd", "1", "--fault", "kind=html,path=/API/")
    with start_replica(*small) as running:
        running.send("POST", "/API/profile/", f"v_rid={running.truth()[0]['ref']}")
        totals = json.loads(running.send("GET", "/_odd"))

    assert totals["served"] == {}
    assert totals["pages"]


def test_odd_parts_follow_the_changes_of_the_city(start_replica: Start) -> None:
    small = ("--refill-stores", "60", "--ordinary-stores", "60", "--odd", "0.1")
    with start_replica(*small) as running:
        told = {store["ref"]: store for store in running.truth()}
        running.move(days=90)
        changes = running.changes()
        for change in changes:
            if change["field"]:
                told[change["ref"]][change["field"]] = change["new"]
            elif change["new"]:
                told[change["ref"]] = change["new"]
            else:
                del told[change["ref"]]

        assert told == {store["ref"]: store for store in running.truth()}
        assert any(change["field"] == "odd" for change in changes)
