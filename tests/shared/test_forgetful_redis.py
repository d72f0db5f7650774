"""A Redis that forgets what holds all workers back: they remember, and the stricter counts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import redis

from refillspot.policies import politeness
from refillspot.policies.pace import Pace, begin
from refillspot.redis_clients import connect
from refillspot.shared import shared_pace
from refillspot.shared.shared_pace import KEEP_SECONDS, Lease, SharedPace
from refillspot.shared.shared_state import MICROSECONDS, ServerClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.own_redis import OwnRedis

PER_SECOND = 20
BLOCK = partial(politeness.block, reason="a page", sent=float("inf"), cool_down=3000)


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def opened(redis_url: str, key: str, *, joins: bool = True) -> AsyncIterator[SharedPace]:
    """One worker's view of the pace."""
    client = connect(redis_url)
    try:
        pace = SharedPace(client, key, PER_SECOND, ServerClock())
        if joins:
            await configure(pace)
        yield pace
    finally:
        await client.aclose()


async def configure(pace: SharedPace) -> Pace:
    return (await pace.change(partial(politeness.configure, configured=PER_SECOND))).pace


async def next_lease(pace: SharedPace) -> Lease:
    """Ask as a worker does that waits: again where it has to look, or there is no state."""
    for _ in range(3):
        lease = await pace.reserve(1)
        if lease is None:
            await configure(pace)
        elif lease.permits or not pace._must_look:
            return lease
    raise AssertionError


async def held_seconds(pace: SharedPace) -> float:
    known, now = await pace.get()
    assert known
    return known.hold_until - now


async def test_a_hold_a_delay_and_a_pace_outlive_their_key(redis_url: str, key_prefix: str, client: Any) -> None:
    async with opened(redis_url, key_prefix) as pace:
        await pace.change(partial(politeness.slow_down, reason="HTTP 429", sent=float("inf")))
        await pace.change(partial(politeness.delay, host="a", seconds=7))
        await pace.change(partial(politeness.limit, ceiling=15.0))
        known = (await pace.change(BLOCK)).pace
        client.delete(key_prefix)

        assert not (await next_lease(pace)).permits
        again, _ = await pace.get()

    assert again == known


async def test_what_only_one_remembers_holds_back_who_came_first(
    redis_url: str, key_prefix: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pace, "GATHER_SECONDS", 600.0)  # so long no machine is busy
    async with opened(redis_url, key_prefix) as knowing, opened(redis_url, key_prefix) as other:
        await knowing.change(BLOCK)
        client.delete(key_prefix)

        lease = await next_lease(other)
        assert not lease.permits
        assert 300 < await held_seconds(other) <= 600
        assert not (await next_lease(knowing)).permits
        assert not (await next_lease(other)).permits
        assert 2700 < await held_seconds(other) <= 3000


async def test_a_redis_from_before_a_block_is_told_of_it(redis_url: str, key_prefix: str, client: Any) -> None:
    async with opened(redis_url, key_prefix) as knowing, opened(redis_url, key_prefix) as other:
        await knowing.change(partial(politeness.delay, host="a", seconds=7))
        before = client.dump(key_prefix)
        await knowing.change(partial(politeness.delay, host="a", seconds=9))
        known = (await knowing.change(BLOCK)).pace
        client.restore(key_prefix, 0, before, replace=True)

        assert not (await next_lease(knowing)).permits
        assert (await other.get())[0] == known


async def test_who_was_cut_off_looks_before_it_asks(own_redis: OwnRedis, key_prefix: str) -> None:
    """Others may have changed the state of before meanwhile, until it looked like a newer one."""
    async with opened(own_redis.url, key_prefix) as knowing:
        with own_redis.client() as client:
            before = client.dump(key_prefix)
        await knowing.change(BLOCK)
        own_redis.kill()
        await asyncio.to_thread(own_redis.start)
        with own_redis.client() as client:
            client.restore(key_prefix, 0, before, replace=True)
        async with opened(own_redis.url, key_prefix) as other:
            for host in "abc":
                await other.change(partial(politeness.delay, host=host, seconds=1))

        assert not (await knowing.reserve(1) or pytest.fail("no state")).permits
        assert not (await next_lease(knowing)).permits
        assert await held_seconds(knowing) > 2700


async def test_what_a_person_has_lifted_nobody_puts_back(redis_url: str, key_prefix: str) -> None:
    async with opened(redis_url, key_prefix) as worker, opened(redis_url, key_prefix) as operator:
        await worker.change(BLOCK)
        await operator.change(politeness.reset)

        assert (await next_lease(worker)).permits
        assert await held_seconds(worker) <= 0


async def test_rules_that_ask_for_no_delay_any_more_count(redis_url: str, key_prefix: str) -> None:
    async with opened(redis_url, key_prefix) as worker, opened(redis_url, key_prefix) as reader:
        await worker.change(partial(politeness.delay, host="a", seconds=9))
        await reader.change(partial(politeness.delay, host="a", seconds=0))
        seen, _ = await worker.get()

    assert seen
    assert seen.crawl_delays == {}


@pytest.mark.parametrize("was_asked", [True, False])
async def test_without_any_memory_a_site_that_was_asked_begins_at_the_floor(
    was_asked: bool,  # noqa: FBT001
    redis_url: str,
    key_prefix: str,
) -> None:
    async with opened(redis_url, key_prefix, joins=False) as pace:
        pace.was_asked = was_asked
        begun = await configure(pace)
        lease = await pace.reserve(1)

    assert lease
    assert begun.rate == (begun.floor if was_asked else PER_SECOND)
    assert bool(lease.permits) is not was_asked


async def test_no_server_may_evict_it_and_it_is_forgotten_after_a_week(
    redis_url: str, key_prefix: str, client: Any
) -> None:
    async with opened(redis_url, key_prefix) as pace:
        client.expire(key_prefix, 3600)  # as versions before did
        await pace.change(BLOCK)
        assert client.ttl(key_prefix) == -1

    written = int(client.hget(key_prefix, "written"))
    client.hset(key_prefix, "written", written - (KEEP_SECONDS + 1) * MICROSECONDS)
    async with opened(redis_url, key_prefix, joins=False) as later:
        assert (await later.get())[0] is None
        assert (await configure(later)).blocks == begin(PER_SECOND, 0).blocks
