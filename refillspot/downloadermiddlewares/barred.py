"""Stores that somebody has hidden or forgotten: nobody is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.exceptions import BarredStoreError
from refillspot.site_access import SiteAccess

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class BarredMiddleware:
    """Ends a request for such a store: it is done, and neither cache nor site hears of it.

    Also one that was queued before. Stats: correct/not_asked.
    """

    def __init__(self, access: SiteAccess, stats: StatsCollector) -> None:
        self._access = access
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(SiteAccess.of(crawler), crawler.stats)

    def process_request(self, request: Request) -> None:
        """Raises BarredStoreError."""
        if not self._access.barred:
            return
        site = self._access.site
        if (ref := site.ref_asked(request.url, request.body)) and (site.name, ref) in self._access.barred:
            self._stats.inc_value("correct/not_asked")
            raise BarredStoreError(f"{site.name} {ref} is hidden or forgotten")
