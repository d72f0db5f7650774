"""Who waits for a permit stands in line. The time is moved by the test: that of the state, which Redis keeps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import redis

from refillspot.policies import politeness
from refillspot.redis_clients import connect
from refillspot.shared import shared_pace
from refillspot.shared.budget import RequestBudget
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import MICROSECONDS, ServerClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.own_redis import OwnRedis

INTERVAL = 1000.0  # seconds, as everything here: what passes meanwhile in earnest is nothing beside it
AHEAD = INTERVAL / 2


class Unwatched(ServerClock):
    """Of a worker that has not watched the time: the test may move it."""

    def bounds(self) -> tuple[str, str]:
        return "", ""


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def opened(redis_url: str, key: str, count: int, interval: float = INTERVAL) -> AsyncIterator[list[SharedPace]]:
    client = connect(redis_url)
    try:
        paces = [SharedPace(client, key, 1 / interval, Unwatched()) for _ in range(count)]
        for pace in paces:
            await pace.change(partial(politeness.configure, configured=1 / interval))
            await pace.get()
        yield paces
    finally:
        await client.aclose()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_pace, "LEASE_SECONDS", AHEAD)
    monkeypatch.setattr(shared_pace, "LOOK_SECONDS", 1e6)
    monkeypatch.setattr(shared_pace, "LONGEST_LOOK_SECONDS", 1e6)


def pass_seconds(client: Any, key: str, seconds: float) -> None:
    client.hincrby(key, "clock_ahead", round(seconds * MICROSECONDS))


async def permits(pace: SharedPace, wanted: int = 1) -> int:
    lease = await pace.reserve(wanted)
    assert lease
    return lease.permits


@pytest.mark.usefixtures("slow")
async def test_who_came_first_is_served_first_whoever_asks_first(redis_url: str, key_prefix: str, client: Any) -> None:
    async with opened(redis_url, key_prefix, 4) as (first, second, third, fourth):
        assert await permits(fourth) == 1
        assert [await permits(pace) for pace in (first, second, third)] == [0, 0, 0]
        served = []
        for _ in range(3):
            pass_seconds(client, key_prefix, INTERVAL)
            served.append([await permits(pace) for pace in (fourth, third, second, first)])
            fourth._number = ""  # it gives up, and comes anew

    assert served == [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]


@pytest.mark.usefixtures("slow")
async def test_who_does_not_come_keeps_nobody_waiting_and_its_place(
    redis_url: str, key_prefix: str, client: Any
) -> None:
    async with opened(redis_url, key_prefix, 4) as (served, absent, second, third):
        assert await permits(served) == 1
        assert [await permits(pace) for pace in (absent, second, third)] == [0, 0, 0]
        pass_seconds(client, key_prefix, 2 * INTERVAL)
        assert [await permits(third), await permits(second)] == [0, 1]
        pass_seconds(client, key_prefix, INTERVAL)
        assert [await permits(absent), await permits(third)] == [1, 0]


async def play(
    client: Any, key: str, waiters: dict[SharedPace, tuple[int, float]], rounds: int
) -> dict[SharedPace, list[int]]:
    """Let each ask when it is due, a while later if it is far away; return what each was given each time it asked."""
    _, now = await next(iter(waiters)).get()
    due = dict.fromkeys(waiters, now)
    given: dict[SharedPace, list[int]] = {pace: [] for pace in waiters}
    for _ in range(rounds):
        pace = min(due, key=lambda one: due[one])
        wanted, away = waiters[pace]
        pass_seconds(client, key, max(0.0, due[pace] - now))
        lease = await pace.reserve(wanted)
        assert lease
        _, now = await pace.get()
        given[pace].append(lease.permits)
        last = lease.first + (lease.permits - 1) * lease.interval if lease.permits else lease.ask_at
        due[pace] = max(last, now) + away
    return given


async def test_near_and_far_come_to_the_same(
    redis_url: str, key_prefix: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 50 requests a second and five milliseconds are, a thousand times slower."""
    monkeypatch.setattr(shared_pace, "LEASE_SECONDS", 250.0)
    monkeypatch.setattr(shared_pace, "ONE_BY_ONE_INTERVAL", 100.0)
    monkeypatch.setattr(shared_pace, "LOOK_SECONDS", 1000.0)
    monkeypatch.setattr(shared_pace, "LONGEST_LOOK_SECONDS", 10_000.0)
    async with opened(redis_url, key_prefix, 2, interval=20.0) as (near, far):
        given = await play(client, key_prefix, {near: (100, 0.0), far: (100, 5.0)}, 300)

    assert sum(given[far]) > 0.7 * sum(given[near]) > 50


async def test_many_who_wait_ask_a_few_times_each(
    redis_url: str, key_prefix: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one request a second and sixty workers are, a hundred times slower."""
    monkeypatch.setattr(shared_pace, "LEASE_SECONDS", 25.0)
    monkeypatch.setattr(shared_pace, "LOOK_SECONDS", 100.0)
    monkeypatch.setattr(shared_pace, "LONGEST_LOOK_SECONDS", 1000.0)
    async with opened(redis_url, key_prefix, 60, interval=100.0) as paces:
        given = await play(client, key_prefix, dict.fromkeys(paces, (1, 0.0)), 1000)

    asked, served = (sum(map(count, given.values())) for count in (len, sum))
    assert served >= 60
    assert asked <= 16 * served
    assert max(map(sum, given.values())) - min(map(sum, given.values())) <= 1


async def test_one_decision_of_many_workers_takes_a_few_scripts_each(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(politeness, "TOGETHER_SECONDS", 60.0)  # they are at once, however busy this machine is
    workers = 60
    budgets = [RequestBudget(own_redis.url, "politeness", 20) for _ in range(workers)]
    for budget in budgets:
        await budget.permit()
    with own_redis.client() as client:
        client.config_resetstat()
        hold = partial(politeness.hold, seconds=600, reason="Retry-After")
        decisions = await asyncio.gather(*(budget.change(hold) for budget in budgets))
        scripts: Any = client.info("commandstats")
    for budget in budgets:
        await budget.close()

    assert [decision.kind for decision in decisions if decision and decision.kind] == ["held"]
    assert scripts["cmdstat_evalsha"]["calls"] <= 4 * workers
