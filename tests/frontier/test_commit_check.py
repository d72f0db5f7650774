"""A PostgreSQL that comes back older: what it had committed is fetched again, or said to be gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

from refillspot.clock import Clock
from refillspot.exceptions import QueueElsewhereError
from refillspot.frontier import commit_check
from refillspot.frontier.commit_check import CommitCheck, settle
from refillspot.frontier.queue import CLOSING, COMPLETE, OPEN, WON
from refillspot.postgres import crawl_queues
from refillspot.postgres.commits import Missing, Remembered
from refillspot.postgres.crawl_queues import check_queue
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.stores import StoreTable
from refillspot.redis_clients import connect
from refillspot.stats.crawl import Crawl
from tests.frontier.test_queue import names, push, take
from tests.postgres.test_stores import store

if TYPE_CHECKING:
    from refillspot.frontier.queue import CrawlQueue
    from tests.frontier.conftest import Workers

CRAWL = "one"
HOUR_MS = 3_600_000


async def begin(database_url: str) -> CrawlTable:
    await CrawlTable(database_url).join("diningcode", {}, CRAWL, Clock().now())
    return CrawlTable(database_url)


async def fetch(queue: CrawlQueue, table: StoreTable, number: int, name: str) -> None:
    """Fetch and store what `name` asks for, and tell the queue, in its batch `number`."""
    assert await queue.commit(number, push(name)) == OPEN
    (entry,) = await take(queue)
    outcome = await table.write([store(f"{name:0>12}")], CRAWL)
    await queue.commit(number + 1, ["stored", *entry.key, table.writer, outcome.batch])


def forget(database_url: str, batches: str) -> None:
    """Let PostgreSQL be what it was before these commits."""
    with psycopg.connect(database_url) as connection:
        connection.execute(f"DELETE FROM refillspot.crawl_commits WHERE batch {batches}".encode())


def forget_the_end(database_url: str, stored: int) -> None:
    """Let it not know any more that the crawl was complete, nor of more stores than these."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.crawls SET state = 'running', ended_at = NULL, stored = %s", [stored])


async def look(queue: CrawlQueue, crawls: CrawlTable) -> int:
    """Look for what is stored, and return how many requests are queued again."""
    remembered = await queue.remembered() or Remembered()
    missing = await crawls.find_missing(CRAWL, remembered)
    return await settle(queue, remembered, missing) if missing else 0


async def close(queue: CrawlQueue, crawls: CrawlTable) -> Crawl | Missing:
    remembered = await queue.remembered() or Remembered()
    return await crawls.complete(CRAWL, await queue.counts(), Clock().now(), remembered)


