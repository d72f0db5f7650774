"""The other road to the site: where its API is broken, the pages for people are asked for the same things."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import load_object

from refillspot.downloadermiddlewares.cache import RedisCacheMiddleware
from refillspot.downloadermiddlewares.politeness import PolitenessMiddleware
from refillspot.downloadermiddlewares.requeue import put_back
from refillspot.engine import is_ending
from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH, Kind, kind_of
from refillspot.policies.fallback import API_FAILURE, API_PROBE
from refillspot.shared.api_health import ApiHealth
from refillspot.site_hosts import SiteHosts, host_of
from refillspot.sites.diningcode.forms import Form
from refillspot.sites.diningcode.refusals import Refusal, RefusalKind, refusal_of
from refillspot.sites.diningcode.roads import page_for, road_of

if TYPE_CHECKING:
    from typing import Any, Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.policies.fallback import Decision

logger = logging.getLogger(__name__)

BY_PAGE = "by_page"  # in a request's meta: its page is being asked, so what fails now is not the API
HTML = {"Accept": "text/html"}
ASKED = (Kind.LIST, Kind.STORE)
GONE = {404, 410}  # of a search: the API has moved. Of a store: there is no such one


class FallbackMiddleware:
    """Answers a request from its page for people when the API is down, or has failed to answer this one.

    The queue knows questions to the API only: how they are answered is decided here, each time that one is asked. A
    page is asked like anything else: robots.txt, cache, budget and blocks hold for it. What no page says waits among
    the dead letters for the API.

    Request meta: `api_failure`, `api_probe` (see `refillspot.policies.fallback`).
    Settings: FALLBACK_ENABLED, FALLBACK_PROBE_SECONDS, DININGCODE_API_URL, DININGCODE_WEB_URL, REDIS_URL,
    REDIS_KEY_PREFIX, RETRY_EXCEPTIONS. Stats: fallback/failed (requests that the API could not answer), forbidden
    (whose page robots.txt forbids), without_page, stood_in (pages, which DownloaderStats counts twice); of the
    decisions that this worker caused switched, returned, probe.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._api_host = host_of(settings["DININGCODE_API_URL"])
        self._web_url: str = settings["DININGCODE_WEB_URL"]
        self._passing = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        key = SiteHosts.of(settings).api_health_key(settings["REDIS_KEY_PREFIX"])
        self.health = ApiHealth(settings["REDIS_URL"], key, settings.getfloat("FALLBACK_PROBE_SECONDS"), self._told)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("FALLBACK_ENABLED"):
            raise NotConfigured("FALLBACK_ENABLED is False.")
        middleware = cls(crawler)
        crawler.signals.connect(middleware.health.close, signal=signals.spider_closed)
        return middleware

    async def process_request(self, request: Request) -> Request | Response | None:
        kind = api_kind(request)
        if kind is None:
            return None
        failure = request.meta.get(API_FAILURE)
        if not failure:
            if API_PROBE in request.meta or not await self.health.is_down(kind):
                return None
            if await self.health.may_probe(kind):
                request.meta[API_PROBE] = True
                return None
            cache = self._crawler.get_downloader_middleware(RedisCacheMiddleware)
            if cache and (kept := await cache.kept(request)):
                return kept
        return await self._by_page(request, kind, failure)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """See what came of a request after all its attempts."""
        kind = api_kind(request)
        if kind is None or BY_PAGE in request.meta:
            return response
        if response.status >= 500 or (kind is Kind.LIST and response.status in GONE):
            return await self._failed(request, kind, f"HTTP {response.status}") or response
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        kind = api_kind(request)
        if kind is None or BY_PAGE in request.meta or not isinstance(exception, self._passing):
            return None
        return await self._failed(request, kind, f"{type(exception).__name__}: {exception}")

    async def blocked(self, request: Request, refusal: Refusal, status: int, reason: str) -> None:
        """Note that a page came where the API was asked, which one worker tells for all.

        A verification page, or one under 403, refuses the visitor: that is obeyed, and no reason to come by another
        door.
        """
        if api_kind(request) and refusal.kind is RefusalKind.PAGE and status < 300:
            for kind in ASKED:
                await self.health.note_block(kind, reason)

    async def rules_unknown(self, url: str, reason: str) -> bool:
        """Note that robots.txt of a host cannot be read; whether those that wait for it have another road."""
        host = host_of(url)
        if host != self._api_host or host == host_of(self._web_url):
            return False
        for kind in ASKED:
            await self.health.note_failure(kind, reason)
        return await self.health.is_down(Kind.LIST)

    async def failed(self, kind: Kind, reason: str) -> None:
        """Note a request that the API could not answer in a way that can be used."""
        self._count("failed")
        await self.health.note_failure(kind, reason)

    async def _failed(self, request: Request, kind: Kind, reason: str) -> Request | None:
        await self.failed(kind, reason)
        if self.page_of(request) is None:
            return None
        logger.warning("%s %s: its page is asked instead", request.url, reason)
        again = request.replace(dont_filter=True)
        again.meta.update({API_FAILURE: reason, "retry_times": 0})
        return again

    async def _by_page(self, request: Request, kind: Kind, failure: str | None) -> Request | Response | None:
        page = self.page_of(request)
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
                return put_back(request)
            self._count("forbidden")
            del request.meta[BY_PAGE]
            if failure:
                raise IgnoreRequest(f"{failure}; its page: {error}") from error
            return None
        politeness = self._crawler.get_downloader_middleware(PolitenessMiddleware)
        if politeness and politeness.budget and refusal_of(response.url, response.status, response.body):
            return put_back(request, politeness.budget.seconds_held())
        response.request = request
        self._count("stood_in")
        return response

    def page_of(self, request: Request) -> str | None:
        """Return the address of the page that says what a request asks the API for; None if no page does."""
        return page_for(Form(urlsplit(request.url).path, request.body), self._web_url)

    @property
    def _engine(self) -> Any:
        assert self._crawler.engine  # noqa: S101  # it asks this middleware
        return self._crawler.engine

    def _told(self, kind: Kind, decision: Decision) -> None:
        self._count(decision.kind)
        what = "the pages for people are asked instead" if decision.kind == "switched" else "as before"
        level = logging.WARNING if decision.kind == "switched" else logging.INFO
        logger.log(level, "the API for a %s, %s: %s (%s)", kind, decision.kind, decision.reason, what)

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"fallback/{what}")


def api_kind(request: Request) -> Kind | None:
    """Return what a request asks the API for; None if it asks another, or for nothing that a page says."""
    kind = kind_of(request.url, request.meta)
    return kind if kind in ASKED and road_of(request.url) == "api" else None
