from __future__ import annotations

import asyncio
import signal
import time
from contextlib import asynccontextmanager, contextmanager
from shutil import copytree, rmtree
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.frontier.consumer import BEAT_SECONDS, POLL_SECONDS, Consumer
from refillspot.frontier.leases import Limits
from refillspot.frontier.outbox import Outbox
from refillspot.frontier.queue import WON, CrawlQueue, Key
from refillspot.redis_clients import connect
from refillspot.stats.crawl import GONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from refillspot.frontier.queue import Entry
    from tests.own_redis import OwnRedis

LEASE = 0.5
PREFETCH = 4


class Worker:
    """A consumer, and its queue for what goes on behind its back."""

    def __init__(self, url: str, prefix: str, name: str, lease_seconds: float) -> None:
        self.queue = CrawlQueue(connect(url), prefix, name)
        self.changes = asyncio.Event()
        self.rollbacks = 0
        self.consumer = Consumer(self.queue, Limits(lease_seconds, PREFETCH, 100, 5), self.changes.set, self._roll_back)

    def _roll_back(self) -> None:
        self.rollbacks += 1

    async def next(self) -> Entry:
        while not (entry := self.consumer.next()):
            await self.changed()
        return entry

    async def changed(self) -> None:
        self.changes.clear()
        await self.changes.wait()


@asynccontextmanager
async def worker(url: str, prefix: str, name: str, lease_seconds: float = LEASE) -> AsyncIterator[Worker]:
    one = Worker(url, prefix, name, lease_seconds)
    await one.queue.open()
    await one.consumer.start()
    yield one
    await one.consumer.leave()


def push(one: Worker, *names: str) -> None:
    for name in names:
        one.consumer.push("push", name, 0, name)


def seed(one: Worker, *names: str) -> None:
    for name in names:
        one.consumer.seed("push", name, 0, name)


def done(one: Worker, entry: Entry) -> None:
    one.consumer.acknowledge(entry.key, "done", *entry.key)


