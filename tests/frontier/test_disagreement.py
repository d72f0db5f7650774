"""Redis and a worker that disagree: about who lives, which batch was the last, and what a key is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.exceptions import ResponseError

from refillspot.frontier.outbox import Outbox
from refillspot.frontier.queue import OPEN, WON, CrawlQueue
from refillspot.operations.progress import ProgressReader
from refillspot.redis_clients import connect
from tests.frontier.test_consumer import Disk, all_of, disk, done, seed, told, worker  # noqa: F401  # disk is a fixture
from tests.frontier.test_queue import LEASE, MINUTE_MS, inherited, names, push, run_out, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.frontier.conftest import Workers
    from tests.own_redis import OwnRedis


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


# --- who lives


async def test_who_was_given_up_takes_and_closes_nothing_until_it_has_joined_again(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        assert await inherited(b, a) == []  # a had nothing: it is forgotten
        await b.commit(1, push("x"))
        assert await a.take(1, max_attempts=5, inherit=False) is None
        (x,) = await take(b)
        await b.commit(2, ["done", *x.key, "seeded"])
        assert await a.try_finish() == (OPEN, None)
        await a.beat(LEASE, join=True)
        assert await a.try_finish() == (WON, None)


async def test_what_somebody_holds_who_is_not_known_is_inherited(
    workers: Workers, client: Any, redis_url: str, key_prefix: str
) -> None:
    """A worker of a version before may take requests after it was given up, and die."""
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x") + push("y", 3))
        for lane in (0, 3):
            client.xreadgroup("workers", "stranger", {f"{key_prefix}:lane:{lane}": ">"})
        assert await take(a, inherit=True) == []
        await b.beat(LEASE, join=False)
        assert sorted(names(await take(a, inherit=True))) == ["x", "y"]
        with ProgressReader(redis_url, key_prefix) as reader:
            silent = reader.silent_workers()
        assert silent
        assert silent.names == {"stranger"}


async def test_a_worker_that_redis_does_not_know_joins_and_goes_on(
    client: Any, redis_url: str, key_prefix: str
) -> None:
    async with worker(redis_url, key_prefix, "a", lease_seconds=LEASE) as a:
        client.zrem(f"{key_prefix}:workers", "a")
        seed(a, "x")
        done(a, await a.next())
        assert client.zscore(f"{key_prefix}:workers", "a")


async def test_only_who_comes_first_flushes(workers: Workers, redis_url: str, key_prefix: str) -> None:
    async with workers("a") as (a,):
        await a.commit(1, push("x"))
        b = CrawlQueue(connect(redis_url), key_prefix, "b")
        assert not await b.flush()
        assert await b.length() == 1
        await run_out(a)
        assert await b.flush()
        assert await b.length() == 0
        assert await b.open() == OPEN
        await b.close()


# --- which batch was the last


def test_no_two_batches_have_the_same_number() -> None:
    outbox, numbers = Outbox(), []
    for number in range(6):
        outbox.add(("push", number))
        outbox.batch()
        numbers.append(outbox.under_way)
        outbox.confirm()
        if number in {2, 4}:
            outbox.roll_back(number - 1, with_seeds=False)
    outbox.roll_back(99, with_seeds=False)  # not even one that others gave
    outbox.add(("push", "last"))
    outbox.batch()

    assert numbers == sorted(set(numbers))
    assert outbox.under_way == 100


async def test_a_batch_that_was_applied_and_not_heard_of_is_no_fork(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a", lease_seconds=LEASE) as a:
        push_operations = push("x", fingerprint="")
        await a.queue.commit(1, push_operations)  # as if the answer had been lost
        a.consumer.push(*push_operations)
        done(a, await a.next())
        await told(a)
        assert a.rollbacks == 0
        assert (await a.queue.counts())["queued"] == 1


async def test_a_redis_that_is_ahead_is_told_again(own_redis: OwnRedis, disk: Disk) -> None:  # noqa: F811
    """Two fail-overs: the second one back to what the first had not known, other batches under the same numbers."""
    async with worker(own_redis.url, "crawl", "a", lease_seconds=LEASE) as a:
        disk.keep("old")
        for name in "uv":
            seed(a, name)
            await told(a)
        disk.keep("new")
        own_redis.kill()
        disk.restore("old")
        own_redis.start()
        seed(a, "x")
        await told(a)
        own_redis.kill()
        disk.restore("new")
        own_redis.start()
        seed(a, "y")
        a.consumer.end_of_seeds()
        assert set(await all_of(a, 4)) == {b"u", b"v", b"x", b"y"}
        assert a.rollbacks == 2


# --- what a key is


@pytest.mark.parametrize("wrong", ["attempts", "waiting", "dead", "stored", "seen", "lanes", "workers"])
async def test_a_batch_that_cannot_be_applied_leaves_nothing(
    workers: Workers, client: Any, key_prefix: str, wrong: str
) -> None:
    async with workers("a") as (a,):
        await a.commit(1, push("parent", 3) + push("good", 3))
        parent, good = await take(a)
        key = f"{key_prefix}:{wrong}"
        batch = [*push("child", 5), "start", *parent.key, "replace", *parent.key, 3, MINUTE_MS, "again"]
        batch += ["refuse", "{}\n", "stored", *good.key, "writer", 1, "leave"]
        client.rename(key, f"{key_prefix}:aside") if client.exists(key) else None
        client.set(key, "something else")
        with pytest.raises(ResponseError, match=f"{key} is a string, and for the queue a "):
            await a.commit(2, batch)
        client.delete(key)
        client.rename(f"{key_prefix}:aside", key) if client.exists(f"{key_prefix}:aside") else None
        assert await a.length() == 2
        assert (await a.counts())["queued"] == 2
        assert await a.commit(2, batch) == OPEN
        counts = await a.counts()
        assert [counts[name] for name in ("queued", "retried", "done", "dead")] == [3, 1, 1, 1]
        assert await a.length() == 2


@pytest.mark.parametrize("operation", [["explode"], ["push", "fingerprint", 0]], ids=str)
async def test_an_operation_that_is_none_stops_its_batch_before_it_began(
    workers: Workers, operation: list[Any]
) -> None:
    async with workers("a") as (a,):
        with pytest.raises(ResponseError, match="no operation of a queue"):
            await a.commit(1, [*push("x"), *operation])
        assert await a.length() == 0


async def test_a_worker_that_redis_refuses_ends_and_hands_back_what_it_holds(
    workers: Workers, client: Any, redis_url: str, key_prefix: str
) -> None:
    """What it could not tell it tells in no part: the parent is not done without its child."""
    async with workers("b") as (b,):
        async with worker(redis_url, key_prefix, "a", lease_seconds=LEASE) as a:
            seed(a, "parent", "x", "y")
            parent, x = await a.next(), await a.next()
            await told(a)
            client.set(f"{key_prefix}:waiting", "something else")
            a.consumer.push(*push("child"))
            a.consumer.acknowledge(x.key, "replace", *x.key, 0, MINUTE_MS, "again")
            while not a.consumer.failure:
                await a.changed()
            assert isinstance(a.consumer.failure, ResponseError)
            done(a, parent)
        client.delete(f"{key_prefix}:waiting")
        assert sorted(names(await take(b, inherit=True))) == ["parent", "x", "y"]


async def test_a_redis_that_may_not_be_written_to_is_waited_for(own_redis: OwnRedis) -> None:
    """One that was replaced by its replica, and is to be one itself."""
    async with worker(own_redis.url, "crawl", "a", lease_seconds=LEASE) as a:
        with own_redis.client() as client:
            client.replicaof("127.0.0.1", "1")
            seed(a, "x")
            while a.consumer.outages < 2:  # noqa: ASYNC110  # nobody is told while Redis takes nothing
                await asyncio.sleep(0.01)
            client.replicaof("NO", "ONE")
        done(a, await a.next())
        assert a.consumer.failure is None
