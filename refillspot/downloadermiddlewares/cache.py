"""The page cache, between the engine and everything that burdens the site."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.misc import load_object

from refillspot.clock import Clock
from refillspot.downloadermiddlewares.cached_page import is_private, page_of, response_of, validators_of
from refillspot.downloadermiddlewares.places import Places
from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.policies.caching import CACHE_REFRESH, CachePolicy, Kind, Worth, kind_of
from refillspot.shared.cache_server import CacheAwayError, CacheServer
from refillspot.shared.page_cache import PageCache
from refillspot.shared.page_lookup import PageLookup
from refillspot.signals import stats_asked
from refillspot.sites.diningcode.cacheability import worth_of
from refillspot.sites.diningcode.versions import row_version

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from refillspot.shared.page import Page
    from refillspot.shared.page_lookup import Wanted


class RedisCacheMiddleware:
    """Answers from the cache what is fresh there, lets one worker at a time fetch the rest, and keeps what is worth it.

    A store page is out of date when the list row that leads to it (`row` in cb_kwargs) says something else than before.

    Request meta: `cache_kind`, `cache_refresh` (see `refillspot.policies.caching`), `dont_cache`, as Scrapy's own
    cache. Answers from the cache bear the flag "cached". Requests with credentials are neither answered nor kept.

    As many as the downloader allows go on to the site at once; the others wait here, set aside in the downloader, so
    that they keep no request from being answered from the cache.

    Settings: CACHE_…, CACHE_REDIS_URL, REDIS_KEY_PREFIX, CLOCK_OFFSET_SECONDS, RETRY_EXCEPTIONS
    (those for which an old page may stand in). Stats: cache/hits, requests_saved, bytes_saved (of bodies, unpacked;
    both without robots.txt), begun (since when it is filled), misses, refreshes, revalidated (304), stale (stood in
    for an error), waits (for another's fetch), stored, too_large, corrupt, errors (of Redis), evictions (of the whole
    server, during the crawl).
    """

    def __init__(self, crawler: Crawler, lookup: PageLookup) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._lookup = lookup
        self._passing = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        self._places = Places(lambda: self._downloader.total_concurrency or sys.maxsize)
        self._placed: set[Request] = set()
        self._fetches: dict[Request, Wanted] = {}  # on their way to the site
        self._releases: set[asyncio.Task[None]] = set()
        self._evicted_before: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("CACHE_ENABLED"):
            raise NotConfigured("CACHE_ENABLED is False.")
        if not settings.get("CACHE_REDIS_URL"):
            raise NotConfigured("CACHE_REDIS_URL is not set.")
        if not hasattr(load_object(settings["DOWNLOADER"]), "set_aside"):
            raise ConfigurationError(
                _(
                    "the page cache needs DOWNLOADER = refillspot.downloader.StrictDownloader, which tells when a "
                    "request leaves: set it, or set CACHE_ENABLED to False"
                )
            )
        clock = Clock.of(settings)
        middleware = cls(crawler, PageLookup(_cache(settings), _policy(settings), clock))
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.stats_asked, signal=stats_asked)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def spider_opened(self) -> None:
        self._evicted_before = await self._evicted_keys()
        if begun := await self._lookup.cache.begun(self._lookup.clock.now()):
            self._crawler.stats.set_value("cache/begun", begun.isoformat())

    async def process_request(self, request: Request) -> Response | None:
        wanted = self._wanted(request)
        if wanted and (page := await self._lookup.find(wanted)):
            return self._hit(request, wanted, page)
        self._downloader.set_aside(request, partial(self._left, request, wanted))
        if wanted:
            page = await self._lookup.wait(wanted)
            if wanted.has_waited:
                self._count("waits")
            if page:
                return self._hit(request, wanted, page)
        await self._places.acquire()
        self._placed.add(request)
        if wanted:
            self._fetches[request] = wanted
            request.headers.update(validators_of(wanted.known))
            self._count("refreshes" if wanted.is_refresh else "misses")
        return None

    async def kept(self, request: Request) -> Response | None:
        """Return what is kept for a request, fresh; None where the site would have to be asked."""
        wanted = self._wanted(request)
        page = await self._lookup.find(wanted) if wanted else None
        return self._hit(request, wanted, page) if wanted and page else None

    async def process_response(self, request: Request, response: Response) -> Response:
        self._free_place(request)  # it need not wait until the page is kept
        wanted = self._fetches.pop(request, None)
        if wanted is None or is_private(request):
            return response
        now = self._lookup.clock.now()
        if response.status == 304 and wanted.known:
            page = msgspec.structs.replace(wanted.known, fetched_at=now, listed=wanted.listed)
            await self._lookup.keep(wanted, page)
            self._count("revalidated")
            self._count("bytes_saved", len(page.body))
            return response_of(request, page)
        worth = worth_of(wanted.kind, request.url, response.status, response.body)
        if worth is Worth.PASSING:
            return self._stand_in(request, wanted) or response
        if worth is not Worth.UNKNOWN:
            permanent = worth is Worth.PERMANENT
            page = page_of(response, wanted.kind, now, permanent=permanent, listed=wanted.listed)
            await self._lookup.keep(wanted, page)
        return response

    def process_exception(self, request: Request, exception: Exception) -> Response | None:
        wanted = self._fetches.pop(request, None)
        return self._stand_in(request, wanted) if wanted and isinstance(exception, self._passing) else None

    def stats_asked(self) -> None:
        cache = self._lookup.cache
        for name, count in (asdict(cache.stats) | {"errors": cache.server.errors}).items():
            self._crawler.stats.set_value(f"cache/{name}", count)

    async def spider_closed(self) -> None:
        await asyncio.gather(*self._releases)
        after, before = await self._evicted_keys(), self._evicted_before
        self._count("evictions", max(0, (after or 0) - (before or 0)) if before is not None else 0)
        self.stats_asked()
        await self._lookup.cache.close()

    @property
    def _downloader(self) -> Any:
        assert self._crawler.engine  # noqa: S101  # it asks this middleware
        return self._crawler.engine.downloader

    def _wanted(self, request: Request) -> Wanted | None:
        kind = None if is_private(request) else kind_of(request.url, request.meta)
        if kind is None:
            return None
        fingerprint = self._crawler.request_fingerprinter.fingerprint(request)
        row = request.cb_kwargs.get("row") if kind is Kind.STORE else None
        listed = row_version(row) if isinstance(row, dict) else b""
        return self._lookup.want(kind, fingerprint, listed=listed, refresh=bool(request.meta.get(CACHE_REFRESH)))

    def _hit(self, request: Request, wanted: Wanted, page: Page) -> Response:
        self._count("hits")
        if wanted.kind is not Kind.ROBOTS:  # of a site that answers nothing its rules may still be kept
            self._count("requests_saved")
            self._count("bytes_saved", len(page.body))
        return response_of(request, page)

    def _stand_in(self, request: Request, wanted: Wanted) -> Response | None:
        page = self._lookup.stand_in(wanted)
        self._count("stale", int(page is not None))
        return response_of(request, page) if page else None

    def _left(self, request: Request, wanted: Wanted | None) -> None:
        self._fetches.pop(request, None)
        self._free_place(request)
        if wanted and self._lookup.holds(wanted):
            release = asyncio.create_task(self._lookup.release(wanted))
            self._releases.add(release)
            release.add_done_callback(self._releases.discard)

    def _free_place(self, request: Request) -> None:
        if request in self._placed:
            self._placed.remove(request)
            self._places.release()

    async def _evicted_keys(self) -> int | None:
        try:
            return await self._lookup.cache.server.evicted_keys()
        except CacheAwayError:
            return None

    def _count(self, what: str, count: int = 1) -> None:
        self._crawler.stats.inc_value(f"cache/{what}", count)


def _cache(settings: BaseSettings) -> PageCache:
    return PageCache(
        CacheServer(settings["CACHE_REDIS_URL"]),
        f"{settings['REDIS_KEY_PREFIX']}:cache",
        max_bytes=settings.getint("CACHE_MAX_VALUE_BYTES"),
        lease_seconds=settings.getfloat("CACHE_LEASE_SECONDS"),
    )


def _policy(settings: BaseSettings) -> CachePolicy:
    return CachePolicy(
        list_seconds=settings.getfloat("CACHE_TTL_LIST_SECONDS"),
        store_seconds=settings.getfloat("CACHE_TTL_STORE_SECONDS"),
        robots_seconds=settings.getfloat("CACHE_TTL_ROBOTS_SECONDS"),
        permanent_seconds=settings.getfloat("CACHE_TTL_PERMANENT_SECONDS"),
        stale_if_error_seconds=settings.getfloat("CACHE_STALE_IF_ERROR_SECONDS"),
    )
