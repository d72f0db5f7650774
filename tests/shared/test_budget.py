"""Workers in one process on one budget; for processes that die see test_fleet_budget.py."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import redis

from refillspot.policies import politeness
from refillspot.policies.pace import SAMPLE, Pace
from refillspot.policies.politeness import LEASE_SECONDS
from refillspot.redis_clients import connect
from refillspot.shared import budget as budget_module
from refillspot.shared.budget import RequestBudget
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import ServerClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from refillspot.policies.politeness import Decision
    from refillspot.shared.shared_pace import Lease
    from tests.own_redis import OwnRedis

PER_SECOND = 50


@asynccontextmanager
async def opened(
    redis_url: str, key_prefix: str, count: int, per_second: float = PER_SECOND, **options: Any
) -> AsyncIterator[list[RequestBudget]]:
    """So many workers' views of one budget."""
    budgets = [RequestBudget(redis_url, f"{key_prefix}:politeness", per_second, **options) for _ in range(count)]
    try:
        yield budgets
    finally:
        for budget in budgets:
            await budget.close()


def shared(redis_url: str, key_prefix: str) -> Pace:
    with redis.Redis.from_url(redis_url) as client:
        return msgspec.json.decode(client.hget(f"{key_prefix}:politeness", "state") or b"", type=Pace)


async def test_four_workers_together_get_no_more_than_one_budget(redis_url: str, key_prefix: str) -> None:
    permits: list[float] = []

    async def spend(budget: RequestBudget) -> None:
        for _ in range(10):
            moment = await budget.permit()
            assert moment
            permits.append(moment)

    async with opened(redis_url, key_prefix, 4) as budgets:
        await asyncio.gather(*map(spend, budgets))

    gaps = len(permits) - 1
    assert max(permits) - min(permits) >= gaps / PER_SECOND - 1e-5


async def test_permits_are_evenly_spaced_on_the_servers_clock(redis_url: str, key_prefix: str) -> None:
    moments: list[float] = []

    async with opened(redis_url, key_prefix, 3) as budgets:
        granted = await asyncio.gather(*(budget.permit() for budget in budgets * 10))
        moments.extend(moment for moment in granted if moment)

    assert len(moments) == 30
    gaps = [after - before for before, after in pairwise(sorted(moments))]
    assert min(gaps) >= 1 / PER_SECOND - 1e-5


@pytest.mark.parametrize(("per_second", "at_first"), [(0.5, 1), (9, 1), (20, 2), (100, 12)])
async def test_a_lease_is_half_of_what_is_free_and_below_ten_a_second_one_permit(
    redis_url: str, key_prefix: str, per_second: float, at_first: int
) -> None:
    async def work(pace: SharedPace) -> None:
        assert await pace.reserve(100) is None
        await pace.change(partial(politeness.configure, configured=per_second))
        first = await pace.reserve(100)
        assert first
        assert at_first <= first.permits <= at_first + (at_first > 1)  # rounded up as often as down
        assert first.interval == pytest.approx(1 / per_second)
        ahead = min(LEASE_SECONDS, first.interval if at_first == 1 else LEASE_SECONDS)
        for _ in range(5):
            lease = await pace.reserve(100)
            _, now = await pace.get()
            assert lease
            assert not lease.permits or lease.first + (lease.permits - 1) * lease.interval < now + ahead + 1e-5

    client = connect(redis_url)
    try:
        await work(SharedPace(client, f"{key_prefix}:politeness", per_second, ServerClock()))
    finally:
        await client.aclose()


async def test_a_worker_that_dies_with_fifty_waiting_costs_its_lease_and_its_place(
    redis_url: str, key_prefix: str
) -> None:
    async with opened(redis_url, key_prefix, 2) as budgets:
        dying, living = budgets
        await dying.permit()
        waiting = [asyncio.ensure_future(dying.permit()) for _ in range(50)]
        await dying.permit()
        for task in waiting:
            task.cancel()
        lease = await living._pace.reserve(1)
        _, now = await living._pace.get()
        assert lease
        place = LEASE_SECONDS / 2  # in the line, of the one that is dead
        assert lease.first <= now + LEASE_SECONDS + place + 2 / PER_SECOND


