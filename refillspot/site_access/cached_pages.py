"""The page cache in Scrapy's words: asked with requests, answered with responses."""

from __future__ import annotations

from dataclasses import asdict
from math import ceil
from typing import TYPE_CHECKING

import msgspec
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes

from refillspot.clock import Clock
from refillspot.policies.caching import CACHE_REFRESH, Cacheability, CachePolicy, Kind, kind_of
from refillspot.shared.cache_server import CacheAwayError, CacheServer
from refillspot.shared.keys import cache_prefix
from refillspot.shared.page_cache import Page, PageCache
from refillspot.shared.page_lookup import PageLookup

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from refillspot.shared.page_lookup import WantedPage
    from refillspot.sites.site import Site

METHODS = {"GET", "POST"}  # the API is asked by POST, and changes nothing
CREDENTIALS = ("Authorization", "Cookie")
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
AGE = "Age"
KEPT_HEADERS = ("Content-Type", *VALIDATORS)  # no cookie of one visitor for all others


class CachedPages:
    """The pages that all workers keep together.

    Settings: CACHE_…, CACHE_REDIS_URL, REDIS_KEY_PREFIX, CLOCK_OFFSET_SECONDS. Stats: those of RedisCacheMiddleware.
    """

    def __init__(self, crawler: Crawler, site: Site, lookup: PageLookup) -> None:
        self._crawler = crawler
        self._site = site
        self._lookup = lookup

    @classmethod
    def from_crawler(cls, crawler: Crawler, site: Site) -> Self:
        settings = crawler.settings
        return cls(crawler, site, PageLookup(_cache(settings), _policy(settings), Clock.of(settings)))

    def wanted(self, request: Request) -> WantedPage | None:
        """Return which page a request asks for; None if it is none that may be kept."""
        kind = None if is_private(request) else kind_of(request.url, request.meta)
        if kind is None:
            return None
        fingerprint = self._crawler.request_fingerprinter.fingerprint(request)
        row = request.cb_kwargs.get("row") if kind is Kind.STORE else None
        listed = self._site.row_version(row) if isinstance(row, dict) else b""
        return self._lookup.want(kind, fingerprint, listed=listed, refresh=bool(request.meta.get(CACHE_REFRESH)))

    async def kept(self, request: Request) -> Response | None:
        """Return what is kept for a request, fresh; None where the site would have to be asked."""
        wanted = self.wanted(request)
        return await self.find(request, wanted) if wanted else None

    async def find(self, request: Request, wanted: WantedPage) -> Response | None:
        page = await self._lookup.find(wanted)
        return self._hit(request, wanted, page) if page else None

    async def wait(self, request: Request, wanted: WantedPage) -> Response | None:
        """Return None when it falls to the caller to ask the site; or what another worker has fetched meanwhile."""
        page = await self._lookup.wait(wanted)
        if wanted.has_waited:
            self.count("waits")
        return self._hit(request, wanted, page) if page else None

    async def keep(self, request: Request, wanted: WantedPage, response: Response) -> Response:
        """Keep what the site said, if it is worth it; return it, or the page that holds in its place."""
        now = self._lookup.clock.now()
        if response.status == 304 and wanted.known:
            page = msgspec.structs.replace(wanted.known, fetched_at=now, listed=wanted.listed)
            await self._lookup.keep(wanted, page)
            self.count("revalidated")
            self.count("bytes_saved", len(page.body))
            return response_of(request, page, now)
        cacheability = self._site.cacheability(wanted.kind, request.url, response.status, response.body)
        if cacheability is Cacheability.PASSING:
            return self.stand_in(request, wanted) or response
        if cacheability is not Cacheability.UNKNOWN:
            permanent = cacheability is Cacheability.PERMANENT
            page = page_of(response, wanted.kind, now, permanent=permanent, listed=wanted.listed)
            await self._lookup.keep(wanted, page)
        return response

    def stand_in(self, request: Request, wanted: WantedPage) -> Response | None:
        """Return what is kept, if it may be given in place of an error."""
        page = self._lookup.stand_in(wanted)
        self.count("stale", int(page is not None))
        return response_of(request, page, self._lookup.clock.now()) if page else None

    def holds(self, wanted: WantedPage) -> bool:
        """Tell whether there is a lease to be given back."""
        return self._lookup.holds(wanted)

    async def release(self, wanted: WantedPage) -> None:
        await self._lookup.release(wanted)

    async def begun(self) -> datetime | None:
        """Return since when the cache is filled; None if that cannot be known."""
        return await self._lookup.cache.begun(self._lookup.clock.now())

    async def evicted_keys(self) -> int | None:
        try:
            return await self._lookup.cache.server.evicted_keys()
        except CacheAwayError:
            return None

    def publish(self) -> None:
        """Put into the stats what the cache counts for itself."""
        cache = self._lookup.cache
        for name, count in (asdict(cache.stats) | {"errors": cache.server.errors}).items():
            self._crawler.stats.set_value(f"cache/{name}", count)

    def count(self, what: str, count: int = 1) -> None:
        self._crawler.stats.inc_value(f"cache/{what}", count)

    async def close(self) -> None:
        await self._lookup.cache.close()

    def _hit(self, request: Request, wanted: WantedPage, page: Page) -> Response:
        self.count("hits")
        if wanted.kind is not Kind.ROBOTS:  # of a site that answers nothing its rules may still be kept
            self.count("requests_saved")
            self.count("bytes_saved", len(page.body))
        return response_of(request, page, self._lookup.clock.now())


def is_private(request: Request) -> bool:
    """Whether the answer may be meant for one visitor, or must not be kept for another reason."""
    return (
        request.method not in METHODS
        or bool(request.cookies)
        or any(name in request.headers for name in CREDENTIALS)
        or bool(request.meta.get("dont_cache"))
    )


def page_of(response: Response, kind: Kind, fetched_at: datetime, *, permanent: bool, listed: bytes = b"") -> Page:
    values = {name: response.headers.get(name) for name in KEPT_HEADERS}
    return Page(
        kind=kind,
        status=response.status,
        headers={name: value.decode("latin-1") for name, value in values.items() if value is not None},
        body=response.body,
        fetched_at=fetched_at,
        permanent=permanent,
        listed=listed,
    )


def response_of(request: Request, page: Page, now: datetime) -> Response:
    """Return a page as Scrapy would have it from the site, with the flag "cached" and the header Age of RFC 9111."""
    age = max(0, ceil((now - page.fetched_at).total_seconds()))
    headers = Headers({**page.headers, AGE: str(age)})
    shape = responsetypes.from_args(headers=headers, url=request.url, body=page.body)
    return shape(request.url, status=page.status, headers=headers, body=page.body, flags=["cached"])


def age_of(response: Response) -> float:
    """Return for how many seconds a page has been kept; 0 if it comes from the site."""
    return float(response.headers.get(AGE) or 0) if "cached" in response.flags else 0.0


def validators_of(page: Page | None) -> dict[str, str]:
    """Return the headers that ask the site whether a page is still what it was."""
    if page is None or page.permanent:
        return {}
    return {asked: page.headers[name] for name, asked in VALIDATORS.items() if name in page.headers}


def _cache(settings: BaseSettings) -> PageCache:
    return PageCache(
        CacheServer(settings["CACHE_REDIS_URL"], settings.getfloat("CACHE_ANSWER_SECONDS")),
        cache_prefix(settings["REDIS_KEY_PREFIX"]),
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
