"""Pages that cannot be read are kept, and are read again by command, without the site."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from refillspot.clock import Clock
from refillspot.items import UnreadPage
from refillspot.postgres import unread
from refillspot.postgres.database import read_stores
from refillspot.postgres.stores import StoreTable
from refillspot.reparsing import Reparsed, reparse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from tests.crawl.conftest import Crawl, Faults

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
    return UnreadPage(ref, ROW | {"v_rid": ref}, body(name), "$.rn: expected str")


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

    assert reparse(database_url, WEB_URL) == Reparsed(stored=1, unread=1)
    (store,) = read_stores(database_url)
    assert (store["ref"], store["name"]) == ("AAAAaaaa1111", "달빛")
    assert store["last_seen_at"] < datetime.now(UTC) - timedelta(days=2)
    assert kept_refs(database_url) == ["BBBBbbbb2222"]


def test_a_page_older_than_its_store_changes_nothing(database_url: str) -> None:
    async def keep(table: StoreTable) -> None:
        await table.keep_unread(page("AAAAaaaa1111", "달빛"))

    with_table(database_url, keep)
    reparse(database_url, WEB_URL)

    async def keep_older(table: StoreTable) -> None:
        await table.keep_unread(page("AAAAaaaa1111", "옛 달빛"))

    with_table(database_url, keep_older, ago=timedelta(days=1))

    assert reparse(database_url, WEB_URL) == Reparsed(outdated=1)
    assert read_stores(database_url)[0]["name"] == "달빛"
    assert kept_refs(database_url) == []


def test_the_oldest_pages_go_when_there_are_too_many(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MAX_PAGES", 2)

    async def keep(table: StoreTable) -> None:
        for ref in ("AAAAaaaa1111", "BBBBbbbb2222", "CCCCcccc3333"):
            await table.keep_unread(page(ref, None))

    with_table(database_url, keep)

    assert kept_refs(database_url) == ["BBBBbbbb2222", "CCCCcccc3333"]


def test_a_crawl_keeps_what_it_cannot_read(crawl: Crawl, faults: Faults, database_url: str) -> None:
    faults.add(kind="layout", change="renamed", key="rn")

    crawl.run("-a", "district=강남구", "-a", "limit=3")
    command = crawl.operate("db", "reparse")

    refs = kept_refs(database_url)
    assert len(refs) == 3
    assert read_stores(database_url) == []
    assert command.returncode == 0, command.stderr
    assert "3 still unread and kept" in command.stdout
