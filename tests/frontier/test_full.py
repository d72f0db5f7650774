"""A Redis that is full, of nothing but its own queue: what frees its memory goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.exceptions import OutOfMemoryError

from refillspot.frontier.outbox import Outbox
from refillspot.frontier.queue import OPEN, CrawlQueue, Key
from refillspot.redis_clients import connect
from tests.frontier.test_consumer import done, push, seed, told, worker
from tests.frontier.test_queue import LEASE, MINUTE_MS, inherited, names, take
from tests.frontier.test_queue import push as pushes

if TYPE_CHECKING:
    from tests.own_redis import OwnRedis

X, Y, Z = Key(0, "1-0"), Key(0, "2-0"), Key(0, "3-0")


def fill(server: OwnRedis, *, is_full: bool = True) -> None:
    """Let it be as if there were no room for anything more."""
    with server.client() as client:
        client.config_set("maxmemory", int(is_full))


def test_what_frees_goes_first_unless_its_children_may_not_be_queued_yet() -> None:
    outbox = Outbox()
    outbox.add(("done", *X), X)  # given out and finished before anything was pushed
    outbox.add(("start", *Y))
    outbox.add(("push", "a", 0, "a"))
    outbox.add(("start", *Z))
    outbox.add(("count", "pages", 1))
    outbox.add(("done", *Y), Y)  # "a" may be its child
    outbox.add(("stored", *Z, "writer", 1), Z)
    outbox.batch()

    assert (outbox.free_first(), outbox.frees) == (True, True)
    assert outbox.batch() == ["done", *X, "stored", *Z, "writer", 1]
    assert outbox.confirm() == {X, Z}
    assert not outbox.free_first()
    assert outbox.batch() == [
        *("start", *Y), "push", "a", 0, "a", *("start", *Z), "count", "pages", 1, *("done", *Y)
    ]  # fmt: skip
    assert (outbox.frees, outbox.under_way) == (False, 3)


def test_what_waits_again_or_is_handed_back_takes_no_more_than_it_gives() -> None:
    outbox = Outbox()
    outbox.add(("push", "a", 0, "a"))
    for operation in (("replace", *X, 0, 0, "x"), ("return", *Y, "y"), ("bury", *Z, "{}")):
        outbox.add(operation, Key(*operation[1:3]))
    outbox.add(("leave",))

    assert outbox.free_first()
    assert outbox.batch() == ["replace", *X, 0, 0, "x", "return", *Y, "y", "leave"]


async def test_a_full_redis_gives_lends_waits_and_takes_back(own_redis: OwnRedis) -> None:
    """Leases go on, the dead are inherited, and what has waited comes back."""
    a, b = (CrawlQueue(connect(own_redis.url), "full", name) for name in "ab")
    await a.open()
    for one in (a, b):
        await one.beat(LEASE, join=True)
    await a.commit(1, pushes("x") + pushes("y") + pushes("z"))
    (x,) = await take(a, 1)
    await a.commit(2, ["replace", *x.key, 0, 1, "x again"])
    await take(b, 1)
    fill(own_redis)
    assert (await a.beat(LEASE, join=False)).known
    with pytest.raises(OutOfMemoryError):
        await a.commit(3, pushes("no room"))
    found = await inherited(a, b)
    while len(found) < 3:  # until its millisecond is over
        found += await take(a)
    assert sorted(names(found)) == ["x again", "y", "z"]
    (y,) = (entry for entry in found if entry.payload == b"y")
    assert await a.commit(3, ["replace", *y.key, 0, MINUTE_MS, "y again"], frees=True) == OPEN
    rest = [part for entry in found if entry is not y for part in ("done", *entry.key)]
    assert await a.commit(4, rest, frees=True) == OPEN
    assert await a.length() == 1
    await a.close()
    await b.close()


async def test_a_full_redis_drains(own_redis: OwnRedis) -> None:
    stores = [f"store {number}" for number in range(10)]
    async with worker(own_redis.url, "crawl", "a", lease_seconds=LEASE) as a:
        seed(a, "list", *stores)
        parent = await a.next()
        await told(a)
        fill(own_redis)
        push(a, "child")
        done(a, parent)
        for _ in stores:
            done(a, await a.next())
        while await a.queue.length() > 1:
            await a.changed()
        assert (await a.queue.counts())["done"] == len(stores)
        assert a.consumer.outages == 1
        fill(own_redis, is_full=False)
        child = await a.next()
        assert child.payload == b"child"
        done(a, child)
        await told(a)
        assert await a.queue.length() == 0


async def test_who_leaves_a_full_redis_hands_back_what_it_has(own_redis: OwnRedis) -> None:
    async with worker(own_redis.url, "crawl", "a", lease_seconds=LEASE) as a:
        seed(a, "parent", "x", "y")
        parent = await a.next()
        await told(a)
        fill(own_redis)
        push(a, "child")
        done(a, parent)
    fill(own_redis, is_full=False)
    b = CrawlQueue(connect(own_redis.url), "crawl", "b")
    await b.beat(LEASE, join=True)
    assert sorted(names(await take(b, inherit=True))) == ["parent", "x", "y"]
    await b.close()
