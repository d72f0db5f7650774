"""Answers of shapes that no honest site sends: each costs the part that it is, on both channels, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from refillspot.exceptions import SiteError
from refillspot.items import ReadPage
from refillspot.policies.caching import Kind
from refillspot.postgres.store_row import StoreRow
from refillspot.sites.diningcode.channels import read_kept_store, read_list, read_store
from refillspot.sites.diningcode.json_parts import DEEPEST, shallow
from refillspot.sites.diningcode.kept_page import kept_page
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.site import SITE
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from refillspot.sites.diningcode.page_types import SearchPage

API, WEB = "https://im.diningcode.com", "https://www.diningcode.com"
LIST, STORE = f"{API}/API/isearch/", f"{API}/API/profile/"
STORE_PAGE, LIST_PAGE = f"{WEB}/profile.php?rid=abc", f"{WEB}/list.php?query=a"

HOSTILE = {
    "nested 100,000 deep": "[" * 100_000 + "]" * 100_000,
    "objects 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "just below the stack": "[" * 900 + "]" * 900,
    "half of the stack": '[{"a":' * 250 + "1" + "}]" * 250,
    "a third of the stack": '{"a":' * 300 + "1" + "}" * 300,
    "100,000 digits": "9" * 100_000,
    "4,301 digits": "9" * 4_301,
    "400 digits": "9" * 400,
    "10^20": "1" + "0" * 20,
    "no number": "NaN",
    "no end": "-Infinity",
    "no float": "1e400",
    "digits as text": f'"{"9" * 100_000}"',
    "commas": f'"1{"," * 5_000}1"',
    "a price": f'"{"9" * 60}원"',
    "NUL": r'"a\u0000b"',
    "half a character": r'"a\ud800b"',
    "escapes": r'"a\u001b[31m\nb\u2028c\u009b\u202e"',
    "a year": '"99999-12-31"',
    "a day": '"99999.12.31(금) 10:00 - 25:00"',
}
MAY_BE_IDS = {HOSTILE["10^20"], HOSTILE["a year"]}
ROW_PARTS = ("branch", "lat", "score", "user_score", "review_cnt", "image", "image_list", "keyword", "area", "addr")
STORE_PARTS = (
    "restaurant.lat", "restaurant.score", "restaurant.images", "restaurant.categories", "restaurant.photo",
    "detail.bhour", "detail.tag", "detail.status", "menu.list",
)  # fmt: skip
NEVER_CLOSED = '[{"a":' * 50_000
"""Takes the rest of the answer with it."""
every = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())


def list_answer(total: str = "2", **parts: str) -> bytes:
    """A list of two rows, of which the first has these parts."""
    fields = {"v_rid": '"abc"', "nm": '"가게"', **parts}
    row = ",".join(f'"{name}":{value}' for name, value in fields.items())
    rows = f'{{{row}}},{{"v_rid":"other","nm":"다른 가게"}}'
    return f'{{"result_code":"100","result_data":{{"poi_section":{{"total_cnt":{total},"list":[{rows}]}}}}}}'.encode()


def store_answer(**parts: str) -> bytes:
    sections = {"restaurant": '"rn":"가게"', "detail": '"phone":"02-555-1234"', "menu": '"x":1'}
    for path, value in parts.items():
        section, _, name = path.partition(".")
        sections[section] += f',"{name}":{value}'
    data = ",".join(f'{{"key":"{key}",{inside}}}' for key, inside in sections.items())
    return f'{{"result_code":"100","result_data":[{data}]}}'.encode()


def page(linked: str) -> bytes:
    script = f'<script type="application/ld+json">{linked}</script>'
    return f'<!DOCTYPE html><html><head>{script}</head><body><h1 class="tit">가게</h1></body></html>'.encode()


def read_as_a_crawl(kind: Kind, url: str, body: bytes) -> Any:
    """Take the way of an answer: kept, judged for the cache, read, made a row for PostgreSQL."""
    kept = kept_page(url, 200, body)
    SITE.cacheability(kind, url, 200, kept)
    if kind is Kind.LIST:
        found = read_list(url, kept)
        for row in found.rows:
            stored(build_store(row, None, WEB))
        return found
    read_kept_store(kept)
    store = build_store(Row(v_rid="abc", nm="가게"), read_store(url, kept), WEB)
    store.read_from(ReadPage({"v_rid": "abc"}, kept))
    return stored(store)


def stored(store: Any) -> Any:
    for value in StoreRow.of(store).values():
        if isinstance(value, str):
            assert "\0" not in value
            value.encode()
    return store


@every
def test_a_part_of_a_row_costs_no_row(value: str) -> None:
    for part in ROW_PARTS:
        found: SearchPage = read_as_a_crawl(Kind.LIST, LIST, list_answer(**{part: value}))

        assert [row.v_rid for row in found.rows] == ["abc", "other"]
        assert all(len(msgspec.json.encode(row)) < 10_000 for row in found.rows)  # each travels with a request


@every
def test_an_id_costs_its_row_alone(value: str) -> None:
    found: SearchPage = read_as_a_crawl(Kind.LIST, LIST, list_answer(v_rid=value))

    kept = [value.strip('"')] if value in MAY_BE_IDS else []
    assert [row.v_rid for row in found.rows] == [*kept, "other"]
    assert len(found.broken) == 1 - len(kept)


@pytest.mark.parametrize(
    "ref", ['"abc\\n"', '"abc\\u0000"', '"a b"', '"\\u001b[2J"', '"\\u202eabc"', '"가"', f'"{"a" * 65}"', f"{'9' * 65}"]
)
def test_what_is_no_id_is_none(ref: str) -> None:
    found: SearchPage = read_as_a_crawl(Kind.LIST, LIST, list_answer(v_rid=ref))

    assert [row.v_rid for row in found.rows] == ["other"]


@pytest.mark.parametrize(
    "total", ["1000000000000000", "1000001", "-5", "NaN", "1e400", "9" * 5_000, '"1,000,000,000,000"', "1e15"]
)
def test_a_total_that_cannot_be_is_none_and_is_told(total: str) -> None:
    found: SearchPage = read_as_a_crawl(Kind.LIST, LIST, list_answer(total))

    assert (found.total, found.sent, len(found.rows)) == (None, 2, 2)
    assert {odd.path for odd in found.oddities} <= {"poi_section.total_cnt"}


@every
def test_a_part_of_a_store_page_costs_that_part(value: str) -> None:
    for part in STORE_PARTS:
        store = read_as_a_crawl(Kind.STORE, STORE, store_answer(**{part: value}))

        assert (store.name, store.phone) == ("가게", "02-555-1234")


@every
def test_a_part_of_a_menu_line_costs_that_part(value: str) -> None:
    for part in ("menu", "price", "best", "description"):
        lines = f'[{{"menu":"냉면","price":"9,000원"}},{{"menu":"무한리필","{part}":{value}}}]'
        store = read_as_a_crawl(Kind.STORE, STORE, store_answer(**{"menu.list": lines}))

        assert (store.menu[0].name, store.menu[0].price_krw) == ("냉면", 9000)


@pytest.mark.parametrize("value", [*HOSTILE.values(), NEVER_CLOSED], ids=[*HOSTILE, "never closed"])
@pytest.mark.parametrize(
    ("kind", "url", "body"),
    [
        (Kind.LIST, LIST, "{}"),
        (Kind.STORE, STORE, "{}"),
        (Kind.STORE, STORE, '{{"result_code":{},"result_msg":"x","result_data":[]}}'),
        (Kind.STORE, STORE, '{{"result_code":"1","result_msg":{},"result_data":[]}}'),
        (Kind.STORE, STORE, '{{"result_code":"100","result_data":{}}}'),
    ],
)
def test_what_is_no_answer_is_an_error_of_the_site(kind: Kind, url: str, body: str, value: str) -> None:
    with pytest.raises(SiteError) as error:
        read_as_a_crawl(kind, url, body.format(value).encode())

    assert len(str(error.value)) < 500


@every
def test_linked_data_of_a_page_for_people(value: str) -> None:
    described = f'{{"@type":"Restaurant","review":{value},"geo":{{"latitude":{value}}},"hasMenu":[{value}]}}'
    for linked in (value, described, f'{{"@type":"Restaurant","name":{value}}}'):
        assert read_as_a_crawl(Kind.STORE, STORE_PAGE, page(linked)).name


@every
def test_list_data_of_a_page_for_people(value: str) -> None:
    data = f'{{"poi_section":{{"total_cnt":1,"list":[{{"v_rid":"abc","nm":"가게","area":{value}}}]}}}}'
    inside = json.dumps(data)[1:-1].replace("'", r"\'")
    script = f"<script>localStorage.setItem('listData', '{inside}');</script>"
    found = read_as_a_crawl(Kind.LIST, LIST_PAGE, f"<!DOCTYPE html><html><body>{script}</body></html>".encode())

    assert [row.v_rid for row in found.rows] == ["abc"]


def test_only_what_is_nested_too_deeply_is_cut() -> None:
    fair = b"[" * DEEPEST + b'"]]]\\"[[["' + b"]" * DEEPEST
    assert shallow(fair) == fair
    assert shallow(b'{"a":' + fair + b',"b":[1]}') == b'{"a":' + fair.replace(b'["]]]\\"[[["]', b"null") + b',"b":[1]}'
    assert shallow(b"[" * 1_000) == b"[" * DEEPEST + b"null"
    full = b"[" * DEEPEST + b'"[" "]'  # a text that does not end
    assert shallow(full) == full
