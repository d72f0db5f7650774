"""Heartbeats that no worker wrote: each look at the crawl shows what can be read, and says what cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
import redis
from prometheus_client import CollectorRegistry, generate_latest
from rich.console import Console

from refillspot.monitoring.figures import FiguresOfCrawl
from refillspot.monitoring.metrics import CrawlCollector
from refillspot.monitoring.snapshot import Snapshot
from refillspot.monitoring.top import TopView
from refillspot.shared.heartbeats import HeartbeatReader
from refillspot.stats.crawl import Progress
from tests.monitoring.test_figures import CRAWL, PACE
from tests.stats.test_totals import NOON, worker

if TYPE_CHECKING:
    from refillspot.monitoring.snapshot import CrawlReader

STATS = (
    "cpu/seconds", "cpu/percent", "memory/uss_mb", "memory/uss_max_mb", "memory/last_mb", "loop/lag_seconds",
    "loop/lag_max_seconds", "concurrency/level", "postgres/rows", "postgres/seconds", "postgres/flushes",
    "postgres/longest_seconds", "politeness/permits", "politeness/ceiling", "downloader/request_count", "site/bytes",
    "site/seconds", "site/answers", "site/status/404", "spider_exceptions/x", "cache/hits", "cache/misses",
)  # fmt: skip
VALUES = ("text", "", True, None, [1], {"a": 1}, 1e308, -1e308, 2**70, -(2**70), "\x1b[2J")


def beat(name: str, **changed: Any) -> bytes:
    return json.dumps(msgspec.to_builtins(worker(name)) | changed).encode()


UNREADABLE = {
    "empty": b"",
    "none": b"null",
    "deep": b"[" * 5000,
    "deep inside": beat("deep inside").replace(b'"stats": {}', b'"stats": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "not utf-8": beat("not utf-8").replace(b"not", b"\xff"),
    "no zone": beat("no zone", seen_at="2026-11-25T12:00:00"),
    "first year": beat("first year", started_at="0001-01-01T00:00:00+14:00"),
    "last year": beat("last year", ended_at="9999-12-31T23:59:59-14:00"),
    "number": beat("number", seen_at=1),
    "list": beat("list", stats=[]),
    "another's": beat("honest"),
}


def looked_at(redis_url: str, key: str) -> Snapshot:
    with HeartbeatReader(redis_url, key) as reader:
        beats = reader.read()
        assert beats is not None
        at = NOON + timedelta(seconds=61)
        return Snapshot(at, CRAWL, beats, Progress("open", workers=1), dict(PACE), [], reader.unreadable)


def written(snapshot: Snapshot) -> str:
    """Return what people and programs are shown of it."""

    class Reader:
        def read(self) -> Snapshot:
            return snapshot

    figures = FiguresOfCrawl().take(snapshot)
    console = Console(file=StringIO(), width=200)
    console.print(TopView(figures))
    registry = CollectorRegistry()
    registry.register(CrawlCollector(cast("CrawlReader", Reader())))
    metrics = generate_latest(registry).decode()
    assert isinstance(console.file, StringIO)
    return console.file.getvalue() + msgspec.json.encode(figures).decode() + metrics


def test_unreadable_ones_are_named_and_the_others_shown(redis_url: str, key_prefix: str) -> None:
    odd_names = {b"\xff\x00": b"", b"\x1b[2J\nforged": beat("x"), b"n" * 5000: b""}
    with redis.Redis.from_url(redis_url) as client:
        planted: Any = UNREADABLE | odd_names | {"honest": beat("honest", stats={"postgres/rows": 7})}
        client.hset(f"{key_prefix}:heartbeats", mapping=planted)
    snapshot = looked_at(redis_url, key_prefix)

    assert [(one.worker, one.stats) for one in snapshot.workers] == [("honest", {"postgres/rows": 7})]
    assert len(snapshot.unreadable) == len(UNREADABLE) + len(odd_names)
    assert all(name.isprintable() and len(name) < 500 for name in snapshot.unreadable)
    assert "unreadable heartbeats: " in written(snapshot)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_stats_of_any_value_are_shown(value: Any, redis_url: str, key_prefix: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for name in ("one", "two"):
            client.hset(f"{key_prefix}:heartbeats", name, beat(name, stats=dict.fromkeys(STATS, value)))
    snapshot = looked_at(redis_url, key_prefix)

    assert [one.worker for one in snapshot.workers] == ["one", "two"]
    assert written(snapshot)
    assert written(replace(snapshot, crawl=replace(CRAWL, state="complete")))


def test_a_key_of_something_else_is_said_to_be_that(redis_url: str, key_prefix: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{key_prefix}:heartbeats", "something else")

    assert looked_at(redis_url, key_prefix).unreadable == ["?"]
