"""PgBouncer between the workers and PostgreSQL: in mode transaction, each transaction may have another process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

from refillspot.clock import Clock
from refillspot.planning.keywords import QueryAnswer
from refillspot.postgres.connection import open_async_connection, run
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.database import known_migrations, migrate_database
from refillspot.postgres.outward import read
from refillspot.postgres.query_yields import QueryYieldTable
from refillspot.postgres.stores import Outcome, StoreTable
from refillspot.sites.diningcode import NAME
from tests.postgres.test_stores import query, store

if TYPE_CHECKING:
    from refillspot.items import Store

WRITERS, WRITES = 4, 8  # more writes than psycopg runs statements before it prepares them
TRACKED = {"TimeZone", "DateStyle", "application_name", "client_encoding", "standard_conforming_strings"}
"""What PgBouncer sets anew for each of its clients; what else a session sets is the next client's as well."""
OUR_ADVISORY_LOCKS = """
    SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()
"""
transaction_mode = pytest.mark.parametrize("pooled", [("transaction", 1), ("transaction", 2)], indirect=True)


def pages(writer: int, write: int) -> list[Store]:
    return [store(f"w{writer}n{write}s{number}") for number in range(3)]


async def write_all(url: str) -> list[Outcome]:
    """Let several workers write at once, each what no other does."""
    async with AsyncExitStack() as stack:
        tables = [StoreTable(url, Clock()) for _ in range(WRITERS)]
        for table in tables:
            stack.push_async_callback(table.close)
            await table.open()

        async def work(writer: int, table: StoreTable) -> list[Outcome]:
            return [await table.write(pages(writer, write), "one") for write in range(WRITES)]

        return [outcome for some in await asyncio.gather(*map(work, range(WRITERS), tables)) for outcome in some]


@pytest.mark.parametrize("pooled", [("transaction", 1), ("transaction", 2), ("session", WRITERS)], indirect=True)
def test_more_workers_than_connections_store_everything(pooled: str, database_url: str) -> None:
    run(CrawlTable(pooled).join(NAME, {}, "one", Clock().now()))

    assert run(write_all(pooled)) == [Outcome(stored=3)] * (WRITERS * WRITES)

    refs = {one.ref for writer in range(WRITERS) for write in range(WRITES) for one in pages(writer, write)}
    assert {row["ref"] for row in query(database_url, "SELECT ref FROM refillspot.stores")} == refs
    assert {row["ref"] for row in read(pooled)} == refs
    assert query(database_url, "SELECT stored, rejected FROM refillspot.crawl_totals") == [
        {"stored": len(refs), "rejected": 0}
    ]


@transaction_mode
def test_nothing_is_left_for_the_next_client(pooled: str) -> None:
    run(write_all(pooled))

    with psycopg.connect(pooled, autocommit=True) as somebody_else:
        changed = somebody_else.execute("SELECT name FROM pg_settings WHERE source = 'session'").fetchall()
        assert {name for (name,) in changed} <= TRACKED
        assert somebody_else.execute("SELECT name FROM pg_prepared_statements").fetchall() == []
        assert somebody_else.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'").fetchall() == []
        assert somebody_else.execute(OUR_ADVISORY_LOCKS).fetchall() == []


@transaction_mode
def test_what_an_older_version_left_is_in_nobodys_way(pooled: str) -> None:
    with psycopg.connect(pooled, autocommit=True) as older:
        older.execute("CREATE TEMPORARY TABLE incoming_stores (ref text)")

    assert run(write_all(pooled)) == [Outcome(stored=3)] * (WRITERS * WRITES)


@transaction_mode
def test_answers_are_recorded(pooled: str, database_url: str) -> None:
    async def record() -> None:
        tables = [QueryYieldTable(pooled, Clock()) for _ in range(WRITERS)]
        for write in range(WRITES):
            for writer, table in enumerate(tables):
                await table.record(
                    QueryAnswer(NAME, f"k{writer}", "중구", 1, {"11140": [f"w{writer}n{write}"]}, {}), "one"
                )
        for table in tables:
            await table.close()

    run(record())

    found = query(database_url, "SELECT keyword, cardinality(refs) AS refs FROM refillspot.query_answers ORDER BY 1")
    assert found == [{"keyword": f"k{writer}", "refs": WRITES} for writer in range(WRITERS)]


@transaction_mode
def test_the_schema_is_made_once(pooled: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP SCHEMA refillspot CASCADE")

    with ThreadPoolExecutor(WRITERS) as pool:
        applied = [name for names in pool.map(migrate_database, [pooled] * WRITERS) for name in names]

    assert applied == [migration.name for migration in known_migrations()]


@transaction_mode
def test_each_client_keeps_its_time_zone(pooled: str) -> None:
    async def look() -> list[str]:
        async with await open_async_connection(pooled) as ours, await psycopg.AsyncConnection.connect(pooled) as other:
            await other.execute("SET TIME ZONE 'Asia/Seoul'")
            await other.commit()
            shown: list[str] = []
            for connection in (ours, other, ours):
                shown += await (await connection.execute("SHOW timezone")).fetchone() or ()
                await connection.commit()
            return shown

    assert run(look()) == ["UTC", "Asia/Seoul", "UTC"]
