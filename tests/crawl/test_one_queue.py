"""A crawl has one queue: hosts that share a database, and not a Redis, do not crawl it twice."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import redis

from refillspot.frontier.queue import OPEN
from refillspot.operations.progress import ProgressReader
from tests.crawl.moments import PACED, fetched, wait_for_store_pages

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Site
    from tests.own_redis import OwnRedis

ASKED = ("-a", "district=금천구")


def keys_of(url: str, prefix: str) -> list[bytes]:
    with redis.Redis.from_url(url) as client:
        return list(client.scan_iter(f"{prefix}*:crawl"))


def test_a_second_queue_is_refused_while_workers_live_on_the_first(
    crawl: Crawl, fleet: Crawl, site: Site, database_url: str, redis_url: str, own_redis: OwnRedis, key_prefix: str
) -> None:
    elsewhere = {"REDIS_URL": own_redis.url}
    other_host = replace(crawl, environment=crawl.environment | elsewhere)
    other_fleet = replace(fleet, environment=fleet.environment | elsewhere)
    with crawl.start(*ASKED, *PACED) as first:
        wait_for_store_pages(site, 3)
        (crawl_key,) = keys_of(redis_url, key_prefix)
        with redis.Redis.from_url(redis_url) as client:
            client.hset(crawl_key, "paused", 1)  # it lives, and does not end meanwhile
            refused = [other_host.run(*ASKED), other_fleet.run("-n", "1", *ASKED)]
        first.send_signal(signal.SIGINT)
        _, log = first.communicate()

    assert first.returncode == 130, log[-3000:]
    for one in refused:
        assert one.returncode == 1
        assert "with a queue in another Redis" in one.stderr, one.stderr[-3000:]
        assert "Set REDIS_URL on each host to that one" in one.stderr
    assert keys_of(own_redis.url, key_prefix) == []  # nothing there that could be paused or taken for a crawl
    pages = fetched(site)
    assert set(pages.values()) == {1}

    # nobody is at work any more: a Redis that was emptied meanwhile, or another, goes on as ever
    gone_on = other_host.run(*ASKED)
    assert gone_on.returncode == 0, gone_on.stderr[-3000:]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM refillspot.crawls").fetchall() == [("complete",)]
    with redis.Redis.from_url(redis_url) as client:
        (left,) = keys_of(redis_url, key_prefix)
        assert client.hget(left, "state") == OPEN.encode()


def test_who_lost_its_crawl_to_another_queue_ends(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """As when PostgreSQL was out of its reach alone, for longer than the crawl was kept for it."""
    with crawl.start(*ASKED, *PACED, "-s", 'EXTENSIONS={"tests.crawl.poison.LooksOften": 1}') as worker:
        wait_for_store_pages(site, 3)
        (key,) = keys_of(redis_url, key_prefix)
        with redis.Redis.from_url(redis_url) as client:
            client.hset(key, "paused", 1)  # it does not end meanwhile
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.crawls SET queue = 'cafe', queue_seen_at = now() + interval '1 day'")
        worker.wait_for_line("with a queue in another Redis")
        _, log = worker.communicate()

    assert worker.returncode == 1, log[-3000:]
    assert "Nothing is lost: then the same command continues from here" in log
    with ProgressReader(redis_url, key.decode().removesuffix(":crawl")) as reader:
        progress = reader.read()
    assert progress
    assert (progress.state, progress.leased, progress.workers, progress.dead) == (OPEN, 0, 0, 0)
    assert progress.left