async def test_requests_whose_commit_is_gone_are_queued_again_and_only_those(
    workers: Workers, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a", "b") as (a, b):
        for number, name in enumerate("xyz"):
            await fetch(a, table, 2 * number + 1, name)
        assert await look(a, crawls) == 0
        assert await a.length() == 0
        forget(database_url, "> 2")  # each store that is new has two: it was looked for, and stored

        assert await look(a, crawls) == 2
        assert names(await take(b)) == ["y", "z"]
        assert (await a.counts())["done"] == 1
        assert "2 pages are fetched again" in caplog.text
        assert await look(a, crawls) == 0  # each once
    await table.close()


async def test_no_crawl_is_closed_over_stores_that_are_gone(workers: Workers, database_url: str) -> None:
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        await a.commit(3, ["seeded"])
        assert (await a.try_finish())[0] == WON
        assert await a.open() == CLOSING
        forget(database_url, "> 0")

        missing, remembered = await close(a, crawls), await a.remembered()
        assert missing == Missing(1, {table.writer: [2]})
        assert remembered
        assert await settle(a, remembered, missing) == 1
        assert await a.open() == OPEN
        assert names(await take(a)) == ["x"]
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT state FROM refillspot.crawls").fetchall() == [("running",)]
    await table.close()


async def test_stores_that_others_have_stored_twice_hide_none_that_is_gone(workers: Workers, database_url: str) -> None:
    """A worker that dies after its commit leaves a store that the queue does not know of: the sums agree."""
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        forget(database_url, "> 0")
        await table.write([store("000000000077")], CRAWL)

        assert await close(a, crawls) == Missing(0, {table.writer: [2]})
    await table.close()


async def test_what_two_looks_have_found_is_settled_once(workers: Workers, database_url: str) -> None:
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a", "b") as (a, b):
        await fetch(a, table, 1, "x")
        forget(database_url, "> 0")
        looks = [await a.remembered() or Remembered(), await b.remembered() or Remembered()]
        missing = [await crawls.find_missing(CRAWL, one) or Missing(0, {}) for one in looks]

        assert await settle(b, looks[1], missing[1]) == 1
        assert await settle(a, looks[0], missing[0]) == 0
        assert "forgotten" not in await a.counts()
        assert names(await take(a)) == ["x"]
    await table.close()


async def test_what_was_stored_less_than_a_minute_before_a_look_is_remembered_however_long_that_takes(
    workers: Workers, database_url: str
) -> None:
    """A server that answers, and is away when the queue is to be told; then one that is older takes its place."""
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        remembered = await a.remembered() or Remembered()
        long_ago = replace(remembered, at_ms=remembered.at_ms - HOUR_MS)
        await a.settle(0, long_ago, Missing(0, {}))
        forget(database_url, "> 0")

        assert await look(a, crawls) == 1
    await table.close()


async def test_who_was_suspended_while_it_closed_a_crawl_does_not_close_what_goes_on(
    workers: Workers, database_url: str
) -> None:
    """PostgreSQL was told that it is complete, and has forgotten that, and another worker has found out."""
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a", "b") as (a, b):
        await fetch(a, table, 1, "x")
        await a.commit(3, ["seeded"])
        assert (await a.try_finish())[0] == WON
        assert isinstance(await close(a, crawls), Crawl)
        forget(database_url, "> 0")
        forget_the_end(database_url, stored=0)
        assert await look(b, crawls) == 1

        assert not await a.complete(b"{}", 60)
        assert await a.open() == OPEN
        assert names(await take(b)) == ["x"]
    await table.close()


async def test_what_has_been_there_for_long_is_not_remembered_and_missed_all_the_same(
    workers: Workers, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_check, "KEEP_SECONDS", -1.0)
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        await fetch(a, table, 3, "y")
        assert await settle(a, await a.remembered() or Remembered(), Missing(0, {})) == 0
        forget(database_url, "> 2")

        assert await look(a, crawls) == 0  # nobody knows what it was
        assert await a.length() == 0
        assert (await a.counts())["forgotten"] == 1
        assert "1 stores are gone" in caplog.text
        assert await look(a, crawls) == 0
        assert (await a.counts())["forgotten"] == 1  # said once
        ended = await close(a, crawls)
        assert isinstance(ended, Crawl)
        assert (ended.state, ended.result["forgotten"]) == ("abandoned", 1)
    await table.close()


async def test_a_crawl_that_has_ended_stays_so_and_is_not_complete_where_postgresql_is_older(
    workers: Workers, database_url: str
) -> None:
    """What is asked for next is another one, which fetches what is gone."""
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        await fetch(a, table, 3, "y")
        await a.commit(5, ["seeded"])
        assert (await a.try_finish())[0] == WON
        assert isinstance(await close(a, crawls), Crawl)
        assert await a.complete(b"{}", 60)
        forget(database_url, "> 2")
        forget_the_end(database_url, stored=1)

        assert await look(a, crawls) == 0
        ended = await close(a, crawls)
        assert isinstance(ended, Crawl)
        assert (ended.state, ended.result["forgotten"]) == ("abandoned", 1)
        assert await a.open() == COMPLETE
        assert await a.length() == 0
    await table.close()


async def test_one_look_in_a_while_is_enough_for_all_workers(workers: Workers, database_url: str) -> None:
    await begin(database_url)
    async with workers("a", "b") as (a, b):
        assert await a.remembered(60)
        assert await b.remembered(60) is None
        assert await b.remembered()


async def test_a_crawl_that_postgresql_has_closed_is_not_asked_about(workers: Workers, database_url: str) -> None:
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    async with workers("a") as (a,):
        await fetch(a, table, 1, "x")
        await crawls.complete(CRAWL, {}, Clock().now())
        forget(database_url, "> 0")

        assert await crawls.find_missing(CRAWL, await a.remembered() or Remembered()) is None
        assert isinstance(await close(a, crawls), Crawl)
    await table.close()


async def test_an_interrupted_crawl_is_asked_about_its_commits_however_late(database_url: str) -> None:
    crawls, table = await begin(database_url), StoreTable(database_url, Clock())
    await table.write([store()], CRAWL)
    await table.close()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.crawl_commits SET committed_at = committed_at - interval '60 days'")
    await crawls.join("diningcode", {}, "another", Clock().now())
    await crawls.complete("another", {}, Clock().now())

    assert await crawls.find_missing(CRAWL, Remembered(1, {table.writer: [1, 2]}, "a")) == Missing(0, {})


async def test_a_crawl_is_held_for_one_queue_until_nobody_lives_on_it(
    workers: Workers, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawls = await begin(database_url)
    async with workers("a", "b") as (a, b):
        await crawls.hold_queue(CRAWL, a.id)
        await crawls.hold_queue(CRAWL, b.id)  # the same
        with pytest.raises(QueueElsewhereError, match=r"run the same command in (29|30) s"):
            await crawls.hold_queue(CRAWL, "cafe")
        with pytest.raises(QueueElsewhereError):
            check_queue(database_url, CRAWL, "")
        check_queue(database_url, CRAWL, a.id)

        monkeypatch.setattr(crawl_queues, "LEASE_SECONDS", 0)
        check_queue(database_url, CRAWL, "cafe")
        await crawls.hold_queue(CRAWL, "cafe")
        monkeypatch.undo()

        monkeypatch.setattr(commit_check, "LOOK_SECONDS", 0)
        for queue in (a, b):  # neither waits for what the other has seen
            check = CommitCheck(queue, crawls, CRAWL)
            await check.run()
            assert isinstance(check.failure, QueueElsewhereError)
            monkeypatch.setattr(commit_check, "LOOK_SECONDS", 0.01)

        await crawls.release_queue(CRAWL, a.id)  # not its own
        with pytest.raises(QueueElsewhereError):
            await crawls.hold_queue(CRAWL, a.id)
        await crawls.release_queue(CRAWL, "cafe")
        await crawls.hold_queue(CRAWL, a.id)


async def test_a_redis_that_forgets_the_name_of_a_queue_is_told(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    async with workers("a") as (a,), connect(redis_url) as client:
        name = a.id
        for written in (None, "", "\x00", "no name", "f" * 1000):
            await client.hdel(f"{key_prefix}:crawl", "queue")
            if written is not None:
                await client.hset(f"{key_prefix}:crawl", "queue", written)
            assert await a.remembered()
            assert a.id == name
            assert await client.hget(f"{key_prefix}:crawl", "queue") == name.encode()
        await client.delete(f"{key_prefix}:crawl")
        assert await a.remembered() is None
        assert not await client.exists(f"{key_prefix}:crawl")


async def test_nobody_queues_up_behind_a_row_that_somebody_holds(database_url: str) -> None:
    """A worker gives up its look after a while, but its process of the server would go on waiting."""
    await begin(database_url)
    async with (
        await psycopg.AsyncConnection.connect(database_url) as holder,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        await holder.execute("SELECT FROM refillspot.crawls FOR UPDATE")
        with pytest.raises((errors.LockNotAvailable, errors.QueryCanceled)):
            await crawl_queues.hold_queue(connection, CRAWL, "cafe", seconds=0.1)
