"""Whatever stands in the place of an optional part: the store is the same, but for what that part says."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refillspot.postgres.store_row import StoreRow
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.channels import read_list, read_store
from refillspot.sites.diningcode.kept_page import is_of_people, kept_page
from refillspot.sites.diningcode.stores import build_store
from replica import profile
from replica.city import build_city
from replica.clock import START
from replica.people import PHRASES, REVIEWERS
from replica.query import Query
from replica.rows import Rows
from replica.shapes import BOM, name_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Store

TODAY = START.date()
API = "https://im.diningcode.com"
SHAPES = name_shapes("mixed", 0)
EXAMPLES = int(os.environ.get("REFILLSPOT_EXAMPLES", "150"))  # 20,000 take about ten minutes
CITY = build_city(11, refill_stores=12, ordinary_stores=12)
NAMES = st.text(max_size=8).filter(lambda name: not is_of_people(name))  # these are left out of what is kept
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
OFFER = {"refill", "refill_prices", "refill_price_krw", "refill_terms"}
PLACE = {"addr", "road_addr", "region", "district_code", "district", "dong", "dong_confirmed"}
HOURS = {"hours", "hours_text"}
SAYS: dict[str, set[str]] = {
    "restaurant.rn": {"name", "branch", *OFFER},
    "restaurant.branch": {"name", "branch", *OFFER},
    "restaurant.categories": {"categories", "cuisines", *OFFER},
    "restaurant.lat": {"lat", "lon", "dong_confirmed"},
    "restaurant.lng": {"lat", "lon", "dong_confirmed"},
    "restaurant.phone": {"phone"},
    "restaurant.score": {"score"},
    "restaurant.img": {"images"},
    "restaurant.images": {"images"},
    "detail.address": PLACE,
    "detail.road_address": PLACE,
    "detail.phone": {"phone"},
    "detail.tag": {"tags", *OFFER},
    "detail.facility": {"facilities"},
    "detail.status": HOURS,
    "detail.bhour": HOURS,
    "detail.bhour_seo": HOURS,
    "menu.list": {"menu", *OFFER},
    "detail": {"tags", "facilities", "phone", *OFFER, *PLACE, *HOURS},
    "menu": {"menu", *OFFER},
    "nm": {"name", "branch"},
    "branch": {"name", "branch", *OFFER},
    "addr": PLACE,
    "road_addr": PLACE,
    "phone": {"phone"},
    "category": {"categories", "cuisines", *OFFER},
    "lat": {"lat", "lon", "dong_confirmed"},
    "lng": {"lat", "lon", "dong_confirmed"},
    "score": {"score"},
    "user_score": {"user_score"},
    "review_cnt": {"review_count"},
    "open_status": {"open_status"},
    "image": {"images"},
    "image_list": {"images"},
}
"""By the part, what of a store may be otherwise when the part is; a part that is not here says nothing of it."""


def read(row: dict[str, Any], page: dict[str, Any]) -> Store:
    """Return what a row and a page, as the site would send them, come to."""
    listed = {"result_code": "100", "result_data": {"poi_section": {"total_cnt": 1, "list": [row]}}}
    (read_row,) = decode_search(json.dumps(listed).encode()).rows
    carried = msgspec.convert(msgspec.to_builtins(read_row), type(read_row))  # as the queue does
    return build_store(carried, decode_store(json.dumps(page).encode()), "https://www.diningcode.com")


def answers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield rows and pages of both generations, without an odd part; of the long sections the first entries."""
    for store in CITY:
        row = Rows(TODAY, SHAPES).write(store, Query("", None, ()))
        page = json.loads(profile.answer(store, TODAY, SHAPES).removeprefix(BOM))
        yield (
            json.loads(msgspec.json.encode(row)),
            page | {"result_data": [shortened(one) for one in page["result_data"]]},
        )


def shortened(section: dict[str, Any]) -> dict[str, Any]:
    return {name: value[:3] if isinstance(value, list) else value for name, value in section.items()}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each part of a JSON value is."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        yield (*path, name)
        yield from places(entry, (*path, name))


