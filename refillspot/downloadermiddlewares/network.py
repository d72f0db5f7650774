"""This machine's own network, told apart from the site: where no host of it can be reached, all requests wait."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Factory, Protocol

from refillspot.downloadermiddlewares.politeness import SENT
from refillspot.downloadermiddlewares.requeue import requeue
from refillspot.engine import is_ending
from refillspot.exit_status import AWAY, UNREACHABLE
from refillspot.site_hosts import PORTS, SiteHosts, host_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

NO_WAY = (CannotResolveHostError, DownloadConnectionRefusedError, ConnectError, TunnelError)  # nobody was spoken to
LOST = (*NO_WAY, DownloadTimeoutError, DownloadFailedError)  # what these mean while nothing can be reached
PROXY_WANTS_A_NAME = 407  # of a proxy alone
TRY_SECONDS = 2.0  # between two requests that try
POLL_SECONDS = 0.2
SILENT_SECONDS, CONNECT_SECONDS = 15.0, 5.0  # without an answer; then whether there is a connection at all
KNOWN_SECONDS = 10.0  # for so long it is not asked again whether the other host can be reached
REMINDER_SECONDS = 60.0  # a silent minute says what is waited for


class NetworkMiddleware:
    """Nearest to the network: what never reached the site is no sign of how it is, and goes back into the queue.

    No name, no connection, a proxy that lets nobody through, for both hosts alike: then all wait, and one request
    tries now and then. One host alone that is away is the site's trouble, and left to the others.

    Settings: SITE_ADDRESSES, SITE_AWAY_START_SECONDS (of a crawl that has had no answer yet),
    SITE_AWAY_MAX_SECONDS. Stats: network/outages, host and why (of the last one).
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._site = SiteHosts.of(settings)
        self._at_first = settings.getfloat("SITE_AWAY_START_SECONDS")
        self._later = settings.getfloat("SITE_AWAY_MAX_SECONDS")
        self._away_since: float | None = None
        self._next_try = 0.0
        self._has_answered = False
        self._proxy = ""
        self._under_way = 0
        self._silent_since: float | None = None
        self._checked: tuple[float, bool] = (float("-inf"), False)
        self._watch: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    def spider_opened(self) -> None:
        self._watch = asyncio.create_task(self._watch_silence(), name="network")

    def spider_closed(self) -> None:
        if self._watch:
            self._watch.cancel()

    async def process_request(self, request: Request) -> Request | None:
        if not self._site.has(request.url):
            return None
        has_waited = False
        while self._away_since is not None and not self._may_try():
            if is_ending(self._crawler):
                return requeue(request)
            has_waited = True
            await asyncio.sleep(POLL_SECONDS)
        if has_waited and self._away_since is None and request.callback is not NO_CALLBACK:
            return requeue(request)  # its turn is long over
        self._proxy = request.meta.get("proxy") or ""
        self._under_way += 1
        self._silent_since = self._silent_since or _now()
        return None

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if not self._site.has(request.url):
            return response
        self._came_back()
        if response.status == PROXY_WANTS_A_NAME:
            self._begin(f"HTTP {response.status}")
            return self._again(request)
        self._has_answered = True
        if self._away_since is not None:
            logger.warning("%s can be reached again after %.0f s", self._who, _now() - self._away_since)
            self._away_since = None
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not self._site.has(request.url):
            return None
        self._came_back()
        if self._away_since is None:
            if not isinstance(exception, NO_WAY) or await self._is_another_reachable(request):
                return None
            self._begin(f"{type(exception).__name__}: {exception}")
        return self._again(request) if isinstance(exception, LOST) else None

    @property
    def _who(self) -> str:
        """The host that cannot be reached, for people."""
        return f"the proxy {host_of(self._proxy)}" if self._proxy else " and ".join(self._site.hosts)

    def _may_try(self) -> bool:
        if _now() < self._next_try:
            return False
        self._next_try = _now() + TRY_SECONDS
        return True

    def _came_back(self) -> None:
        self._under_way -= 1
        self._silent_since = _now() if self._under_way > 0 else None

    def _again(self, request: Request) -> Request:
        request.meta.pop(SENT, None)
        return request.replace(dont_filter=True) if request.callback is NO_CALLBACK else requeue(request)

    def _begin(self, why: str) -> None:
        if self._away_since is not None:
            return
        self._away_since = _now()
        self._next_try = self._away_since + TRY_SECONDS
        stats = self._crawler.stats
        stats.inc_value("network/outages")
        stats.set_value("network/host", self._who)
        stats.set_value("network/why", why)
        logger.error(
            "%s cannot be reached from this machine (%s): nothing is held against the site, and the queue is kept. "
            "Look at the network of this machine, and at its proxy if it has one: scrapy doctor",
            self._who, why,
        )  # fmt: skip
        self._ending = asyncio.create_task(self._end_in_time(self._away_since))

    async def _end_in_time(self, since: float) -> None:
        patience = self._later if self._has_answered else self._at_first
        reminder = since + REMINDER_SECONDS
        while _now() < since + patience:
            await asyncio.sleep(min(POLL_SECONDS, patience))
            if self._away_since != since or is_ending(self._crawler):
                return
            if _now() >= reminder:
                reminder += REMINDER_SECONDS
                logger.warning("still waiting for %s, for another %.0f s", self._who, since + patience - _now())
        assert self._crawler.engine  # noqa: S101  # it has asked this middleware
        await self._crawler.engine.close_spider_async(reason=AWAY if self._has_answered else UNREACHABLE)

    async def _is_another_reachable(self, request: Request) -> bool:
        others = [url for url in self._site.urls if host_of(url) != host_of(request.url)]
        if self._proxy or not others:
            return False
        asked_at, is_there = self._checked
        if _now() - asked_at > KNOWN_SECONDS:
            is_there = await _accepts(others[0])
            self._checked = (_now(), is_there)
        return is_there

    async def _watch_silence(self) -> None:
        """Notice a network that swallows everything: nothing fails there until DOWNLOAD_TIMEOUT has passed."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._away_since is not None or not self._silent_since or _now() < self._silent_since + SILENT_SECONDS:
                continue
            self._silent_since = _now()
            urls = [self._proxy] if self._proxy else self._site.urls
            if not any([await _accepts(url) for url in urls]):
                self._begin(f"no connection within {CONNECT_SECONDS:.0f} s")


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _accepts(url: str) -> bool:
    """Tell whether somebody accepts a connection there; nothing is asked."""
    from twisted.internet import reactor  # noqa: PLC0415  # there is none before Scrapy has installed it

    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme, 80)
    endpoint = HostnameEndpoint(reactor, parts.hostname or "", port, timeout=CONNECT_SECONDS)
    factory: Any = Factory.forProtocol(Protocol)
    with suppress(Exception):  # whatever it is, there is no connection
        connection = await maybe_deferred_to_future(endpoint.connect(factory))
        connection.transport.loseConnection()
        return True
    return False
