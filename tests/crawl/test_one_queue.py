"""A crawl has one queue: hosts that share a database, and not a Redis, do not crawl it twice."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import redis

from refillspot.frontier.queue import OPEN
from refillspot.operations.progress import ProgressReader
from tests.crawl.moments import pause, wait_for_workers

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Site
    from tests.own_redis import OwnRedis

ASKED = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "crawl=one")


def test_a_second_queue_is_refused_while_workers_live_on_the_first(
    crawl: Crawl, fleet: Crawl, site: Site, database_url: str, redis_url: str, own_redis: OwnRedis, key_prefix: str
) -> None:
    elsewhere = {"REDIS_URL": own_redis.url}
    other_host = replace(crawl, environment=crawl.environment | elsewhere)
    other_fleet = replace(fleet, environment=fleet.environment | elsewhere)
    pause(redis_url, key_prefix, "one")  # so that it is there whenever the others come
    with crawl.start(*ASKED) as first:
        wait_for_workers(redis_url, key_prefix, 1)
        refused = [other_host.run(*ASKED), other_fleet.run("-n", "1", *ASKED)]
        first.send_signal(signal.SIGINT)
        _, log = first.communicate()

    assert first.returncode == 130, log[-3000:]
    for one in refused:
        assert one.returncode == 1
        assert "with a queue in another Redis" in one.stderr, one.stderr[-3000:]
        assert "Set REDIS_URL on each host to that one" in one.stderr
    assert site.log() == []
    with redis.Redis.from_url(own_redis.url) as client:  # nothing there that could be paused or taken for a crawl
        assert list(client.scan_iter(f"{key_prefix}:one:*")) == []

    # nobody is at work any more: a Redis that was emptied meanwhile, or another, goes on as ever
    gone_on = other_host.run(*ASKED)
    assert gone_on.returncode == 0, gone_on.stderr[-3000:]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id, state FROM refillspot.crawls").fetchall() == [("one", "complete")]


def test_who_lost_its_crawl_to_another_queue_ends(
    crawl: Crawl, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """As when PostgreSQL was out of its reach alone, for longer than the crawl was kept for it."""
    pause(redis_url, key_prefix, "one")
    with crawl.start(*ASKED, "-s", 'EXTENSIONS={"tests.crawl.poison.LooksOften": 1}') as worker:
        wait_for_workers(redis_url, key_prefix, 1)
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.crawls SET queue = 'cafe', queue_seen_at = now() + interval '1 day'")
        _, log = worker.communicate()

    assert worker.returncode == 1, log[-3000:]
    assert "with a queue in another Redis" in log
    assert "Nothing is lost: then the same command continues from here" in log
    with ProgressReader(redis_url, f"{key_prefix}:one") as reader:
        progress = reader.read()
    assert progress
    assert (progress.state, progress.leased, progress.workers, progress.dead) == (OPEN, 0, 0, 0)
    assert progress.left
