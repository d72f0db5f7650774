"""PostgreSQL away, refusing or silent: workers wait, everything is stored in the end, and counted once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from unittest import mock

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from refillspot.clock import Clock
from refillspot.exceptions import ServiceUnavailableError
from refillspot.postgres import connection as connection_module
from refillspot.postgres import crawls, worker_stats
from refillspot.postgres.connection import open_async_connection, transaction
from refillspot.postgres.crawls import CrawlTable, look_at_crawl
from refillspot.postgres.database import migrate_database
from refillspot.postgres.stores import StoreTable
from tests.postgres.accounts import RIGHTS, account
from tests.postgres.test_stores import query, store, write
from tests.programs import PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from refillspot.items import Store
    from replica.tcp_proxy import TcpProxy

CRAWL = "outage"
NOT_FOR_LONG = 1.0  # seconds for an attempt
DISK_FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON refillspot.stores EXECUTE FUNCTION full_disk();
"""
SLOW_COMMIT = """
    CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_lock(7), pg_advisory_unlock(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT OR UPDATE ON refillspot.stores DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.ref = 'AAAAaaaa1111') EXECUTE FUNCTION slow_commit();
"""


@asynccontextmanager
async def impatient_table(url: str) -> AsyncIterator[StoreTable]:
    """A table that gives an attempt little time, for the crawl CRAWL."""
    await CrawlTable(url).join("diningcode", {}, CRAWL, Clock().now())
    table = StoreTable(url, Clock(), attempt_seconds=NOT_FOR_LONG)
    await table.open()
    try:
        yield table
    finally:
        await table.close()


async def until(condition: Callable[[], bool]) -> None:
    """Ends at pytest's time-out if never."""
    while not condition():  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.02)