ANSWERS = list(answers())
ROW_PLACES = [[path for path in places(row) if path[0] not in {"v_rid", "nm"}] for row, _page in ANSWERS]
PAGE_PLACES = [
    [path for path in places(page["result_data"]) if path[1:] not in {("key",), ("rn",)} and path != (whole,)]
    for _row, page in ANSWERS
    for whole in [[section["key"] for section in page["result_data"]].index("restaurant")]
]
KINDS = range(len(ANSWERS))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy with a part replaced."""
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


def said_by(path: tuple[str, ...]) -> set[str]:
    """Return what may change with a part: what it says itself, or the part around it."""
    return next((SAYS[name] for end in (2, 1) if (name := ".".join(path[:end])) in SAYS), set())


def differing(one: Store, other: Store) -> set[str]:
    return {name for name, value in asdict(one).items() if asdict(other)[name] != value}


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=EXAMPLES)
def test_an_odd_part_of_a_page_costs_what_it_says_and_nothing_else(number: int, data: st.DataObject) -> None:
    row, page = ANSWERS[number]
    path = data.draw(st.sampled_from(PAGE_PLACES[number]))
    key = page["result_data"][path[0]]["key"]
    named = tuple(name for name in (key, *path[1:]) if isinstance(name, str))
    store = read(row, put(page, ("result_data", *path), data.draw(JSON)))

    assert differing(read(row, page), store) <= said_by(named), path
    StoreRow.of(store).values()  # and PostgreSQL can be given it


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=EXAMPLES)
def test_an_odd_part_of_a_row_costs_what_it_says_and_nothing_else(number: int, data: st.DataObject) -> None:
    row, page = ANSWERS[number]
    path = data.draw(st.sampled_from(ROW_PLACES[number]))
    store = read(put(row, path, data.draw(JSON)), page)

    assert differing(read(row, page), store) <= said_by((path[0],)), path


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=EXAMPLES)
def test_what_is_kept_of_a_page_reads_as_the_whole(number: int, data: st.DataObject) -> None:
    page = ANSWERS[number][1]
    path = data.draw(st.sampled_from(PAGE_PLACES[number]))
    check_kept(f"{API}/API/profile/", read_store, put(page, ("result_data", *path), data.draw(JSON)), path)


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=EXAMPLES)
def test_what_is_kept_of_a_list_reads_as_the_whole(number: int, data: st.DataObject) -> None:
    row = ANSWERS[number][0]
    listed = {"result_code": "100", "result_data": {"params": {}, "poi_section": {"total_cnt": 2, "list": [row, row]}}}
    path = data.draw(st.sampled_from(list(places(listed["result_data"]))))
    check_kept(f"{API}/API/isearch/", read_list, put(listed, ("result_data", *path), data.draw(JSON)), path)


def check_kept(url: str, reader: Any, answer: dict[str, Any], path: tuple[Any, ...]) -> None:
    body = json.dumps(answer).encode()
    kept = kept_page(url, 200, body)

    if not any(is_of_people(str(name)) for name in path):  # else it may be left out, as if it had not come
        assert outcome(reader, url, kept) == outcome(reader, url, body)
    assert not [words for words in (*REVIEWERS, *PHRASES) if words in kept.decode()]


def outcome(reader: Any, url: str, body: bytes) -> Any:
    """Return what a reader makes of a body, in words where it is an error."""
    try:
        return reader(url, body)
    except Exception as error:  # noqa: BLE001  # whichever
        return f"{type(error).__name__}: {error}"


def test_the_pages_hold_people_to_begin_with() -> None:
    pages = json.dumps([page for _row, page in ANSWERS], ensure_ascii=False)

    assert sum(name in pages for name in REVIEWERS) > 10
    assert sum(words in pages for words in PHRASES) > 10


@pytest.mark.parametrize("status", [403, 404, 500])
def test_of_an_error_nothing_is_kept(status: int) -> None:
    assert kept_page(f"{API}/API/profile/", status, PHRASES[0].encode()) == b""
