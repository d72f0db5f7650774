"""Politeness that somebody else has written into Redis: no faster than a worker's own ceiling, not held for ever."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import redis

from refillspot.policies import politeness
from refillspot.policies.pace import LONGEST_HOLD_SECONDS, Pace, begin, believed
from refillspot.redis_clients import connect
from refillspot.shared.budget import RequestBudget
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import ServerClock
from tests.shared.test_fleet_budget import PER_SECOND as OF_WORKERS
from tests.shared.test_fleet_budget import log, workers  # noqa: F401  # fixtures

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Iterator

    from tests.shared.arrivals import ArrivalLog

PER_SECOND = 20
LEAST = 1 / PER_SECOND
NOW = 1_800_000_000.0
OWN = begin(PER_SECOND, NOW)
LARGE = 1e308

FORGED_STATES: dict[str, dict[str, Any]] = {
    "rate": {"rate": LARGE},
    "rate and ceiling": {"rate": LARGE, "ceiling": LARGE},
    "all three": {"rate": LARGE, "ceiling": LARGE, "configured": LARGE},
    "just above what any command sets": {"rate": 1001.0, "ceiling": 1001.0},
    "no rate": {"rate": 0.0},
    "negative rate": {"rate": -1.0},
    "hardly any rate": {"rate": 5e-324},
    "no ceiling": {"ceiling": 0.0},
    "negative ceiling": {"ceiling": -LARGE, "rate": -LARGE},
    "hardly any ceiling": {"ceiling": 5e-324, "rate": 5e-324},
    "negative delay": {"crawl_delays": {"a": -LARGE}},
    "endless delay": {"crawl_delays": {"a": LARGE}},
    "endless hold": {"hold_until": LARGE},
    "hold of two hours": {"hold_until": NOW * 10},
    "negative hold": {"hold_until": -LARGE},
    "deaf to distress": {"slowed_at": LARGE, "blocked_at": LARGE, "raised_at": LARGE, "answered_at": LARGE},
    "no error counts": {"errors": -(10**18), "answers": -(10**18)},
    "far too many answers": {"answers": 10**18},
    "negative blocks": {"blocks": -(10**18)},
    "far too many blocks": {"blocks": 10**18, "block_times": [LARGE] * 100},
    "met": {"met": -LARGE},
}
UNREADABLE_STATES = (
    b"", b"null", b"{}", b"[" * 5000, b"\xff", b'{"rate": NaN}', b'{"configured": 1, "ceiling": 1e999, "rate": 1}',
    b'{"configured": 1, "ceiling": 1, "rate": "fast"}', b'{"configured": 1, "ceiling": "\xff", "rate": 1}',
)  # fmt: skip
GARBAGE = (
    b"",
    b"text",
    b"0",
    b"-1",
    b"-1e308",
    b"1e308",
    b"nan",
    b"-nan",
    b"inf",
    b"-inf",
    b"0x1",
    b"\x00",
    b"9" * 400,
)


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def opened(redis_url: str, key_prefix: str, **options: Any) -> AsyncIterator[SharedPace]:
    """One worker's view of a pace that it knows."""
    client = connect(redis_url)
    try:
        pace = SharedPace(client, key_prefix, PER_SECOND, ServerClock(), **options)
        await pace.change(partial(politeness.configure, configured=PER_SECOND))
        await pace.change(lambda pace, _: politeness.Decision(pace), rewrite=True)
        yield pace
    finally:
        await client.aclose()


def forge(client: Any, key: str, **changed: Any) -> None:
    """Write a state, and what scripts read of it, as no worker does."""
    known = json.loads(client.hget(key, "state"))
    client.hset(key, mapping={"state": json.dumps(known | changed), "interval": 1, "hold": 0})


async def granted(pace: SharedPace) -> list[float]:
    """Return all the permits that are to be had by asking again and again."""
    leases = [lease for _ in range(20) if (lease := await pace.reserve(100))]
    return [lease.first + number * lease.interval for lease in leases for number in range(lease.permits)]


async def assert_polite(pace: SharedPace) -> None:
    """Whatever it is now: no faster than it may be, and over within an hour, by a person at once."""
    moments = sorted(await granted(pace))
    assert all(after - before >= LEAST - 1e-5 for before, after in pairwise(moments))
    known, now = await pace.get()
    assert known
    assert known.ceiling <= PER_SECOND
    assert known.floor <= known.rate <= known.ceiling
    assert LEAST <= known.interval <= LONGEST_HOLD_SECONDS
    assert known.hold_until <= now + LONGEST_HOLD_SECONDS
    lease = await pace.reserve(1)
    assert lease
    assert lease.first <= now + 2 * LONGEST_HOLD_SECONDS
    before = known.hold_until
    known, _ = await pace.get()
    assert known
    assert known.hold_until == before  # and does not move on with each look


@pytest.mark.parametrize("forged", FORGED_STATES.values(), ids=FORGED_STATES)
async def test_a_forged_state_is_kept_within_bounds(
    forged: dict[str, Any], redis_url: str, key_prefix: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_url, key_prefix) as pace:
        forge(client, key_prefix, **forged)
        await assert_polite(pace)
        forge(client, key_prefix, **forged)
        await assert_polite(pace)
    assert caplog.text.count("does not write there") == 1
    assert len(caplog.text) < 1000


