"""Pages that cannot be read are kept, and are read again by command, without the site."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from refillspot.clock import Clock
from refillspot.items import ReadPage, RefillVerdict, Store, UnreadPage
from refillspot.parsing import PARSER_VERSION
from refillspot.postgres import kept_pages
from refillspot.postgres.database import read_stores
from refillspot.postgres.kept_pages import newest_bodies
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import Outcome, StoreTable
from refillspot.regions import parse_region
from refillspot.reparsing import Reparsed, reparse
from refillspot.sites.diningcode import NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from tests.crawl.conftest import Crawl, Faults, Site

WEB_URL = "https://www.diningcode.com"
ROW = {
    "v_rid": "AAAAaaaa1111", "nm": "달빛", "branch": None, "addr": "서울 강남구 역삼동 1", "road_addr": None,
    "phone": None,
    "category": None, "lat": None, "lng": None, "score": None, "user_score": None, "review_cnt": None,
    "open_status": None, "image": None,
}  # fmt: skip


def body(name: str | None) -> bytes:
    return json.dumps({"result_code": "100", "result_data": [{"key": "restaurant", "rn": name}]}).encode()


def page(ref: str, name: str | None) -> UnreadPage:
    return UnreadPage(NAME, ref, ROW | {"v_rid": ref}, body(name), "$.rn: expected str")


def with_table(database_url: str, work: Callable[[StoreTable], Awaitable[None]], ago: timedelta = timedelta()) -> None:
    async def scenario() -> None:
        table = StoreTable(database_url, Clock(-ago))
        await table.open()
        try:
            await work(table)
        finally:
            await table.close()

    asyncio.run(scenario())


def kept_refs(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        return [ref for (ref,) in connection.execute("SELECT ref FROM refillspot.unread_pages ORDER BY ref")]


def test_what_can_be_read_now_is_stored_with_the_time_of_its_page(database_url: str) -> None:
    async def keep(table: StoreTable) -> None:
        await table.keep_unread(page("AAAAaaaa1111", "달빛"))
        await table.keep_unread(page("BBBBbbbb2222", None))

    with_table(database_url, keep, ago=timedelta(days=3))

    assert reparse(database_url, WEB_URL, Clock()) == Reparsed(stored=1, unread=1)
    (store,) = read_stores(database_url)
    assert (store["ref"], store["name"]) == ("AAAAaaaa1111", "달빛")
    assert store["last_seen_at"] < datetime.now(UTC) - timedelta(days=2)
    assert kept_refs(database_url) == ["BBBBbbbb2222"]


def test_a_page_older_than_its_store_changes_nothing(database_url: str) -> None:
    async def keep(table: StoreTable) -> None:
        await table.keep_unread(page("AAAAaaaa1111", "달빛"))

    with_table(database_url, keep)
    reparse(database_url, WEB_URL, Clock())

    async def keep_older(table: StoreTable) -> None:
        await table.keep_unread(page("AAAAaaaa1111", "옛 달빛"))

    with_table(database_url, keep_older, ago=timedelta(days=1))

    assert reparse(database_url, WEB_URL, Clock()) == Reparsed(outdated=1)
    assert read_stores(database_url)[0]["name"] == "달빛"
    assert kept_refs(database_url) == []


def test_the_oldest_pages_go_when_there_are_too_many(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "MAX_UNREAD", 2)

    async def keep(table: StoreTable) -> None:
        for ref in ("AAAAaaaa1111", "BBBBbbbb2222", "CCCCcccc3333"):
            await table.keep_unread(page(ref, None))

    with_table(database_url, keep)

    assert kept_refs(database_url) == ["BBBBbbbb2222", "CCCCcccc3333"]


def test_the_pages_of_one_site_do_not_push_out_those_of_another(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_pages, "MAX_UNREAD", 2)

    async def keep(table: StoreTable) -> None:
        await table.keep_unread(replace(page("0000other000", None), site="other"))
        for ref in ("AAAAaaaa1111", "BBBBbbbb2222", "CCCCcccc3333"):
            await table.keep_unread(page(ref, None))

    with_table(database_url, keep)

    assert kept_refs(database_url) == ["0000other000", "BBBBbbbb2222", "CCCCcccc3333"]


def test_a_crawl_keeps_what_it_cannot_read(crawl: Crawl, faults: Faults, database_url: str) -> None:
    faults.add(kind="layout", change="renamed", key="rn")

    crawl.run("-a", "district=강남구", "-a", "limit=3")
    command = crawl.operate("db", "reparse")

    refs = kept_refs(database_url)
    assert len(refs) == 3
    assert read_stores(database_url) == []
    assert command.returncode == 0, command.stderr
    assert "3 still unread and kept" in command.stdout


MISREADING = ("-s", 'EXTENSIONS={"tests.crawl.misreading.Misreading": 1}')
SEVERAL = ("-a", "district=금천구")
TIMES = ("first_seen_at", "last_seen_at", "fetched_at")


def rows_of(database_url: str) -> dict[str, dict[str, Any]]:
    """Return the stores as they are, but for when they were seen."""
    return {
        row["ref"]: {name: value for name, value in row.items() if name not in TIMES}
        for row in read_stores(database_url)
    }


def seen_at(database_url: str) -> dict[str, tuple[Any, ...]]:
    return {row["ref"]: tuple(row[name] for name in TIMES) for row in read_stores(database_url)}


def test_a_mended_parser_reads_every_page_again_without_the_site(
    crawl: Crawl, site: Site, database_url: str, faults: Faults
) -> None:
    assert crawl.run(*SEVERAL).returncode == 0
    right = rows_of(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE refillspot.stores, refillspot.store_pages")
    assert crawl.run(*SEVERAL, "-a", "crawl=misread", *MISREADING).returncode == 0
    misread, seen = rows_of(database_url), seen_at(database_url)
    assert misread.keys() == right.keys()
    assert {row["parser_version"] for row in misread.values()} == {PARSER_VERSION - 1}
    assert {row["hours_osm"] for row in misread.values()} == {"Mo 01:00-02:00", None}
    site.clear_log()
    faults.add(kind="status", status=500)

    command = crawl.operate("db", "reparse", "--all")

    assert command.returncode == 0, command.stderr
    assert f"{len(right)} stores reread" in command.stdout
    assert rows_of(database_url) == right
    assert seen_at(database_url) == seen
    with psycopg.connect(database_url) as connection:  # another parser is no change of a store
        assert connection.execute("SELECT * FROM refillspot.store_history").fetchall() == []
    assert site.log() == []


def test_an_upgrade_says_what_to_do(crawl: Crawl, database_url: str) -> None:
    assert crawl.run("-a", "district=금천구", "-a", "limit=3", *MISREADING).returncode == 0

    second = crawl.run("-a", "district=금천구", "-a", "limit=1")

    assert "3 stores were read by older parsers: `scrapy db reparse --all`" in second.stderr
    crawl.operate("db", "reparse", "--all")
    assert "older parsers" not in crawl.run("-a", "district=금천구", "-a", "limit=1").stderr
    assert {row["parser_version"] for row in read_stores(database_url)} == {PARSER_VERSION}


def kept(ref: str, name: str | None) -> Store:
    store = Store(NAME, ref, name or "?", WEB_URL, RefillVerdict("unlikely"), district_code="11680", district="강남구")
    store.read_from(ReadPage(ROW | {"v_rid": ref}, body(name)))
    return store


def test_a_page_whose_row_was_refused_becomes_a_store(database_url: str) -> None:
    async def write(table: StoreTable) -> None:
        await table.write([kept("AAAAaaaa1111", "달빛"), kept("BBBBbbbb2222", None)])

    with_table(database_url, write, ago=timedelta(days=3))
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM refillspot.stores WHERE ref = 'AAAAaaaa1111'")

    assert reparse(database_url, WEB_URL, Clock(), is_all=True) == Reparsed(stored=1, unread=1)
    row = next(store for store in read_stores(database_url) if store["ref"] == "AAAAaaaa1111")
    assert row["last_seen_at"] < datetime.now(UTC) - timedelta(days=2)


def test_a_page_that_a_crawl_has_replaced_meanwhile_changes_nothing(database_url: str) -> None:
    async def write(table: StoreTable) -> None:
        await table.write([kept("AAAAaaaa1111", "달빛")])
        older = StoreRow.of(kept("AAAAaaaa1111", "옛 달빛"))
        assert older.page
        assert await table.reread([older], {older.key: older.page.digest}) == (Outcome(stored=1), [])

    with_table(database_url, write)

    assert [store["name"] for store in read_stores(database_url)] == ["달빛"]


def test_the_newest_page_is_kept_once(database_url: str) -> None:
    async def write(table: StoreTable) -> None:
        for name in ("달빛", "달빛", "새 달빛"):
            await table.write([kept("AAAAaaaa1111", name)])

    with_table(database_url, write)

    with psycopg.connect(database_url) as connection:
        pages = connection.execute("SELECT ref, row, body FROM refillspot.store_pages").fetchall()
    assert [(ref, row) for ref, row, _body in pages] == [("AAAAaaaa1111", ROW)]
    assert newest_bodies(database_url, NAME, 10) == [body("새 달빛")]


def test_the_pages_of_one_city_are_read_again_alone(database_url: str) -> None:
    async def write(table: StoreTable) -> None:
        for number, addr in enumerate(("서울 중구 을지로1가 1", "부산 중구 남포동1가 1")):
            seen, unread = kept(f"seen{number}", "달빛"), page(f"unread{number}", "달빛")
            seen.read_from(ReadPage(ROW | {"v_rid": seen.ref, "addr": addr}, body("새 달빛")))
            await table.write([seen])
            await table.keep_unread(replace(unread, row=unread.row | {"addr": addr}))
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.stores SET name = 'by hand'")

    with_table(database_url, write)

    assert reparse(database_url, WEB_URL, Clock(), region=parse_region("부산"), is_all=True) == Reparsed(
        stored=1, read_again=1
    )
    assert {store["ref"]: (store["name"], store["region"]) for store in read_stores(database_url)} == {
        "seen0": ("by hand", None), "seen1": ("새 달빛", "부산광역시"), "unread1": ("달빛", "부산광역시"),
    }  # fmt: skip
    assert kept_refs(database_url) == ["unread0"]
