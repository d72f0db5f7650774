"""What every worker tells of itself while it runs, and what is left of that."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import redis
from scrapy.utils.test import get_crawler

from refillspot.extensions import heartbeat
from refillspot.extensions.heartbeat import _Place
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.database import migrate_database
from refillspot.postgres.worker_stats import read, save
from refillspot.shared.heartbeats import HeartbeatReader
from refillspot.stats.worker_stats import total
from tests.crawl.moments import PACED, two_at_work, wait_for_store_pages
from tests.stats.test_totals import NOON, worker

if TYPE_CHECKING:
    import pytest

    from refillspot.stats.worker_stats import WorkerStats
    from tests.crawl.conftest import Crawl, Site

NAMED = ("-a", "district=금천구", "-a", "crawl=this")
FEW = ("-a", "limit=3", "-a", "keywords=무한리필")
QUICK = ("-s", "HEARTBEAT_SECONDS=0.1")


def wait_for_beat(redis_url: str, key_prefix: str, name: str) -> WorkerStats:
    """Return what the one worker says of itself once it has counted something under that name."""
    with HeartbeatReader(redis_url, f"{key_prefix}:this") as reader:
        while True:  # ends at pytest's timeout if never
            for found in reader.read() or []:
                if name in found.stats:
                    return found
            time.sleep(0.01)


def test_the_stats_of_each_worker_are_kept(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with two_at_work(crawl, site, redis_url, key_prefix, *NAMED) as (one, two):
        logs = [process.communicate()[1] for process in (one, two)]

    assert [one.returncode, two.returncode] == [0, 0], logs
    kept = read(database_url, "this")
    assert {found.worker for found in kept} == {re.findall(r", worker (\S+)", log)[0] for log in logs}
    for found in kept:
        assert found.started_at < found.seen_at
        assert found.ended_at == found.seen_at
        assert found.stats["finish_reason"] == "finished"
        assert 0 < found.stats["memory/uss_mb"] <= found.stats["memory/last_mb"] <= found.stats["memory/max_mb"]
        assert found.stats["cpu/seconds"] > 0
    all_of_them = total(kept)
    assert all_of_them["postgres/rows"] == all_of_them["crawl/stored"]
    assert all_of_them["parsing/stores"] == all_of_them["postgres/rows"]
    assert all_of_them["postgres/seconds"] >= all_of_them["postgres/longest_seconds"] > 0
    with redis.Redis.from_url(redis_url) as client:
        assert not client.exists(f"{key_prefix}:this:heartbeats")


def test_a_worker_is_seen_while_it_runs_and_after_it_was_killed(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with crawl.start(*NAMED, *PACED, *QUICK) as process:
        wait_for_store_pages(site, 3)
        found = wait_for_beat(redis_url, key_prefix, "site/bytes")
        process.kill()
        process.communicate()

    assert found.ended_at is None
    assert found.stats["politeness/waited_seconds"] > 0
    assert wait_for_beat(redis_url, key_prefix, "site/bytes").worker == found.worker
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(f"{key_prefix}:this:heartbeats") <= 600
    (kept,) = read(database_url, "this")
    assert (kept.worker, kept.ended_at) == (found.worker, None)


def test_an_interrupted_and_a_recycled_worker_say_their_last(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with crawl.start(*NAMED, *PACED, *QUICK) as process:
        wait_for_store_pages(site, 3)
        process.send_signal(signal.SIGINT)
        process.communicate()
    recycled = crawl.run(*NAMED, *PACED, "-s", "WORKER_MAX_MEMORY_MB=1")

    assert [process.returncode, recycled.returncode] == [130, 75]
    kept = read(database_url, "this")
    assert [found.stats["finish_reason"] for found in kept] == ["shutdown", "memory_limit"]
    assert all(found.ended_at for found in kept)
    with redis.Redis.from_url(redis_url) as client:
        assert not client.exists(f"{key_prefix}:this:heartbeats")


def test_a_place_that_takes_no_stats_harms_nothing(
    crawl: Crawl, database_url: str, redis_url: str, key_prefix: str
) -> None:
    migrate_database(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE refillspot.crawl_workers RENAME TO elsewhere")
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{key_prefix}:this:heartbeats", "not a hash")
    result = crawl.run(*NAMED, *FEW, *PACED, *QUICK)

    assert result.returncode == 0, result.stderr
    assert len(re.findall(r"the stats of this worker are not published \(redis\)", result.stderr)) == 1
    assert len(re.findall(r"the stats of this worker are not published \(postgres\)", result.stderr)) == 1
    assert re.search(r"'heartbeat/redis_failures': [1-9]", result.stderr)
    assert re.search(r"'heartbeat/postgres_failures': [1-9]", result.stderr)


async def test_a_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "PATIENCE_SECONDS", 0.01)
    stats = get_crawler().stats

    place = _Place("redis", stats)
    silent = [await place.takes(asyncio.Event().wait()) for _ in range(2)]  # type: ignore[arg-type]  # never ends

    assert [*silent, await place.takes(asyncio.sleep(0))] == [False, False, True]
    assert stats.get_value("heartbeat/redis_failures") == 2
    assert len(caplog.records) == 1


async def test_an_older_attempt_does_not_undo_a_newer_one(database_url: str) -> None:
    crawl = await CrawlTable(database_url).join("diningcode", {}, "this", NOON)
    for seen, items in ((30, 3), (60, 6), (45, 4)):
        await save(database_url, crawl.id, worker("one", seen=seen, items=items))

    (kept,) = read(database_url, "this")
    assert kept == worker("one", seen=60, items=6)


def test_the_site_is_told_from_the_cache(cached_crawl: Crawl, site: Site, database_url: str) -> None:
    assert cached_crawl.run("-a", "district=금천구", "-a", "crawl=first", *FEW).returncode == 0
    first = len(site.log())
    later = ("-s", "CACHE_TTL_LIST_SECONDS=0", "-s", "HEARTBEAT_SECONDS=0.1")
    assert cached_crawl.run("-a", "district=금천구", "-a", "crawl=second", *FEW, *later).returncode == 0
    (one,), (two,) = (read(database_url, crawl) for crawl in ("first", "second"))

    assert (one.stats["site/answers"], one.stats["site/status/200"]) == (first, first)
    assert one.stats["site/seconds"] > one.stats["site/longest_seconds"] > 0
    assert two.stats["site/answers"] == len(site.log()) - first > 0
    assert two.stats["site/answers"] + two.stats["cache/hits"] == two.stats["downloader/response_count"]
    assert 0 < two.stats["site/bytes"] < two.stats["downloader/response_bytes"]
