"""Scrapy's downloader with its limit per domain really kept, and with room for requests that wait for their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.exceptions import DownloadFailedError

from refillspot.engine import ReservingDownloader, wake

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred


STATUSES = range(100, 600)  # what HTTP has; anything else is as good as a 5xx (RFC 9110), or as no answer


class HttpHandlers(DownloadHandlers):
    """Scrapy's own, but an answer has a status that HTTP has: each one becomes the name of several stats."""

    async def download_request_async(self, request: Request) -> Response:
        response = await super().download_request_async(request)
        if response.status not in STATUSES:
            raise DownloadFailedError(f"the status {str(response.status)[:30]} is none of HTTP")
        return response


class StrictDownloader(ReservingDownloader):
    """Keeps the limit, but not for those who wait.

    Scrapy counts a request that waits inside a middleware as under way. One that was set aside is not counted, so that
    what the page cache can answer is not held back by what it cannot. Who sets aside sees to the limit.

    Settings: CONCURRENT_REQUESTS, CONCURRENT_REQUESTS_PER_DOMAIN, CACHE_MAX_WAITING_MISSES.

    Raises:
        IncompatibleEngineError: see `refillspot.engine.check`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.handlers = HttpHandlers(crawler)
        self._set_aside: dict[Request, Callable[[], None]] = {}
        self._max_waiting_misses = self.settings.getint("CACHE_MAX_WAITING_MISSES")

    def set_concurrency(self, level: int) -> None:
        """Let so many requests be under way at once from now on, in all and for each domain."""
        self.total_concurrency = self.domain_concurrency = level
        for slot in self.slots.values():
            slot.concurrency = level
        wake(self.crawler)

    @property
    def at_the_site(self) -> int:
        """How many requests have been sent and not been answered."""
        return sum(len(slot.transferring) for slot in self.slots.values())

    def set_aside(self, request: Request, left: Callable[[], None]) -> None:
        """Do not count a request that is in the middlewares; call `left` when it leaves them, in whichever way."""
        self._set_aside[request] = left
        wake(self.crawler)

    def needs_backout(self) -> bool:
        if self.total_concurrency <= 0:  # no limit
            return False
        counted = len(self.active) - len(self._set_aside)
        return (
            counted >= self.total_concurrency
            or len(self._set_aside) >= self.total_concurrency + self._max_waiting_misses
        )

    def fetch(self, request: Request, spider: Spider | None = None) -> Deferred[Response | Request]:  # noqa: ARG002  # Scrapy's signature
        return super().fetch(request).addBoth(self._leave, request)

    def _leave(self, result: Any, request: Request) -> Any:
        if left := self._set_aside.pop(request, None):
            left()
        return result