async def test_what_is_pushed_comes_out_and_the_crawl_ends(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a") as a:
        push(a, *"xyz")
        a.consumer.end_of_seeds()
        for _ in range(3):
            assert a.consumer.ended is None
            done(a, await a.next())
        while not a.consumer.ended:
            await a.changed()
        assert a.consumer.ended == WON


async def test_a_lease_whose_answer_was_lost_is_found(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a") as a:
        push(a, *"0123", "lost")
        while len(a.consumer._leases.waiting) < PREFETCH:
            await a.changed()
        (lost,) = (
            await a.queue.take(1, max_attempts=5, inherit=False) or []
        )  # as if the connection had broken just then
        assert lost.payload == b"lost"
        assert {(await a.next()).payload for _ in range(PREFETCH + 1)} == {b"0", b"1", b"2", b"3", b"lost"}


async def test_what_was_given_to_another_is_not_started(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a") as a:
        push(a, *"wxyz")
        while not (started := a.consumer.next()):
            await a.changed()
        b = CrawlQueue(connect(redis_url), key_prefix, "b")
        await b.beat(LEASE, join=True)
        await a.queue.beat(0, join=False)
        time.sleep(LEASE * 1.1)  # suspended, its loop with it  # noqa: ASYNC251
        taken = await b.take(10, max_attempts=5, inherit=True) or []
        assert len(taken) == 4
        assert a.consumer.next() is None
        done(a, started)
        await a.changed()
        await a.changed()
        assert a.consumer.next() is None
        await b.close()


async def test_nothing_is_started_on_a_lease_that_has_run_out(own_redis: OwnRedis) -> None:
    async with worker(own_redis.url, "crawl", "a") as a:
        push(a, *"wxyz")
        first = await a.next()
        own_redis.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        given = 0
        while (now := time.monotonic()) < began + LEASE * 2:
            given += a.consumer.next() is not None and now > began + LEASE
            await asyncio.sleep(0.02)
        own_redis.process.send_signal(signal.SIGCONT)
        assert given == 0
        done(a, first)


@pytest.mark.parametrize("how", ["CLIENT PAUSE", "SIGSTOP"])
async def test_the_loop_does_not_wait_for_redis(own_redis: OwnRedis, how: str) -> None:
    """All turns come before anything that Redis says: it says nothing until they are over."""
    turns = 200
    async with worker(own_redis.url, "crawl", "a") as a:
        push(a, *map(str, range(100)))
        await a.next()
        with silent(own_redis, how):
            for number in range(turns):
                push(a, f"child {number}")
                a.consumer.next()
                await asyncio.sleep(0.001)
            assert a.consumer._outbox
            assert a.consumer.outages == 0  # nobody gave up waiting either
        while await a.queue.length() < 100 + turns:
            await a.changed()


@contextmanager
def silent(server: OwnRedis, how: str) -> Iterator[None]:
    """A server that takes everything and answers nothing."""
    if how == "SIGSTOP":
        server.process.send_signal(signal.SIGSTOP)
        yield
        server.process.send_signal(signal.SIGCONT)
    else:
        with server.client() as client:
            client.execute_command(how, 600_000, "WRITE")  # so that the command below is heard; scripts are not
            yield
            client.execute_command("CLIENT UNPAUSE")


async def test_who_leaves_hands_back_what_it_did_not_start(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a") as a:
        push(a, *"wxyz")
        done(a, await a.next())
    async with worker(redis_url, key_prefix, "b") as b:
        assert {(await b.next()).payload for _ in range(3)} == {b"x", b"y", b"z"}


async def test_who_has_nothing_to_do_asks_less_and_less_often(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = CrawlQueue(connect(redis_url), key_prefix, "b")
    await b.open()
    await b.beat(60, join=True)
    await b.commit(1, ["push", "last", 0, "last"])
    assert await b.take(1, max_attempts=5, inherit=False)
    async with worker(redis_url, key_prefix, "a", lease_seconds=60) as a:
        asked: list[float] = []

        async def pause(until: asyncio.Event, seconds: float) -> None:
            if until is a.consumer._wake:
                asked.append(seconds)
            await asyncio.sleep(0)

        monkeypatch.setattr(a.consumer, "_pause", pause)
        while asked.count(BEAT_SECONDS) < 3:
            await a.changed()
        assert asked == sorted(asked)
        push(a, "x")
        x = await a.next()
        while asked[-1] != POLL_SECONDS:
            await a.changed()
        done(a, x)
    await b.close()


async def test_a_crawl_that_was_pruned_is_over(redis_url: str, key_prefix: str) -> None:
    async with worker(redis_url, key_prefix, "a") as a:
        push(a, "x")
        await a.next()
        await a.queue.clear()
        while not a.consumer.ended:
            await a.changed()
        assert a.consumer.ended == GONE


class Disk:
    """What a Redis has written down; restored, it is behind what its workers remember."""

    def __init__(self, server: OwnRedis, copies: Path) -> None:
        self._server = server
        self._files, self._copies = server.directory / "appendonlydir", copies

    def keep(self, name: str = "kept") -> None:
        self._server.stop()
        copytree(self._files, self._copies / name)
        self._server.start("--appendfsync", "always")

    def restore(self, name: str = "kept") -> None:
        rmtree(self._files)
        copytree(self._copies / name, self._files)


@pytest.fixture
def disk(own_redis: OwnRedis, tmp_path: Path) -> Disk:
    return Disk(own_redis, tmp_path / "copies")


async def told(one: Worker) -> None:
    """Return when Redis has confirmed everything so far."""
    while one.consumer._outbox:
        await one.changed()


async def all_of(one: Worker, count: int) -> list[bytes]:
    """Take and finish so many different requests; return them."""
    found: list[bytes] = []
    while len(set(found)) < count:
        entry = await one.next()
        found.append(entry.payload)
        done(one, entry)
    return found


@pytest.mark.parametrize("is_older", [False, True])
async def test_an_outage_is_survived_with_everything_that_was_to_be_told(
    own_redis: OwnRedis, disk: Disk, *, is_older: bool
) -> None:
    """Redis comes back as it was, or as it was before anything was pushed."""
    async with worker(own_redis.url, "crawl", "a") as a:
        disk.keep()
        push(a, "parent")
        parent = await a.next()
        own_redis.kill()
        push(a, *map(str, range(50)))
        done(a, parent)
        outages = a.consumer.outages
        while a.consumer.outages < outages + 2:  # noqa: ASYNC110  # nobody is told while Redis is away
            await asyncio.sleep(0.01)
        if is_older:
            disk.restore()
        own_redis.start()
        assert set(await all_of(a, 50)) == {str(number).encode() for number in range(50)}
        assert a.rollbacks == is_older


@pytest.mark.parametrize("when", ["while seeds go in", "when all are in"])
async def test_seeds_that_redis_forgot_are_told_again(own_redis: OwnRedis, disk: Disk, when: str) -> None:
    async with worker(own_redis.url, "crawl", "a") as a:
        disk.keep()
        seed(a, *"vwxyz")
        if when == "when all are in":
            a.consumer.end_of_seeds()
        await told(a)
        own_redis.kill()
        disk.restore()
        own_redis.start()
        a.consumer.end_of_seeds()
        assert set(await all_of(a, 5)) == {b"v", b"w", b"x", b"y", b"z"}
        while not a.consumer.ended:
            await a.changed()
        assert (a.consumer.ended, a.rollbacks) == (WON, 1)


async def test_what_redis_does_not_know_to_be_done_is_done_again(own_redis: OwnRedis, disk: Disk) -> None:
    """Though it knows of as many leases as the worker has: the parent's, which has the child's."""
    async with worker(own_redis.url, "crawl", "a", lease_seconds=30) as a:
        seed(a, "parent")
        a.consumer.end_of_seeds()
        parent = await a.next()
        await told(a)
        disk.keep()
        push(a, "child")
        done(a, parent)
        child = await a.next()
        await told(a)
        own_redis.kill()
        disk.restore()
        own_redis.start()
        again = await a.next()
        assert again.payload == b"parent"
        done(a, child)
        push(a, "child")
        done(a, again)
        assert await all_of(a, 1) == [b"child"]


async def test_children_that_redis_forgot_are_told_again_if_their_parent_was_in_hand(
    own_redis: OwnRedis, disk: Disk
) -> None:
    """A list leads to pages at once, and is done when PostgreSQL has what it says: seconds later, if that is away."""
    async with worker(own_redis.url, "crawl", "a", lease_seconds=30) as a:
        push(a, "parent")
        parent = await a.next()
        await told(a)
        disk.keep()
        push(a, "child")
        await told(a)
        own_redis.kill()
        disk.restore()
        own_redis.start()
        done(a, parent)
        while not a.rollbacks:
            await a.changed()
        a.consumer.end_of_seeds()
        assert await all_of(a, 1) == [b"child"]
        while not a.consumer.ended:
            await a.changed()
        assert a.consumer.ended == WON


def test_only_children_of_requests_in_hand_are_kept() -> None:
    outbox = Outbox()

    def tell(*operations: tuple[Any, ...], ends: Key | None = None) -> None:
        for operation in operations:
            outbox.add(operation)
        if ends:
            outbox.add(("done", *ends), ends)
        outbox.batch()
        outbox.confirm()

    first, second = Key(0, "1-0"), Key(0, "2-0")
    tell(("start", *first), ("push", "a"))
    tell(("start", *second), ("push", "b"), ("refuse", "c"))
    tell(ends=first)
    outbox.roll_back(0, with_seeds=False)
    assert outbox.batch() == ["push", "b", "refuse", "c"]
    outbox.confirm()
    tell(ends=second)
    outbox.roll_back(0, with_seeds=False)
    assert outbox.batch() == []
