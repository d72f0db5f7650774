"""A request may wait long for its turn, and the API be down when it comes: then the request takes the other road."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from refillspot.downloadermiddlewares.fallback import FallbackMiddleware, api_kind
from refillspot.downloadermiddlewares.requeue import put_back
from refillspot.policies.fallback import API_PROBE

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class LastLookMiddleware:
    """Behind PolitenessMiddleware: without it every request that waited out a block would meet the next one.

    Settings: FALLBACK_ENABLED. Stats: fallback/turned_back.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("FALLBACK_ENABLED"):
            raise NotConfigured("FALLBACK_ENABLED is False.")
        return cls(crawler)

    async def process_request(self, request: Request) -> Request | None:
        kind = api_kind(request)
        fallback = self._crawler.get_downloader_middleware(FallbackMiddleware)
        if kind is None or fallback is None or API_PROBE in request.meta:
            return None
        if not await fallback.health.is_down(kind):
            return None
        self._crawler.stats.inc_value("fallback/turned_back")
        return put_back(request)
