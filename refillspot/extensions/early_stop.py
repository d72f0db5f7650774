"""A crawl whose first store pages cannot be used stops there, instead of asking for all the others."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from refillspot.exceptions import LayoutChangedError
from refillspot.exit_status import UNREADABLE
from refillspot.policies.caching import CACHE_KIND, Kind
from refillspot.policies.circuit_breaker import API_FAILURE
from refillspot.signals import crawl_event, page_unread, request_failed, store_read
from refillspot.site_access import site_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.sites.site import Site

logger = logging.getLogger(__name__)


class EarlyStop:
    """Closes the spider when more than half of the first store pages of this process are in an unknown layout.

    What was leased goes back into the queue, the unread pages are kept, and the crawl can be resumed.
    Settings: EARLY_STOP_PAGES (0 = never), FALLBACK_ENABLED. Stats: early_stop/pages, early_stop/unread,
    early_stop/part (what most of them lack). Sends crawl_event "held".
    """

    def __init__(self, crawler: Crawler, site: Site, pages: int) -> None:
        self._crawler = crawler
        self._site = site
        self._pages = pages
        self._seen = 0
        self._errors: Counter[str] = Counter()
        self._held: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pages = crawler.settings.getint("EARLY_STOP_PAGES")
        if pages <= 0:
            raise NotConfigured  # EARLY_STOP_PAGES is 0: never
        extension = cls(crawler, site_of(crawler), pages)
        crawler.signals.connect(extension.store_read, signal=store_read)
        crawler.signals.connect(extension.page_unread, signal=page_unread)
        crawler.signals.connect(extension.request_failed, signal=request_failed)
        return extension

    def store_read(self) -> None:
        self._count(None)

    def page_unread(self, response: Response, error: str) -> None:
        if self._site.channel_of(response.url) == "web" or not self._crawler.settings.getbool("FALLBACK_ENABLED"):
            self._count(error)  # else the page for people is asked instead, and tells

    def request_failed(self, request: Request) -> None:
        layout, _, part = request.meta.get(API_FAILURE, "").partition(": ")
        if layout == LayoutChangedError.__name__ and request.meta.get(CACHE_KIND) == Kind.STORE:
            self._count(part)  # nor was there a page for people

    def _count(self, error: str | None) -> None:
        if self._seen >= self._pages:
            return
        self._seen += 1
        self._crawler.stats.set_value("early_stop/pages", self._seen)
        if error is None:
            return
        self._errors[error] += 1
        self._crawler.stats.set_value("early_stop/unread", self._errors.total())
        if 2 * self._errors.total() > self._pages:
            self._seen = self._pages
            self._held = asyncio.ensure_future(self._hold())

    async def _hold(self) -> None:
        (part, _count), *_others = self._errors.most_common(1)
        logger.error(
            "%d of the first %d store pages cannot be used (%s): this crawl stops, its queue and the pages are kept. "
            "`scrapy doctor --shapes FILE` writes what the site sends; docs/site-changed.md says what to do with it",
            self._errors.total(), self._pages, part,
        )  # fmt: skip
        self._crawler.stats.set_value("early_stop/part", part)
        facts = {"crawl": self._crawler.stats.get_value("crawl/id"), "part": part, "unread": self._errors.total()}
        await self._crawler.signals.send_catch_log_async(crawl_event, event="held", facts=facts)
        assert self._crawler.engine  # noqa: S101  # it has read pages
        await self._crawler.engine.close_spider_async(reason=UNREADABLE)