@pytest.mark.parametrize("forged", FORGED_STATES.values(), ids=FORGED_STATES)
def test_distress_is_heard_under_any_state(forged: dict[str, Any]) -> None:
    pace = believed(msgspec.convert(msgspec.to_builtins(OWN) | forged, Pace), NOW, configured=PER_SECOND, most=1000)
    later = NOW + 60
    slower = politeness.slow_down(pace, later, reason="HTTP 429", sent=later).pace
    blocked = politeness.block(pace, later, reason="a page", sent=later, cool_down=180).pace

    assert slower.interval > pace.interval or slower.rate == pace.floor
    assert later + 180 <= blocked.hold_until <= later + LONGEST_HOLD_SECONDS
    assert 0 < politeness.note_answers(pace, later, answers=20, errors=20).pace.rate <= pace.rate
    assert politeness.reset(pace, later).pace.rate == pace.ceiling


def test_what_a_worker_writes_is_believed_to_the_last_digit() -> None:
    pace, now = begin(0.37, NOW), NOW
    for number in range(300):
        now += 0.7 * number
        pace = politeness.note_answers(pace, now, answers=7, errors=number % 3).pace
        pace = politeness.slow_down(pace, now, reason="429", sent=now).pace if number % 11 == 0 else pace
        pace = politeness.block(pace, now, reason="page", sent=now, cool_down=180).pace if number % 97 == 96 else pace
        pace = politeness.delay(pace, now, host="a", seconds=float(number)).pace if number % 50 == 3 else pace
        pace = politeness.limit(pace, now, ceiling=0.0001 * number + 0.01).pace if number % 40 == 9 else pace
        read = msgspec.json.decode(msgspec.json.encode(pace), type=Pace)
        assert believed(read, now, configured=0.37, most=10) == pace


@pytest.mark.parametrize("state", UNREADABLE_STATES, ids=repr)
async def test_an_unreadable_state_is_the_slowest_that_keeps_what_is_known(
    state: bytes, redis_url: str, key_prefix: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_url, key_prefix) as pace:
        await pace.change(partial(politeness.delay, host="a", seconds=2))
        await pace.change(partial(politeness.hold, seconds=600, reason="Retry-After"))
        client.hset(key_prefix, "state", state)
        known, now = await pace.get()
        again, _ = await pace.get()

        assert known
        assert again == known
        assert known.rate == known.floor
        assert known.crawl_delays == {"a": 2.0}
        assert now + 500 < known.hold_until <= now + 600 + politeness.TOGETHER_SECONDS
        await assert_polite(pace)
    assert caplog.text.count("does not write there") == 1


@pytest.mark.parametrize("field", ["interval", "hold", "last", "version"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:9]))
async def test_what_scripts_read_is_kept_within_bounds(
    field: str, garbage: bytes, redis_url: str, key_prefix: str, client: Any
) -> None:
    async with opened(redis_url, key_prefix) as pace:
        client.hset(key_prefix, field, garbage)
        await assert_polite(pace)
        await pace.change(politeness.reset)
        lease = await pace.reserve(1)
        assert lease
        assert lease.interval == pytest.approx(LEAST)
        assert float(client.hget(key_prefix, "version")) < 2**53


@pytest.mark.parametrize("field", ["interval", "hold", "last", "version", "state"])
async def test_a_field_that_is_gone_stops_nobody(field: str, redis_url: str, key_prefix: str, client: Any) -> None:
    async with budget_of(redis_url, key_prefix) as budget:
        assert await budget.permit()
        client.hdel(key_prefix, field)
        assert await budget.permit()


async def test_a_key_of_something_else_is_replaced(redis_url: str, key_prefix: str, client: Any) -> None:
    client.set(key_prefix, "something else")
    async with opened(redis_url, key_prefix) as pace:
        await assert_polite(pace)


async def test_a_ceiling_that_another_worker_raised_is_no_forgery(
    redis_url: str, key_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_url, key_prefix) as pace, opened(redis_url, key_prefix) as operator:
        await operator.change(partial(politeness.limit, ceiling=100.0))
        first, second = [await pace.reserve(1) for _ in range(2)]
        assert first
        assert second
        assert first.interval == LEAST
        assert second.interval == pytest.approx(0.01)
    assert caplog.text == ""


async def test_more_than_a_worker_may_is_not_believed_of_the_operator(redis_url: str, key_prefix: str) -> None:
    async with opened(redis_url, key_prefix) as operator, opened(redis_url, key_prefix, most=50) as worker:
        await operator.change(partial(politeness.limit, ceiling=50.0))
        known, _ = await worker.get()
        assert known
        assert known.ceiling == 50
        await operator.change(partial(politeness.limit, ceiling=51.0))
        known, _ = await worker.get()
        assert known
        assert known.ceiling == PER_SECOND


def test_workers_do_not_send_faster_while_somebody_forges(
    workers: list[subprocess.Popen[bytes]],  # noqa: F811  # the fixture
    log: ArrivalLog,  # noqa: F811
    client: Any,
    key_prefix: str,
) -> None:
    log.wait_for(20)
    for wanted in range(40, 240, 20):
        forge(client, f"{key_prefix}:politeness", rate=LARGE, ceiling=LARGE)
        log.wait_for(wanted)
    moments = sorted(arrival.permitted_at for arrival in log.arrivals)

    assert min(after - before for before, after in pairwise(moments)) >= 1 / OF_WORKERS - 1e-5
    assert all(worker.poll() is None for worker in workers)
    assert moments[-1] < time.time() + 1


@asynccontextmanager
async def budget_of(redis_url: str, key: str) -> AsyncIterator[RequestBudget]:
    budget = RequestBudget(redis_url, key, PER_SECOND)
    try:
        yield budget
    finally:
        await budget.close()