async def test_a_hold_that_a_person_lifts_is_over_for_who_waits_and_is_told(redis_url: str, key_prefix: str) -> None:
    told: list[str] = []
    async with opened(redis_url, key_prefix, 2, told=lambda decision: told.append(decision.kind)) as (worker, operator):
        await worker.permit()
        await worker.change(partial(politeness.hold, seconds=3600, reason="Retry-After"))
        waiting = asyncio.ensure_future(worker.permit())
        await operator._pace.change(politeness.reset)

        assert await waiting
        assert told == ["held", "reset"]
        assert worker.seconds_held() == 0


async def test_who_joins_under_a_hold_is_told_at_once_and_each_silent_minute(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refillspot.shared.budget.REMINDER_SECONDS", 0.0)
    told: list[str] = []
    async with opened(redis_url, key_prefix, 1) as (first,):
        await first.change(partial(politeness.hold, seconds=3600, reason="HTTP 429"))
        async with opened(redis_url, key_prefix, 1, told=lambda one: told.append(f"{one.kind}: {one.reason}")) as late:
            waiting = asyncio.ensure_future(late[0].permit())
            while len(told) < 3:  # noqa: ASYNC110  # what is told sets no event
                await asyncio.sleep(0.01)
            waiting.cancel()

    assert all(one.startswith("waits: nothing leaves for another 3") for one in told)
    assert all(one.endswith("HTTP 429") for one in told)


async def test_permits_that_are_late_are_not_used(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is suspended once it has permits in hand, for longer than any of them is ahead."""
    in_hand: list[int] = []
    async with opened(redis_url, key_prefix, 1) as budgets:
        (budget,) = budgets
        take = budget._wait_or_take

        async def take_and_sleep(lease: Lease) -> None:
            await take(lease)
            if budget._moments and not in_hand:
                in_hand.append(len(budget._moments))
                time.sleep(2 * LEASE_SECONDS)  # noqa: ASYNC251

        monkeypatch.setattr(budget, "_wait_or_take", take_and_sleep)
        moments = [moment for moment in await asyncio.gather(*(budget.permit() for _ in range(5))) if moment]
        assert all(after - before > 0.9 / PER_SECOND for before, after in pairwise(sorted(moments)))

    assert budget.stats.discarded >= in_hand[0] > 1
    assert budget.stats.permits == len(moments) == 5


async def test_eight_workers_with_the_same_429_slow_all_down_once(redis_url: str, key_prefix: str) -> None:
    told: list[Decision] = []

    async with opened(redis_url, key_prefix, 8, told=told.append) as budgets:
        sent = [await budget.permit() or 0.0 for budget in budgets]
        changes = [partial(politeness.slow_down, reason="HTTP 429", sent=moment) for moment in sent]
        await asyncio.gather(*(budget.change(change) for budget, change in zip(budgets, changes, strict=True)))

    assert [decision.kind for decision in told] == ["slowed"]
    assert shared(redis_url, key_prefix).rate == PER_SECOND / 2


async def test_no_change_is_lost_when_many_decide_at_once(redis_url: str, key_prefix: str) -> None:
    async with opened(redis_url, key_prefix, 8) as budgets:
        hosts = [(budget, f"{number}-{host}") for number, budget in enumerate(budgets) for host in range(5)]
        changes = ((budget, partial(politeness.delay, host=host, seconds=1)) for budget, host in hosts)
        await asyncio.gather(*(budget.change(change) for budget, change in changes))

    assert len(shared(redis_url, key_prefix).crawl_delays) == 40


async def test_a_block_that_one_worker_met_stops_all_and_ends_by_itself(redis_url: str, key_prefix: str) -> None:
    cool_down = 1.0
    sent: list[float | None] = []
    stopped: list[Pace] = []
    some_left = asyncio.Event()

    async def spend(budget: RequestBudget) -> None:
        while not stopped or (sent[-1] or 0.0) < stopped[0].hold_until:
            sent.append(await budget.permit())
            some_left.set()

    async def stop(budget: RequestBudget) -> None:
        await some_left.wait()
        decision = await budget.change(
            partial(politeness.block, reason="Human Verification", sent=time.time(), cool_down=cool_down)
        )
        assert decision
        stopped.append(decision.pace)

    async with opened(redis_url, key_prefix, 3) as budgets:
        await asyncio.gather(*map(spend, budgets), stop(budgets[0]))

    (pace,) = stopped
    during = [moment for moment in sent if moment and pace.blocked_at + LEASE_SECONDS <= moment < pace.hold_until]
    assert during == []
    assert max(moment for moment in sent if moment) >= pace.hold_until


async def test_who_knows_of_a_hold_uses_no_permit_that_it_has_in_hand(redis_url: str, key_prefix: str) -> None:
    moments: list[float] = []
    known: list[Pace] = []
    some_left = asyncio.Event()

    async def spend(budget: RequestBudget) -> None:
        while not known or moments[-1] < known[0].hold_until:
            moments.append(await budget.permit() or 0.0)
            some_left.set()

    async def hold(budget: RequestBudget) -> int:
        await some_left.wait()
        decision = await budget.change(partial(politeness.hold, seconds=1, reason="Retry-After"))
        assert decision
        known.append(decision.pace)
        return len(moments)

    async with opened(redis_url, key_prefix, 1, per_second=12) as budgets:
        used, *_ = await asyncio.gather(hold(*budgets), *map(spend, budgets * 12))

    assert min(moments[used:]) >= known[0].hold_until


async def test_a_new_ceiling_reaches_those_who_wait(redis_url: str, key_prefix: str) -> None:
    async with opened(redis_url, key_prefix, 2, per_second=1 / 3600) as budgets:
        waiting, operator = budgets
        await waiting.permit()
        permit = asyncio.ensure_future(waiting.permit())
        await asyncio.sleep(0)
        await operator.change(partial(politeness.limit, ceiling=PER_SECOND))
        await permit  # else it would be an hour


async def test_answers_of_all_workers_are_one_sample(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget_module, "REPORT_SECONDS", 0)
    async with opened(redis_url, key_prefix, SAMPLE) as budgets:
        for budget in budgets:
            await budget.answered(is_error=True)

    assert shared(redis_url, key_prefix).rate == PER_SECOND / 2


async def test_answers_are_told_now_and_then_not_each_by_itself(
    redis_url: str, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget_module, "REPORT_SECONDS", 3600)

    async with opened(redis_url, key_prefix, 1) as budgets:
        budgets[0]._reported_at = -math.inf
        for _ in range(15):
            await budgets[0].answered(is_error=False)

    assert shared(redis_url, key_prefix).answers == 1


async def test_a_state_that_is_gone_begins_anew_and_a_garbled_one_at_the_floor(
    redis_url: str, key_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_url, key_prefix, 1) as budgets:
        (budget,) = budgets
        assert await budget.permit()
        with redis.Redis.from_url(redis_url) as client:
            client.delete(f"{key_prefix}:politeness")
            assert await budget.permit()
            client.hset(f"{key_prefix}:politeness", "state", "cos\nsystem\n")
            await budget.change(partial(politeness.limit, ceiling=7))

    pace = shared(redis_url, key_prefix)
    assert (pace.ceiling, pace.rate) == (7, pace.floor)
    assert "does not write there" in caplog.text


async def test_a_crawl_that_ends_does_not_wait_for_a_hold(redis_url: str, key_prefix: str) -> None:
    ending: list[bool] = []

    async with opened(redis_url, key_prefix, 1, is_ending=lambda: bool(ending)) as budgets:
        (budget,) = budgets
        await budget.change(partial(politeness.hold, seconds=3600, reason="Retry-After"))
        assert 3590 < budget.seconds_held() <= 3600
        waiting = asyncio.gather(*(budget.permit() for _ in range(8)))
        await asyncio.sleep(0)
        ending.append(True)
        assert await waiting == [None] * 8


async def test_without_redis_no_request_leaves_and_with_it_back_they_do(
    own_redis: OwnRedis, key_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with opened(own_redis.url, key_prefix, 1) as budgets:
        (budget,) = budgets
        own_redis.kill()
        permit = asyncio.ensure_future(budget.permit())
        done, _ = await asyncio.wait([permit], timeout=0.3)
        assert not done
        await budget.answered(is_error=True)  # is not in the way
        await asyncio.to_thread(own_redis.start)
        assert await permit

    assert caplog.text.count("Redis is away") == 1
    assert caplog.text.count("Redis is back") == 1
    assert budget.stats.redis_outages == 1
