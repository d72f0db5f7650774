"""The clock of Redis is set, by an hour, while workers share its budget and its queue: libfaketime sets it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.frontier.queue import CrawlQueue
from refillspot.operations.progress import ProgressReader
from refillspot.policies import politeness
from refillspot.redis_clients import connect
from refillspot.shared.budget import RequestBudget
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import ServerClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.own_redis import OwnRedis

PER_SECOND = 20
HOUR = 3600.0
BOTH = pytest.mark.parametrize("seconds", [HOUR, -HOUR])
TO_AND_FRO = (HOUR, -HOUR, 0.0, HOUR / 2)
KEY = "politeness"


@asynccontextmanager
async def opened(redis: OwnRedis) -> AsyncIterator[SharedPace]:
    client = connect(redis.url)
    try:
        yield SharedPace(client, KEY, PER_SECOND, ServerClock())
    finally:
        await client.aclose()


@asynccontextmanager
async def joined(redis: OwnRedis, **leases: float) -> AsyncIterator[list[CrawlQueue]]:
    """Workers by name, with the length of their leases in seconds."""
    queues = [CrawlQueue(connect(redis.url), "p:crawl", name) for name in leases]
    try:
        for queue, lease in zip(queues, leases.values(), strict=True):
            await queue.open()
            await queue.beat(lease, join=True)
        yield queues
    finally:
        for queue in queues:
            await queue.close()


@BOTH
async def test_a_block_lasts_as_long_as_it_would(redis_with_clock: OwnRedis, seconds: float) -> None:
    block = partial(politeness.block, reason="a page", sent=HOUR**3, cool_down=180)
    async with opened(redis_with_clock) as pace:
        until = (await pace.change(block)).pace.hold_until
        redis_with_clock.set_clock(seconds)
        lease = await pace.reserve(1)
        known, now = await pace.get()

    assert lease
    assert known
    assert not lease.permits
    assert known.hold_until == until
    assert until - 180 <= now < until


@BOTH
async def test_distress_is_heard_after_it_was_set(redis_with_clock: OwnRedis, seconds: float) -> None:
    budget = RequestBudget(redis_with_clock.url, KEY, PER_SECOND)
    sent = await budget.permit() or 0.0
    await budget.change(partial(politeness.slow_down, reason="HTTP 429", sent=sent))
    redis_with_clock.set_clock(seconds)
    kinds = []
    while "slowed" not in kinds:  # it is the next event once the window is over
        sent = await budget.permit() or 0.0
        decision = await budget.change(partial(politeness.slow_down, reason="HTTP 429", sent=sent))
        kinds += [decision.kind] if decision else []
    blocked = await budget.change(partial(politeness.block, reason="a page", sent=sent, cool_down=180))
    await budget.close()

    assert blocked
    assert blocked.kind == "blocked"


async def test_the_budget_goes_on_at_its_pace_however_it_is_set(redis_with_clock: OwnRedis) -> None:
    budgets = [RequestBudget(redis_with_clock.url, KEY, PER_SECOND) for _ in range(3)]
    permits: list[float] = []

    async def spend(budget: RequestBudget, count: int) -> None:
        permits.extend([await budget.permit() or 0.0 for _ in range(count)])

    began = time.monotonic()
    await asyncio.gather(*(spend(budget, 3) for budget in budgets))
    for seconds in TO_AND_FRO:
        await asyncio.to_thread(redis_with_clock.set_clock, seconds)
        await asyncio.gather(*(spend(budget, 3) for budget in budgets))
    took = time.monotonic() - began
    for budget in budgets:
        await budget.close()

    assert min(after - before for before, after in pairwise(sorted(permits))) >= 1 / PER_SECOND - 1e-5
    assert took >= (len(permits) - 2) / PER_SECOND  # the last one may leave half an interval early


async def test_who_comes_after_it_was_set_back_begins_where_the_others_are(redis_with_clock: OwnRedis) -> None:
    async with opened(redis_with_clock) as pace:
        before = (await pace.change(politeness.reset)).pace.reset_at
    redis_with_clock.set_clock(-HOUR)
    async with opened(redis_with_clock) as pace:
        _, now = await pace.get()

    assert now >= before - 0.1


async def take(queue: CrawlQueue, *, inherit: bool = False) -> list[Any]:
    return [entry.payload for entry in await queue.take(10, max_attempts=3, inherit=inherit) or ()]


async def test_leases_and_waiting_retries_do_not_end_with_a_clock_that_leaps(redis_with_clock: OwnRedis) -> None:
    async with joined(redis_with_clock, one=HOUR / 2, two=HOUR / 2) as (one, two):
        await one.commit(1, ["push", "a", 1, "first", "push", "b", 1, "second"])
        first, second = await one.take(10, max_attempts=3, inherit=False) or []
        await one.commit(2, ["replace", *first.key, 1, 1000 * HOUR / 2, "waits"])
        redis_with_clock.set_clock(HOUR)
        assert await take(two, inherit=True) == []

    with ProgressReader(redis_with_clock.url, "p:crawl") as reader:
        progress, silent = reader.read(), reader.silent_workers()
    assert progress
    assert silent
    assert (progress.workers, progress.waiting, progress.leased) == (2, 1, 1)
    assert silent.names == set()
    assert second.payload == b"second"


async def test_leases_end_and_retries_come_though_the_clock_was_set_back(redis_with_clock: OwnRedis) -> None:
    taken: list[Any] = []
    async with joined(redis_with_clock, dies=0.1, lives=HOUR) as (dies, lives):
        await dies.commit(1, ["push", "a", 1, "first", "push", "b", 1, "second"])
        first, _second = await dies.take(10, max_attempts=3, inherit=False) or []
        await dies.commit(2, ["replace", *first.key, 1, 100, "waited"])
        redis_with_clock.set_clock(-HOUR)
        while len(taken) < 2:
            taken += await take(lives, inherit=True)

    assert sorted(taken) == [b"second", b"waited"]


async def test_a_permit_that_this_machine_has_slept_over_is_not_used(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that sleeps stops its steady clock; the other one leaps when it wakes up."""
    budget = RequestBudget(redis_url, key_prefix, PER_SECOND)
    await budget.permit()
    moment, now = await budget._next_moment(), time.time
    assert moment
    with monkeypatch.context() as woken:
        woken.setattr(time, "time", lambda: now() + HOUR)
        assert not await budget._reached(moment)
    assert await budget.permit()
    await budget.close()
