"""Between the engine and the spider: which requests are seeds, and whether the answers could be read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from scrapy import Request
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import BlockedError, LayoutChangedError, PassingError
from refillspot.items import Store
from refillspot.policies.caching import CACHE_KIND, Kind
from refillspot.policies.circuit_breaker import API_FAILURE
from refillspot.site_access import SiteAccess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.site_access import ApiChannel
    from refillspot.sites.site import Site

logger = logging.getLogger(__name__)

QUEUED_HEADERS = {b"Content-Type"}
COUNTED = {Kind.LIST: "fallback/lists", Kind.STORE: "fallback/stores"}


class SeedMiddleware:
    """Marks the seeds for the scheduler, as Scrapy's StartSpiderMiddleware, which also looks at all other results."""

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for result in start:
            if isinstance(result, Request):
                result.meta.setdefault("is_start_request", True)
            yield result


class ReadingMiddleware:
    """A spider middleware: tells all workers how the API does, and leads what it failed to say to the page.

    An answer in a layout that is not known is led there at once, another useless one after its last attempt. Pages that
    came instead of a block are none of them: they are left to the hold.

    Settings: FALLBACK_ENABLED, RETRY_ENABLED, RETRY_TIMES. Stats: fallback/lists, stores (read from pages for people),
    unread/<error>/<kind> (answers of the API that could not be used).
    """

    def __init__(self, crawler: Crawler, site: Site, api: ApiChannel) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._site = site
        self._api = api
        self._retry_times = settings.getint("RETRY_TIMES") if settings.getbool("RETRY_ENABLED") else 0
        self._unread: WeakSet[Response] = WeakSet()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        access = SiteAccess.of(crawler)
        if access.api is None:
            raise NotConfigured  # FALLBACK_ENABLED is False
        return cls(crawler, access.site, access.api)

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        says_something = False
        async for entry in result:
            says_something |= isinstance(entry, Request | Store)
            yield entry
        kind = self._api.kind_of(response.request) if response.request else None
        if kind is None or response in self._unread:
            return
        if self._site.channel_of(response.url) == "web":
            self._crawler.stats.inc_value(COUNTED[kind])
        elif says_something and "cached" not in response.flags:  # an empty list proves nothing
            await self._api.health.note_success(kind)

    def process_spider_exception(self, response: Response, exception: Exception) -> AsyncIterator[Request] | None:
        request = response.request
        kind = self._api.kind_of(request) if request else None
        if request is None or kind is None or self._site.channel_of(response.url) == "web":
            return None
        if not is_for_good(request, exception, self._retry_times) or self._api.page_of(request) is None:
            return None
        self._unread.add(response)
        self._crawler.stats.inc_value(f"fallback/unread/{type(exception).__name__}/{kind}")
        return self._lead(request, kind, f"{type(exception).__name__}: {exception}")

    async def _lead(self, request: Request, kind: Kind, reason: str) -> AsyncIterator[Request]:
        logger.error("the API's answer to %s cannot be used, its page is asked instead: %s", request, reason)
        await self._api.failed(kind, reason)
        headers = {name: value for name, value in request.headers.items() if name in QUEUED_HEADERS}
        yield Request(  # and nothing else of its meta and headers: middlewares have put secrets into them
            request.url, request.callback, request.method, headers, request.body, priority=request.priority,
            cb_kwargs=request.cb_kwargs, errback=request.errback, dont_filter=True,
            meta={CACHE_KIND: kind.value, API_FAILURE: reason},
        )  # fmt: skip


def is_for_good(request: Request, exception: BaseException | None, retry_times: int) -> bool:
    """Tell whether asking again for an answer that could not be read is of no use. A block is none of its answers."""
    if isinstance(exception, LayoutChangedError):
        return True
    was_last = request.meta.get("retry_times", 0) >= retry_times
    return isinstance(exception, PassingError) and not isinstance(exception, BlockedError) and was_last
