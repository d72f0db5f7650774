"""What several workers know together of the API, on a real Redis."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import redis

from refillspot.policies.caching import Kind
from refillspot.policies.circuit_breaker import FAILURES, SPREAD_SECONDS, ApiDecision
from refillspot.shared import api_health
from refillspot.shared.api_health import ApiHealth

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.own_redis import OwnRedis

LIST, STORE = Kind.LIST, Kind.STORE


@pytest.fixture(autouse=True)
def _each_look_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_health, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr("refillspot.policies.circuit_breaker.SPREAD_SECONDS", 0.0)


@asynccontextmanager
async def workers(
    url: str, key: str, *, probe_seconds: float = 60.0
) -> AsyncIterator[tuple[ApiHealth, ApiHealth, list[str]]]:
    told: list[str] = []

    def tell(kind: Kind, decision: ApiDecision) -> None:
        told.append(f"{kind} {decision.kind}")

    one, two = (ApiHealth(url, f"{key}:health", probe_seconds, tell) for _ in range(2))
    yield one, two, told
    await one.close()
    await two.close()


async def fail(*health: ApiHealth, kind: Kind = LIST) -> None:
    for number in range(FAILURES):
        await health[number % len(health)].note_failure(kind, "HTTP 500")


async def test_failures_of_all_workers_count_together_and_each_kind_apart(redis_url: str, key_prefix: str) -> None:
    async with workers(redis_url, key_prefix) as (one, two, told):
        assert not await one.is_down(LIST)
        await fail(one, two)

        assert await one.is_down(LIST)
        assert await two.is_down(LIST)
        assert not await two.is_down(STORE)
        assert told == ["list switched"]


async def test_a_good_answer_of_one_brings_it_back_for_all(redis_url: str, key_prefix: str) -> None:
    async with workers(redis_url, key_prefix) as (one, two, told):
        await fail(one)
        assert await two.is_down(LIST)
        await two.note_success(LIST)

        assert not await one.is_down(LIST)
        assert told == ["list switched", "list returned"]


async def test_one_worker_tries_for_all(redis_url: str, key_prefix: str) -> None:
    async with workers(redis_url, key_prefix) as (one, two, told):
        await fail(one)
        assert await two.is_down(LIST)
        assert not await two.may_probe(LIST)
        await one._decide(LIST, lambda record, now: ApiDecision(replace(record, probe_at=now)))  # it is time
        assert await two.is_down(LIST)
        assert await one.may_probe(LIST)

        assert not await two.may_probe(LIST)
        assert told == ["list switched", "list probe"]


async def test_what_was_met_minutes_ago_is_forgotten(redis_url: str, key_prefix: str) -> None:
    async with workers(redis_url, key_prefix) as (one, two, told):
        await fail(one)
        await one._decide(LIST, lambda record, _: ApiDecision(replace(record, probe_at=1.0)))  # long ago
        assert not await two.is_down(LIST)
        await two.note_failure(LIST, "HTTP 500")

        assert not await one.is_down(LIST)
        assert told == ["list switched"]


async def test_without_redis_a_worker_goes_by_what_it_saw_last(
    own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with workers(own_redis.url, "test") as (one, _, told):
        await fail(one)
        own_redis.kill()

        assert await one.is_down(LIST)
        assert not await one.may_probe(STORE)
        await one.note_success(LIST)
        assert await one.is_down(LIST)
        assert told == ["list switched"]
        own_redis.start()
        await one.note_success(LIST)
        assert not await one.is_down(LIST)
    assert caplog.text.count("Redis is away") == 1


def test_the_spread_is_not_nothing() -> None:
    assert SPREAD_SECONDS > 0


@pytest.mark.parametrize(
    "record",
    [
        {"is_down": True, "probe_at": 1e308},
        {"is_down": True, "probe_at": -1.0},
        {"is_down": True, "last_at": 1e308},
        {"is_down": True, "first_at": 1e308},
        {"is_down": True, "probes": -(10**400)},
        {"is_down": True, "failures": 10**400},
        {"blocks": -(10**18), "last_at": 1e308},
        {"failures": "many"},
        [],
        "\ud800",
    ],
    ids=lambda record: str(record)[:40],
)
async def test_what_no_worker_has_written_counts_as_never_tried(
    record: object, redis_url: str, key_prefix: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:health", "state", json.dumps({"list": record, "store": record, "\ud800": record}))
    async with workers(redis_url, key_prefix) as (one, two, told):
        assert not await one.is_down(LIST)
        await one.note_success(LIST)
        await one.note_block(STORE, "a page")
        await fail(one, two)
        assert await two.is_down(LIST)
        assert not await two.may_probe(LIST)
    assert told == ["list switched"]


@pytest.mark.parametrize(
    "garbage", [b"", b"null", b"\xff", b"[" * 5000, b'{"list": {"last_at": NaN}}'], ids=lambda b: b[:9]
)
async def test_a_record_that_cannot_be_read_counts_as_none(garbage: bytes, redis_url: str, key_prefix: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:health", mapping={"state": garbage, "version": "nan"})
    async with workers(redis_url, key_prefix) as (one, two, _):
        assert not await one.is_down(LIST)
        await fail(one, two)
        assert await two.is_down(LIST)
