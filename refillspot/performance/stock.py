"""scrapy-redis' own scheduler, with queue and fingerprints kept apart for each crawl.

It pops a request before the request is done, so a worker that is killed loses what it had in hand; a stop by
signal loses nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scrapy_redis.scheduler import Scheduler

from refillspot.frontier.codec import META
from refillspot.shared.keys import CrawlKeys, crawl_prefix

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

FINISHED = "finished"


def crawl_key(spider: Spider) -> str:
    """Return the name under which processes find the same queue: the id they were given, else equal arguments."""
    arguments = json.dumps([spider.name, getattr(spider, "crawl_arguments", {})], sort_keys=True)
    return getattr(spider, "crawl_id", None) or hashlib.blake2b(arguments.encode(), digest_size=6).hexdigest()


class StockScheduler(Scheduler):  # type: ignore[misc]  # scrapy-redis publishes no types
    """Processes whose crawl has the same key share one queue.

    Settings: REDIS_URL, REDIS_KEY_PREFIX, SCHEDULER_SERIALIZER. Stats: scheduler/enqueued/redis.
    """

    crawl_stats: StatsCollector
    key_prefix: str

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scheduler: Self = cls.from_settings(crawler.settings)  # its own from_crawler counts in a way Scrapy deprecates
        scheduler.crawl_stats = crawler.stats
        scheduler.key_prefix = crawler.settings["REDIS_KEY_PREFIX"]
        return scheduler

    def open(self, spider: Spider) -> None:
        keys = CrawlKeys(crawl_prefix(self.key_prefix, crawl_key(spider)))
        self.queue_key = keys.requests
        super().open(spider)
        self.df.key = keys.seen

    def enqueue_request(self, request: Request) -> bool:
        for name in request.meta.keys() - META.keys():  # what this process noted on a request that it tries again
            del request.meta[name]
        accepted: bool = super().enqueue_request(request)
        if accepted:
            self.crawl_stats.inc_value("scheduler/enqueued/redis")
        return accepted

    def close(self, reason: str) -> None:
        """Forget what was seen when the crawl is finished; keep it, to be resumed, however else it ends.

        The queue itself is never deleted: another worker may have put something there a moment ago.
        """
        if reason == FINISHED:
            self.df.clear()
