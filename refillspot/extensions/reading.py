"""How much of what stores say of themselves could be read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy import signals

from refillspot.diningcode.left_as_text import count_left_as_text, unknown_categories
from refillspot.items import Store

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)


class Reading:
    """Counts what the parsers left as text, once a store is stored; says each unknown category once.

    Stats: parsing/stores, parsing/<kind>, the kinds of `count_left_as_text`.
    """

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats
        self._unknown: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler.stats)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

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
