"""Waiting for a moment of a crawl under way. Each wait ends at pytest's time-out if its moment never comes."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import redis

from refillspot.operations.pace_control import set_ceiling
from refillspot.operations.progress import ProgressReader
from refillspot.shared.keys import politeness_key
from refillspot.site_hosts import SiteHosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.crawl.conftest import Crawl, Site
    from tests.programs import Program

PACED = ("-s", "POLITENESS_REQUESTS_PER_SECOND=20")
"""Slow enough that a crawl of 금천구 takes some seconds, whatever the machine: time to do something to it."""
LOOK_SECONDS = 0.05
"""Between looks of a wait: a look takes a millisecond or more of the processor that the crawl waits for."""
SLOW = ("-s", "POLITENESS_REQUESTS_PER_SECOND=4")
"""Slow enough for another command to be started meanwhile, on a machine that is busy; then `hurry`."""


@contextmanager
def two_at_work(
    crawl: Crawl, site: Site, redis_url: str, key_prefix: str, *options: str
) -> Iterator[tuple[Program, Program]]:
    """Two workers of one crawl, which goes on slowly until both have joined it."""
    with crawl.start(*options, *SLOW) as one, crawl.start(*options, *SLOW) as two:
        wait_for_workers(redis_url, key_prefix, 2)
        hurry(site, redis_url, key_prefix)
        yield one, two


def hurry(site: Site, redis_url: str, key_prefix: str) -> None:
    """Let the rest of a crawl take no time."""
    set_ceiling(redis_url, politeness_key(key_prefix, SiteHosts((site.url,))), 4, 400)


def pause(redis_url: str, key_prefix: str, crawl_id: str) -> None:
    """Let a crawl be paused before anybody has begun it: whoever joins does nothing until `go_on`."""
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:{crawl_id}:crawl", mapping={"state": "open", "paused": 1})


def go_on(redis_url: str, key_prefix: str, crawl_id: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.hdel(f"{key_prefix}:{crawl_id}:crawl", "paused")


def fetched(site: Site) -> Counter[str]:
    """Count the store pages that the site was asked for, by ref."""
    return Counter(entry["asked"] for entry in site.log() if entry["kind"] == "store")


def wait_for_store_pages(site: Site, count: int) -> None:
    while fetched(site).total() < count:
        time.sleep(LOOK_SECONDS)


def wait_for_workers(redis_url: str, key_prefix: str, count: int) -> None:
    """Return when `count` workers have joined the only crawl of this test."""
    with redis.Redis.from_url(redis_url) as client:
        while not (found := list(client.scan_iter(f"{key_prefix}:*workers", count=1000))):
            time.sleep(LOOK_SECONDS)
    prefix = found[0].decode().removesuffix(":workers")
    with ProgressReader(redis_url, prefix) as reader:
        while (progress := reader.read()) is None or progress.workers < count:
            time.sleep(LOOK_SECONDS)
