"""The page cache, between the engine and everything that burdens the site."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.misc import load_object

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.signals import stats_asked
from refillspot.site_access import SiteAccess, site_of
from refillspot.site_access.cached_pages import is_private, validators_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector

    from refillspot.shared.page_lookup import WantedPage
    from refillspot.site_access.cached_pages import CachedPages
    from refillspot.sites.site import Site


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

    def __init__(self, crawler: Crawler, pages: CachedPages) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._pages = pages
        self._passing = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        self._places = _Places(lambda: self._downloader.total_concurrency or sys.maxsize)
        self._placed: set[Request] = set()
        self._fetches: dict[Request, WantedPage] = {}  # on their way to the site
        self._releases: set[asyncio.Task[None]] = set()
        self._evicted_before: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("CACHE_ENABLED"):
            raise NotConfigured  # CACHE_ENABLED is False
        pages = SiteAccess.of(crawler).pages
        if pages is None:
            raise NotConfigured("CACHE_REDIS_URL is not set.")
        if not hasattr(load_object(settings["DOWNLOADER"]), "set_aside"):
            raise ConfigurationError(
                _(
                    "the page cache needs DOWNLOADER = refillspot.downloader.StrictDownloader, which tells when "
                    "a request is sent: set it, or set CACHE_ENABLED to False"
                )
            )
        middleware = cls(crawler, pages)
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.stats_asked, signal=stats_asked)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def spider_opened(self) -> None:
        self._evicted_before = await self._pages.evicted_keys()
        if begun := await self._pages.begun():
            self._crawler.stats.set_value("cache/begun", begun.isoformat())

    async def process_request(self, request: Request) -> Response | None:
        wanted = self._pages.wanted(request)
        if wanted and (kept := await self._pages.find(request, wanted)):
            return kept
        self._downloader.set_aside(request, partial(self._left, request, wanted))
        if wanted and (fetched := await self._pages.wait(request, wanted)):
            return fetched
        await self._places.acquire()
        self._placed.add(request)
        if wanted:
            self._fetches[request] = wanted
            request.headers.update(validators_of(wanted.known))
            self._pages.count("refreshes" if wanted.is_refresh else "misses")
        return None

    async def process_response(self, request: Request, response: Response) -> Response:
        self._free_place(request)  # it need not wait until the page is kept
        wanted = self._fetches.pop(request, None)
        if wanted is None or is_private(request):
            return response
        return await self._pages.keep(request, wanted, response)

    def process_exception(self, request: Request, exception: Exception) -> Response | None:
        wanted = self._fetches.pop(request, None)
        return self._pages.stand_in(request, wanted) if wanted and isinstance(exception, self._passing) else None

    def stats_asked(self) -> None:
        self._pages.publish()

    async def spider_closed(self) -> None:
        await asyncio.gather(*self._releases)
        after, before = await self._pages.evicted_keys(), self._evicted_before
        self._pages.count("evictions", max(0, (after or 0) - (before or 0)) if before is not None else 0)
        self.stats_asked()

    @property
    def _downloader(self) -> Any:
        assert self._crawler.engine  # noqa: S101  # it asks this middleware
        return self._crawler.engine.downloader

    def _left(self, request: Request, wanted: WantedPage | None) -> None:
        self._fetches.pop(request, None)
        self._free_place(request)
        if wanted and self._pages.holds(wanted):
            release = asyncio.create_task(self._pages.release(wanted))
            self._releases.add(release)
            release.add_done_callback(self._releases.discard)

    def _free_place(self, request: Request) -> None:
        if request in self._placed:
            self._placed.remove(request)
            self._places.release()


class AllowedPartsMiddleware:
    """Takes out of each answer what is not read of it: reviews, blog posts, visitors' names.

    Before the page cache, the spider and all that keep pages, logs and dead letters, behind those that judge how the
    site is. Stats: pages/bytes_sent, pages/bytes_kept (bodies, unpacked).
    """

    def __init__(self, site: Site, stats: StatsCollector) -> None:
        self._site = site
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(site_of(crawler), crawler.stats)

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002  # Scrapy's signature
        if "cached" in response.flags:  # it came from here before
            return response
        body = self._site.kept_page(response.url, response.status, response.body)
        if body is response.body:
            return response
        self._stats.inc_value("pages/bytes_sent", len(response.body))
        self._stats.inc_value("pages/bytes_kept", len(body))
        return response.replace(body=body)


class _Places:
    """A semaphore that asks for its limit each time. First come, first served; a larger limit is seen at a release."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self) -> None:
        if self._taken < self._limit() and not self._waiting:
            self._taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        self._taken -= 1
        while self._waiting and self._taken < self._limit():
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)
