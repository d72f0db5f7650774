"""Waiting for a moment of a crawl under way. Each wait ends at pytest's time-out if its moment never comes."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import redis

from refillspot.frontier.progress import ProgressReader

if TYPE_CHECKING:
    from tests.crawl.conftest import Site

PACED = ("-s", "POLITENESS_REQUESTS_PER_SECOND=20")
"""Slow enough that a crawl of 금천구 takes some seconds, whatever the machine: time to do something to it."""


def fetched(site: Site) -> Counter[str]:
    """Count the store pages that the site was asked for, by ref."""
    return Counter(entry["asked"] for entry in site.log() if entry["kind"] == "store")


def wait_for_store_pages(site: Site, count: int) -> None:
    while fetched(site).total() < count:
        time.sleep(0.01)


def wait_for_workers(redis_url: str, key_prefix: str, count: int) -> None:
    """Return when `count` workers have joined the only crawl of this test."""
    with redis.Redis.from_url(redis_url) as client:
        while not (found := list(client.scan_iter(f"{key_prefix}:*:workers"))):
            time.sleep(0.01)
    prefix = found[0].decode().removesuffix(":workers")
    with ProgressReader(redis_url, prefix) as reader:
        while (progress := reader.read()) is None or progress.workers < count:
            time.sleep(0.01)
