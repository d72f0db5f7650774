"""Downloader middlewares: between the engine and the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.shared.budget import RequestBudget

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class PolitenessMiddleware:
    """Lets a request leave when the budget that all workers share has a place for it, robots.txt included.

    Settings: POLITENESS_REQUESTS_PER_SECOND, REDIS_URL, REDIS_KEY_PREFIX.
    Stats: politeness/permits, politeness/discarded, politeness/waited_seconds.
    """

    def __init__(self, budget: RequestBudget, stats: StatsCollector) -> None:
        self._budget = budget
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        pace = settings.getfloat("POLITENESS_REQUESTS_PER_SECOND")
        if pace <= 0:
            raise NotConfigured("POLITENESS_REQUESTS_PER_SECOND is 0: no limit.")
        key = f"{settings['REDIS_KEY_PREFIX']}:politeness"
        middleware = cls(RequestBudget.from_url(settings["REDIS_URL"], key, pace), crawler.stats)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def process_request(self, request: Request) -> None:  # noqa: ARG002  # Scrapy's signature
        await self._budget.permit()

    async def spider_closed(self) -> None:
        stats = self._budget.stats
        self._stats.set_value("politeness/permits", stats.permits)
        self._stats.set_value("politeness/discarded", stats.discarded)
        self._stats.set_value("politeness/waited_seconds", round(stats.waited_seconds, 3))
        await self._budget.close()
