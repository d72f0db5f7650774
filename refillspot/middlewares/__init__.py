"""Downloader middlewares: between the engine and the site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http import Request
from twisted.internet.error import ConnectionLost

from refillspot.middlewares.cache import RedisCacheMiddleware
from refillspot.retries import retry_after_seconds
from refillspot.shared.budget import RequestBudget

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector

__all__ = ["PolitenessMiddleware", "RedisCacheMiddleware", "RetryAfterMiddleware"]

CLOSED_HANDLER = "the handler is closed"  # how uvloop says that the site has reset a connection which is used again


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's own, which also hands on how long the site asks to be left alone; the scheduler lets the retry wait.

    Settings: RETRY_ENABLED, RETRY_TIMES, RETRY_HTTP_CODES, RETRY_EXCEPTIONS. Stats: retry/…, as Scrapy's.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        result = super().process_response(request, response)
        header = response.headers.get("Retry-After")
        if isinstance(result, Request) and header:
            text = header.decode("latin-1")
            result.meta["retry_after_seconds"] = retry_after_seconds(text, datetime.now(UTC))
        return result

    def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        if isinstance(exception, RuntimeError) and CLOSED_HANDLER in str(exception):
            exception = ConnectionLost(str(exception))
        return super().process_exception(request, exception)


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
