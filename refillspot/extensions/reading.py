"""How much of what the site sent, and of what stores say of themselves, could be read."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from scrapy import signals

from refillspot.items import Store
from refillspot.parsing.category import find_cuisines
from refillspot.parsing.price import parse_prices
from refillspot.signals import list_read, store_read
from refillspot.site_access import site_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from refillspot.items import MenuItem
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


def count_left_as_text(store: Store) -> Counter[str]:
    """Return how often each kind of thing was left as text, nothing where all was read.

    hours_unread: a text that gave no day. hours_partly: one with parts that were not understood (`OpeningHours.notes`).
    prices_unread: menu lines with a number that is no price. outliers: menu lines whose price is no meal's.
    dongs_unread: an address without a dong. dongs_elsewhere: the point lies in another one than the address.
    categories_unknown: categories outside the vocabulary, see `unknown_categories`.
    """
    return +Counter(
        hours_unread=int(bool(store.hours_text) and store.hours is None),
        hours_partly=int(store.hours is not None and bool(store.hours.notes)),
        prices_unread=sum(map(_is_unread, store.menu or ())),
        outliers=sum(item.outlier for item in store.menu or ()),
        dongs_unread=int(bool(store.addr or store.road_addr) and store.dong is None),
        dongs_elsewhere=int(store.dong_confirmed is False),
        categories_unknown=len(unknown_categories(store)),
    )


def unknown_categories(store: Store) -> list[str]:
    """Return the categories of a store that no word of the vocabulary explains."""
    return find_cuisines(store.categories or ()).unknown


def _is_unread(item: MenuItem) -> bool:
    text = item.price_text if item.price_krw is None else None
    return bool(text) and any(map(str.isdigit, text or "")) and not parse_prices(text or "")
