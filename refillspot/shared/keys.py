"""The names of all keys in Redis: `<REDIS_KEY_PREFIX>:<crawl>:<what>`, and `<REDIS_KEY_PREFIX>:<what>:…` beside crawls.

The scripts of the queue spell those of a crawl themselves, in `frontier/lua/keys.lua`; a test compares.
No crawl may be called as one of these words is: `refillspot.crawl_ids`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.redis_clients import connect_blocking
from refillspot.site_hosts import host_of

if TYPE_CHECKING:
    from refillspot.site_hosts import SiteHosts


LAYOUT = 1
"""Of the keys of a crawl: which there are, and what is in them. It goes up where an older program would go wrong."""


class CrawlKeys:
    """Those of one crawl, all below its `prefix`, which is what the scripts are given."""

    def __init__(self, prefix: str) -> None:
        self.crawl = f"{prefix}:crawl"
        """State, counts and result."""
        self.seen = f"{prefix}:seen"
        """Fingerprints."""
        self.lanes = f"{prefix}:lanes"
        """Priorities, each with a stream of its own, see `lane`."""
        self.waiting = f"{prefix}:waiting"
        self.workers = f"{prefix}:workers"
        self.silent = f"{prefix}:silent"
        self.attempts = f"{prefix}:attempts"
        self.batches = f"{prefix}:batches"
        self.dead = f"{prefix}:dead"
        self.stored = f"{prefix}:stored"
        """Requests whose stores were committed lately."""
        self.heartbeats = f"{prefix}:heartbeats"
        self.requests = f"{prefix}:requests"
        """The queue of scrapy-redis' own scheduler; its fingerprints are `seen`."""
        self._prefix = prefix

    def lane(self, priority: str) -> str:
        return f"{self._prefix}:lane:{priority}"


class CacheKeys:
    """Those of the page cache, in the layout of one `version`."""

    def __init__(self, prefix: str, version: int) -> None:
        self._prefix = f"{prefix}:{version}"
        self.begun = f"{self._prefix}:begun"
        """Since when the cache is filled."""
        self.all = starting_with(f"{self._prefix}:")
        """The pattern of all of them."""

    def page(self, fingerprint: bytes) -> str:
        return f"{self._prefix}:{fingerprint.hex()}"

    def lease(self, fingerprint: bytes) -> str:
        """Who fetches a page."""
        return f"{self.page(fingerprint)}:lease"


def crawl_prefix(key_prefix: str, crawl_id: str) -> str:
    return f"{key_prefix}:{crawl_id}"


def cache_prefix(key_prefix: str) -> str:
    return f"{key_prefix}:cache"


def politeness_key(key_prefix: str, site: SiteHosts) -> str:
    """Where the pace is kept, which all hosts of a site share."""
    return f"{key_prefix}:politeness:{'+'.join(site.hosts)}"


def line_key(politeness: str) -> str:
    """Where those stand in line who wait for a permit of this pace."""
    return f"{politeness}:line"


def api_health_key(key_prefix: str, site: SiteHosts) -> str:
    """Where it is kept what the API has failed to do."""
    return f"{key_prefix}:api_health:{host_of(site.api_url)}"


def unfinished_crawl_key(key_prefix: str, digest: str) -> str:
    """Where the unfinished crawl of a spider with its arguments is kept, if no PostgreSQL knows it."""
    return f"{key_prefix}:crawls:{digest}"


def remove_keys(redis_url: str, prefix: str) -> int:
    """Remove every key that starts with `prefix`, without blocking the server; return how many there were."""
    with connect_blocking(redis_url) as client:
        return sum(int(client.unlink(key)) for key in client.scan_iter(starting_with(prefix), count=1000))


def starting_with(prefix: str) -> str:
    """Return the pattern of all keys that do."""
    return "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in prefix) + "*"
