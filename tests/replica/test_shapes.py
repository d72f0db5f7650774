"""Two generations of answers: each decodes, each as often as stated, and the same seed gives the same bytes."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from refillspot.regions import SEOUL, districts
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.html_store import write_store_page
from replica.listing import Listing
from replica.profile import answer
from replica.robots import EVERYONE
from replica.search import Search
from replica.shapes import BOM_SHARE, COUNT_TEXT_SHARE, NO_PROTOCOL_SHARE, ZERO_SHARE, name_shapes
from tests.replica.asking import read_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replica.shapes import Shapes
    from replica.store import Store
    from tests.replica.conftest import Start

    Page = dict[str, dict[str, Any]]

CITY = build_city(7, refill_stores=600, ordinary_stores=600)
TODAY = FIRST_DAY
OLD, NEW, MIXED = (name_shapes(name, 0) for name in ("2025", "2026", "mixed"))
PICTURE = {"pd_id", "origin", "thumb", "middle", "user_name", "user_photo", "date", "type"}
SECTIONS = {
    "restaurant", "detail", "menu", "photo", "score", "review", "blog", "tag",
    "seo", "banner", "nearby", "ranking", "coupon", "video", "faq", "notice",
}  # fmt: skip


@cache
def bodies(shapes: Shapes) -> list[bytes]:
    return [answer(store, TODAY, shapes) for store in CITY]


def read(body: bytes) -> Page:
    return {section["key"]: section for section in msgspec.json.decode(body.removeprefix(BOM_UTF8))["result_data"]}


@pytest.fixture(scope="module")
def old() -> list[Page]:
    return list(map(read, bodies(OLD)))


@pytest.fixture(scope="module")
def new() -> list[Page]:
    return list(map(read, bodies(NEW)))


def test_pages_have_sixteen_sections_in_both(old: list[Page], new: list[Page]) -> None:
    for pages in (old, new):
        assert max(map(len, pages)) == 16
        assert {key for page in pages for key in page} == SECTIONS


def test_pictures_are_addresses_or_objects(old: list[Page], new: list[Page]) -> None:
    def pictures(pages: list[Page]) -> Iterator[Any]:
        for page in pages:
            images = page["restaurant"]["images"]
            yield from images["list"] if images else ()
            yield from page.get("photo", {"list": []})["list"]

    objects = list(pictures(new))
    bare = sum(picture["origin"].startswith("//") for picture in objects)

    assert all(picture.startswith("https://images.") for picture in pictures(old))
    assert all(picture.keys() == PICTURE for picture in objects)
    assert bare / len(objects) == pytest.approx(NO_PROTOCOL_SHARE, abs=0.02)


def test_counts_are_numbers_or_at_times_texts(old: list[Page], new: list[Page]) -> None:
    def counts(pages: list[Page]) -> list[Any]:
        lines = [line for page in pages for line in page.get("menu", {"list": []})["list"]]
        reviews = [page["review"][name] for page in pages if "review" in page for name in ("total_cnt", "total_page")]
        return reviews + [line[name] for line in lines for name in ("selection_count", "review_count", "comment_count")]

    texts = [count for count in counts(new) if isinstance(count, str)]

    assert {type(count) for count in counts(old)} == {int}
    assert len(texts) / len(counts(new)) == pytest.approx(COUNT_TEXT_SHARE, abs=0.02)
    assert sum(text.startswith("0,") for text in texts) / len(texts) == pytest.approx(ZERO_SHARE, abs=0.02)
    assert all(read_count(text) >= 0 for text in texts)


def test_an_unknown_object_is_an_empty_array_in_2026(old: list[Page], new: list[Page]) -> None:
    def found(pages: list[Page]) -> dict[str, set[type]]:
        return {name: {type(page[key][name]) for page in pages if key in page} for key, name in inside}

    inside = (("detail", "status"), ("restaurant", "images"), ("score", "score"), ("tag", "tag"))
    assert all(kinds == {dict} for kinds in found(old).values())
    assert all(kinds == {dict, list} for kinds in found(new).values())


def test_some_menus_of_2026_have_a_line_without_a_name(old: list[Page], new: list[Page]) -> None:
    def names(pages: list[Page]) -> set[Any]:
        lines = [line["menu"] for page in pages for line in page.get("menu", {"list": []})["list"]]
        return {name for name in lines if not name}

    assert names(old) == set()
    assert names(new) == {None, ""}


@pytest.mark.parametrize("shapes", [OLD, NEW, MIXED])
def test_a_byte_order_mark_stands_before_the_stated_share(shapes: Shapes) -> None:
    marked = [body.startswith(BOM_UTF8) for body in bodies(shapes)]
    share = {"2025": 0, "2026": BOM_SHARE, "mixed": BOM_SHARE / 2}[shapes.name]

    assert sum(marked) / len(marked) == pytest.approx(share, abs=0.01 * bool(share))
    assert any(marked) == (shapes.name != "2025")


def test_half_of_mixed_is_of_each_generation_and_of_one_on_both_roads() -> None:
    is_new = [page == new for page, new in zip(bodies(MIXED), bodies(NEW), strict=True)]

    assert sum(is_new) / len(is_new) == pytest.approx(0.5, abs=0.05)
    for store, page, old, new in zip(CITY, bodies(MIXED), bodies(OLD), is_new, strict=True):
        assert new or page == old
        assert ("hour-main-grid" in write_store_page(store, TODAY, MIXED)) == new


def lists(shapes: Shapes) -> dict[str, dict[str, Any]]:
    listing = Listing(Search(CITY), 100, TODAY, SEOUL, shapes)
    found = {}
    for district in districts():
        for word in ("무한리필", "뷔페", "고기"):
            query = f"서울 {district.name} {word}"
            found[query] = json.loads(listing.answer({"query": query, "size": "20"}))["result_data"]
    return {query: data["poi_section"] for query, data in found.items() if "poi_section" in data}


def test_a_list_is_of_one_generation() -> None:
    def kinds(section: dict[str, Any]) -> set[type]:
        return {type(picture) for row in section["list"] for picture in row["image_list"]}

    mixed = lists(MIXED)
    found = [kinds(section) for section in mixed.values() if kinds(section)]

    assert all(kinds(section) <= {str} for section in lists(OLD).values())
    assert all(kinds(section) <= {dict} for section in lists(NEW).values())
    assert {len(kind) for kind in found} == {1}
    assert 0.3 < sum(kind == {dict} for kind in found) / len(found) < 0.7
    assert {type(section["total_cnt"]) for section in lists(OLD).values()} == {int}
    assert {type(section["total_cnt"]) for section in mixed.values()} == {int, str}
    assert {type(row["review_cnt"]) for section in mixed.values() for row in section["list"]} == {int, str}


@pytest.mark.parametrize("shapes", [OLD, NEW, MIXED])
def test_pages_weigh_what_real_ones_do(shapes: Shapes) -> None:
    def kilobytes(stores: list[Store]) -> list[float]:
        return [len(answer(store, TODAY, shapes)) / 1000 for store in stores]

    ordered = sorted(CITY, key=lambda store: store.standing.review_count)
    few, many = kilobytes(ordered[:100]), kilobytes(ordered[-100:])
    html = [len(write_store_page(store, TODAY, shapes).encode()) / 1000 for store in ordered]

    assert 12 < min(few + many) < 25
    assert 40 < max(few + many) < 80
    assert sum(few) / 100 + 25 < sum(many) / 100
    assert 20 < min(html) < max(html) < 80


def test_the_same_seed_writes_the_same_bytes() -> None:
    again = build_city(7, refill_stores=600, ordinary_stores=600)
    shapes = name_shapes("mixed", 0.1)

    for one, other in zip(CITY[::40], again[::40], strict=True):
        assert answer(one, TODAY, shapes) == answer(other, TODAY, shapes)
        assert write_store_page(one, TODAY, shapes) == write_store_page(other, TODAY, shapes)


@pytest.mark.parametrize("shapes", ["2025", "2026"])
def test_robots_begin_with_a_mark_on_some_days_of_2026(start_replica: Start, shapes: str) -> None:
    with start_replica("--refill-stores", "5", "--ordinary-stores", "5", "--shapes", shapes) as running:
        days = []
        for _ in range(60):
            days.append({running.send("GET", "/robots.txt") for _ in range(3)})
            running.move(days=1)

    assert {len(bodies) for bodies in days} == {1}  # on one day the same for all who ask
    bodies = [body for of_a_day in days for body in of_a_day]
    assert {body.removeprefix(BOM_UTF8).decode() for body in bodies} == {EVERYONE}
    assert any(body.startswith(BOM_UTF8) for body in bodies) == (shapes == "2026")
    assert not all(body.startswith(BOM_UTF8) for body in bodies)


def test_pages_written_beforehand_are_the_same(start_replica: Start) -> None:
    small = ("--refill-stores", "20", "--ordinary-stores", "30", "--odd", "0.1")
    with start_replica(*small) as lazy, start_replica(*small, "--prerender") as ready:
        refs = [store["ref"] for store in lazy.truth()]
        for running in (lazy, ready):
            running.move(days=1)
        for ref in refs:
            form = f"v_rid={ref}"
            assert lazy.send("POST", "/API/profile/", form) == ready.send("POST", "/API/profile/", form)