def administer(database_url: str, *statements: str) -> None:
    """From another database of the server: where this one takes no connections."""
    with psycopg.connect(make_conninfo(database_url, dbname="postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def change(database_url: str, statements: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(statements.encode())


def counts(database_url: str) -> dict[str, Any]:
    (found,) = query(
        database_url,
        "SELECT stored, rejected, (SELECT count(*) FROM refillspot.stores) AS rows,"
        " (SELECT count(*) FROM refillspot.rejects) AS rejects FROM refillspot.crawl_totals",
    )
    return found


OUTAGES = {
    "takes no connections": ("ALTER DATABASE {} ALLOW_CONNECTIONS false", "ALTER DATABASE {} ALLOW_CONNECTIONS true"),
    "read-only": (
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        "ALTER DATABASE {} RESET default_transaction_read_only",
    ),
}
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


@pytest.mark.parametrize("outage", OUTAGES)
async def test_a_server_that_refuses_is_waited_for(
    outage: str, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    begin, end = OUTAGES[outage]
    name = str(conninfo_to_dict(database_url)["dbname"])

    async with impatient_table(database_url) as table:
        await table.write([store("before000000")], CRAWL)
        await asyncio.to_thread(administer, database_url, begin.format(name), END_SESSIONS.format(name))
        writing = asyncio.create_task(table.write([store()], CRAWL))
        await until(lambda: caplog.text.count("trying again") >= 2)
        await asyncio.to_thread(administer, database_url, end.format(name), END_SESSIONS.format(name))
        outcome = await writing

    assert (outcome.stored, outcome.rejected) == (1, 0)
    assert outcome.waits >= 2
    assert counts(database_url) == {"stored": 2, "rejected": 0, "rows": 2, "rejects": 0}


async def test_a_connection_is_waited_for_where_others_have_them_all(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with account(database_url, RIGHTS) as url:
        name = conninfo_to_dict(url)["user"]
        async with impatient_table(url) as table:
            end_sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"
            await asyncio.to_thread(administer, database_url, f"ALTER ROLE {name} CONNECTION LIMIT 0", end_sessions)
            writing = asyncio.create_task(table.write([store()], CRAWL))
            await until(lambda: "too many connections" in caplog.text)
            await asyncio.to_thread(administer, database_url, f"ALTER ROLE {name} CONNECTION LIMIT -1")
            assert (await writing).stored == 1

    assert counts(database_url) == {"stored": 1, "rejected": 0, "rows": 1, "rejects": 0}


async def test_a_full_disk_is_waited_for(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with impatient_table(database_url) as table:
        change(database_url, DISK_FULL)
        writing = asyncio.create_task(table.write([store()], CRAWL))
        await until(lambda: "No space left on device" in caplog.text)
        change(database_url, "DROP FUNCTION full_disk CASCADE")
        assert (await writing).stored == 1

    assert counts(database_url) == {"stored": 1, "rejected": 0, "rows": 1, "rejects": 0}


async def test_a_silent_connection_is_given_up(
    database_url: str, proxied_database_url: str, postgres_proxy: TcpProxy, caplog: pytest.LogCaptureFixture
) -> None:
    async with impatient_table(proxied_database_url) as table:
        postgres_proxy.half_open()
        writing = asyncio.create_task(table.write([store()], CRAWL))
        await until(lambda: "did not answer within 1 s" in caplog.text)
        postgres_proxy.heal()
        assert (await writing).stored == 1

    assert counts(database_url) == {"stored": 1, "rejected": 0, "rows": 1, "rejects": 0}


WAITING = (
    "SELECT 1 FROM pg_locks JOIN pg_database ON database = pg_database.oid"
    " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
)


@pytest.mark.parametrize(
    ("known", "changes"), [([], []), ([store()], []), ([store(name="옛")], [("옛", "행복한고기")])]
)
async def test_a_commit_whose_answer_was_lost_counts_once(
    known: list[Store],
    changes: list[tuple[str, str]],
    database_url: str,
    proxied_database_url: str,
    postgres_proxy: TcpProxy,
) -> None:
    await asyncio.to_thread(write, database_url, *known)

    async with impatient_table(proxied_database_url) as table:
        change(database_url, SLOW_COMMIT)
        with psycopg.connect(database_url, autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(7)")
            writing = asyncio.create_task(table.write([store(), store("BBBBbbbb2222")], CRAWL))
            await until(lambda: bool(query(database_url, WAITING)))  # COMMIT was sent, and waits
            postgres_proxy.half_open()
        await until(lambda: bool(query(database_url, "SELECT 1 FROM refillspot.crawl_commits WHERE stored > 0")))
        postgres_proxy.heal()
        outcome = await writing

    assert (outcome.stored, outcome.rejected) == (2, 0)
    assert counts(database_url) == {"stored": 2, "rejected": 0, "rows": 2, "rejects": 0}
    assert query(database_url, "SELECT old, new FROM refillspot.store_history") == [
        {"old": old, "new": new} for old, new in changes
    ]


async def test_whoever_connects_again_ends_what_it_left_behind(
    database_url: str, proxied_database_url: str, postgres_proxy: TcpProxy
) -> None:
    async with impatient_table(proxied_database_url) as table:
        change(database_url, SLOW_COMMIT)
        with psycopg.connect(database_url, autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(7)")
            writing = asyncio.create_task(table.write([store()], CRAWL))
            await until(lambda: bool(query(database_url, WAITING)))
            (before,) = query(database_url, BACKENDS)
            postgres_proxy.cut()  # the server does not notice: it waits for a lock
            await until(lambda: before not in query(database_url, BACKENDS))
        assert (await writing).stored == 1

    assert counts(database_url) == {"stored": 1, "rejected": 0, "rows": 1, "rejects": 0}


BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'refillspot' AND wait_event = 'advisory'
"""
SUSPENDED = """
import os, signal, sys
from datetime import timedelta
from refillspot.postgres.connection import run
from refillspot.postgres.stores import StoreTable
from tests.postgres.test_stores import store

class StoppedClock:
    @property
    def offset(self):
        os.kill(os.getpid(), signal.SIGSTOP)  # asked in the middle of the transaction
        return timedelta()

table = StoreTable(sys.argv[1], StoppedClock(), attempt_seconds=float(sys.argv[2]))
run(table.write([store("AAAAaaaa1111")], "outage"))
"""


@contextmanager
def suspended_worker(database_url: str, seconds: float) -> Iterator[int]:
    """Yield the id of a process that is stopped while it stores AAAAaaaa1111; it gives an attempt so many seconds."""
    command = [sys.executable, "-c", SUSPENDED, database_url, f"{seconds}"]
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        os.waitpid(process.pid, os.WUNTRACED)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def let_go(pid: int) -> None:
    """Let a process go on, however often it stops; return when it has ended."""
    status = 0x7F
    while os.WIFSTOPPED(status):
        os.kill(pid, signal.SIGCONT)
        _, status = os.waitpid(pid, os.WUNTRACED)


async def test_a_worker_suspended_in_its_transaction_holds_nobody_up(database_url: str) -> None:
    async with impatient_table(database_url) as table:
        with suspended_worker(database_url, 60) as pid:
            assert (await table.write([store("BBBBbbbb2222")], CRAWL)).waits == 0
            assert query(database_url, IN_TRANSACTION)
            await asyncio.to_thread(let_go, pid)

    assert counts(database_url) == {"stored": 2, "rejected": 0, "rows": 2, "rejects": 0}


async def test_a_transaction_of_which_nothing_is_heard_is_ended(database_url: str) -> None:
    async with impatient_table(database_url) as table:
        with suspended_worker(database_url, 0.5):
            await until(lambda: not query(database_url, IN_TRANSACTION))
            assert (await table.write([store("AAAAaaaa1111")], CRAWL)).stored == 1


IN_TRANSACTION = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
"""


async def test_what_was_committed_is_on_disk_whatever_the_database_has_as_its_default(database_url: str) -> None:
    name = str(conninfo_to_dict(database_url)["dbname"])
    administer(database_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')

    async with await open_async_connection(database_url) as connection, transaction(connection, 10) as cursor:
        await cursor.execute("SELECT current_setting('synchronous_commit')")
        assert await cursor.fetchone() == ("on",)


async def test_one_bad_row_of_a_thousand_is_counted_as_one(database_url: str) -> None:
    stores = [store(f"{number:012}", review_count=-5 if number == 617 else number) for number in range(1000)]

    async with impatient_table(database_url) as table:
        change(database_url, "ALTER TABLE refillspot.stores ADD CONSTRAINT no_less CHECK (review_count >= 0)")
        outcome = await table.write(stores, CRAWL)

    assert (outcome.stored, outcome.rejected) == (999, 1)

    assert counts(database_url) == {"stored": 999, "rejected": 1, "rows": 999, "rejects": 1}
    (reject,) = query(database_url, "SELECT ref, error FROM refillspot.rejects")
    assert reject["ref"] == "000000000617"
    assert "no_less" in reject["error"]


def test_a_locked_table_is_not_waited_for_without_end(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "LOOK_SECONDS", 0.05)
    migrate_database(database_url)

    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE refillspot.crawls, refillspot.crawl_workers IN ACCESS EXCLUSIVE MODE")
        assert look_at_crawl(database_url, CRAWL) is None
        with pytest.raises(ServiceUnavailableError, match="timeout"):
            worker_stats.read(database_url, CRAWL)


async def test_a_crawl_begins_by_the_clock_of_the_database_as_its_stores_are_seen(database_url: str) -> None:
    class Fast(datetime):
        """The clock of a machine that is an hour ahead of the database."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(hours=1)

    with mock.patch.object(crawls, "datetime", Fast):
        await CrawlTable(database_url).join("diningcode", {}, CRAWL, Fast.now(UTC))
    (row,) = query(database_url, "SELECT started_at <= now() AS is_past FROM refillspot.crawls")
    assert row == {"is_past": True}
