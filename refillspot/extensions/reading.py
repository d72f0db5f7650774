"""How much of what the site sent, and of what stores say of themselves, could be read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy import signals

from refillspot.items import Store
from refillspot.parsing.left_as_text import count_left_as_text, unknown_categories
from refillspot.signals import list_read, store_read
from refillspot.site_access import site_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from refillspot.sites.site import ListPage, Site, SitePage

logger = logging.getLogger(__name__)


class Reading:
    """Counts the parts of answers that were not as known, and what the parsers left as text once a store is stored.

    Says each odd part once, by the type that came, and each unknown category.
    Stats: reading/lists, reading/rows, reading/store_pages; oddities/<path>/<came>/<due> (rows, or pages, that have
    it); absent/<path> (pages without a part that stores usually have); parsing/stores, and of what `count_left_as_text`
    names hours_unread, hours_partly, prices_unread, outliers, dongs_unread, dongs_elsewhere, categories_unknown.
    """

    def __init__(self, site: Site, stats: StatsCollector) -> None:
        self._site = site
        self._stats = stats
        self._unknown: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(site_of(crawler), crawler.stats)
        crawler.signals.connect(extension.list_read, signal=list_read)
        crawler.signals.connect(extension.store_read, signal=store_read)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

    def list_read(self, page: ListPage) -> None:
        self._stats.inc_value("reading/lists")
        self._stats.inc_value("reading/rows", page.sent)
        self._count_parts(page)

    def store_read(self, page: SitePage) -> None:
        self._stats.inc_value("reading/store_pages")
        self._count_parts(page)

    def item_scraped(self, item: object) -> None:
        if not isinstance(item, Store):
            return
        self._stats.inc_value("parsing/stores")
        for kind, count in count_left_as_text(item).items():
            self._stats.inc_value(f"parsing/{kind}", count)
        for category in unknown_categories(item):
            if category not in self._unknown:
                self._unknown.add(category)
                logger.info("the category %r of %s is in no vocabulary", category, item.ref)

    def _count_parts(self, page: SitePage) -> None:
        for part in self._site.absent_parts(page):
            self._stats.inc_value(f"absent/{part}")
        for odd in page.oddities:
            name = f"oddities/{odd.path}/{odd.came}/{odd.due}"
            if self._stats.get_value(name) is None:
                logger.warning("%s: %s where %s was due; it is left out, and counted", *odd)
            self._stats.inc_value(name)
