"""A Redis that forgets, or whose clock is set, while a crawl is under way: judged by the site's own log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import redis

from refillspot.operations.pace_control import read_pace
from refillspot.shared.keys import politeness_key
from refillspot.site_hosts import SiteHosts
from tests.crawl.moments import wait_for_store_pages
from tests.crawl.test_politeness import ALONE, FEW, STORE

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Faults, Site

RETRY_AFTER = 3
PER_SECOND = 20


def forget_pace(site: Site, redis_url: str, key_prefix: str) -> str:
    key = politeness_key(key_prefix, SiteHosts((site.url,)))
    with redis.Redis.from_url(redis_url) as client:
        assert client.delete(key)
    return key


def test_a_redis_that_forgets_ends_no_hold(
    crawl: Crawl, site: Site, faults: Faults, redis_url: str, key_prefix: str
) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=RETRY_AFTER, first=1)
    with crawl.start(*FEW, *ALONE) as process:
        process.wait_for_line("politeness, held")
        forget_pace(site, redis_url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log[-3000:]
    refused = next(entry["arrived"] for entry in site.log() if entry["status"] == 429)
    assert min(entry["arrived"] for entry in site.log() if entry["arrived"] > refused) >= refused + RETRY_AFTER


def test_a_crawl_that_goes_on_where_redis_has_forgotten_begins_at_the_floor(
    crawl: Crawl, site: Site, redis_url: str, key_prefix: str
) -> None:
    with crawl.start("-a", "district=금천구", "-s", f"POLITENESS_REQUESTS_PER_SECOND={PER_SECOND}") as process:
        wait_for_store_pages(site, 1)
        process.terminate()
        process.communicate()
    key = forget_pace(site, redis_url, key_prefix)
    with (
        crawl.start("-a", "district=금천구", "-s", f"POLITENESS_REQUESTS_PER_SECOND={PER_SECOND}") as process,
        redis.Redis.from_url(redis_url) as client,
    ):
        while not client.exists(key):
            time.sleep(0.01)
        shown = read_pace(redis_url, key, PER_SECOND)
        process.terminate()
        process.communicate()

    assert shown["requests_per_second"] < PER_SECOND / 2  # it rises from the floor, to here in 50 s
