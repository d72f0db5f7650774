"""The other way to the site: where its API is broken, the pages for people are asked for the same things."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import load_object

from refillspot.downloadermiddlewares.requeue import requeue
from refillspot.engine import is_ending
from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH, Kind
from refillspot.policies.circuit_breaker import API_FAILURE, API_PROBE
from refillspot.site_access import SiteAccess

if TYPE_CHECKING:
    from typing import Any, Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.site_access import ApiChannel

logger = logging.getLogger(__name__)

BY_PAGE = "by_page"  # in a request's meta: its page is being asked, so what fails now is not the API
HTML = {"Accept": "text/html"}
GONE = {404, 410}  # of a search: the API has moved. Of a store: there is no such one


class FallbackMiddleware:
    """Answers a request from its page for people when the API is down, or has failed to answer this one.

    The queue knows questions to the API only: how they are answered is decided here, each time that one is asked. A
    page is asked like anything else: robots.txt, cache, budget and blocks hold for it. What no page says waits among
    the dead letters for the API.

    Request meta: `api_failure`, `api_probe` (see `refillspot.policies.circuit_breaker`).
    Settings: FALLBACK_ENABLED, RETRY_EXCEPTIONS. Stats: fallback/forbidden (whose page robots.txt forbids),
    without_page, stood_in (pages, which DownloaderStats counts twice); others are those of `ApiChannel`.
    """

    def __init__(self, crawler: Crawler, access: SiteAccess, api: ApiChannel) -> None:
        self._crawler = crawler
        self._site, self._budget, self._pages, self._api = access.site, access.budget, access.pages, api
        self._passing = tuple(load_object(error) for error in crawler.settings.getlist("RETRY_EXCEPTIONS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        access = SiteAccess.of(crawler)
        if access.api is None:
            raise NotConfigured  # FALLBACK_ENABLED is False
        return cls(crawler, access, access.api)

    async def process_request(self, request: Request) -> Request | Response | None:
        kind = self._api.kind_of(request)
        if kind is None:
            return None
        failure = request.meta.get(API_FAILURE)
        if not failure:
            if API_PROBE in request.meta or not await self._api.health.is_down(kind):
                return None
            if await self._api.health.may_probe(kind):
                request.meta[API_PROBE] = True
                return None
            if self._pages and (kept := await self._pages.kept(request)):
                return kept
        return await self._by_page(request, kind, failure)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """See what came of a request after all its attempts."""
        kind = self._api.kind_of(request)
        if kind is None or BY_PAGE in request.meta:
            return response
        if response.status >= 500 or (kind is Kind.LIST and response.status in GONE):
            return await self._failed(request, kind, f"HTTP {response.status}") or response
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        kind = self._api.kind_of(request)
        if kind is None or BY_PAGE in request.meta or not isinstance(exception, self._passing):
            return None
        return await self._failed(request, kind, f"{type(exception).__name__}: {exception}")

    async def _failed(self, request: Request, kind: Kind, reason: str) -> Request | None:
        await self._api.failed(kind, reason)
        if self._api.page_of(request) is None:
            return None
        logger.warning("%s %s: its page is asked instead", request.url, reason)
        again = request.replace(dont_filter=True)
        again.meta.update({API_FAILURE: reason, "retry_times": 0})
        return again

    async def _by_page(self, request: Request, kind: Kind, failure: str | None) -> Request | Response | None:
        page = self._api.page_of(request)
        if page is None:
            self._count("without_page")
            raise IgnoreRequest(f"the API is down, and no page says what {request.body!r} asks")
        row = {name: request.cb_kwargs[name] for name in ("row",) if name in request.cb_kwargs}  # tells its version
        meta = {CACHE_KIND: kind.value, CACHE_REFRESH: request.meta.get(CACHE_REFRESH, False), "dont_retry": True}
        asked = Request(page, NO_CALLBACK, headers=HTML, meta=meta, cb_kwargs=row, priority=request.priority)
        self._engine.downloader.set_aside(request, lambda: None)  # the page takes the place, not who waits for it
        request.meta[BY_PAGE] = True
        try:
            response: Response = await self._engine.download_async(asked)
        except IgnoreRequest as error:
            if is_ending(self._crawler):
                return requeue(request)
            self._count("forbidden")
            del request.meta[BY_PAGE]
            if failure:
                raise IgnoreRequest(f"{failure}; its page: {error}") from error
            return None
        if self._budget and self._site.refusal_of(response.url, response.status, response.body):
            return requeue(request, self._budget.seconds_held())
        response.request = request
        self._count("stood_in")
        return response

    @property
    def _engine(self) -> Any:
        assert self._crawler.engine  # noqa: S101  # it asks this middleware
        return self._crawler.engine

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"fallback/{what}")


class LastLookMiddleware:
    """Behind PolitenessMiddleware: a request may have waited long for its turn, and the API be down when it comes.

    Without it every request that waited out a block would meet the next one.
    Settings: FALLBACK_ENABLED. Stats: fallback/turned_back.
    """

    def __init__(self, crawler: Crawler, api: ApiChannel) -> None:
        self._crawler = crawler
        self._api = api

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        api = SiteAccess.of(crawler).api
        if api is None:
            raise NotConfigured  # FALLBACK_ENABLED is False
        return cls(crawler, api)

    async def process_request(self, request: Request) -> Request | None:
        kind = self._api.kind_of(request)
        if kind is None or API_PROBE in request.meta or not await self._api.health.is_down(kind):
            return None
        self._crawler.stats.inc_value("fallback/turned_back")
        return requeue(request)
