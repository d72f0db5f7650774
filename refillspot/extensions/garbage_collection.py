"""Python's collector of cycles, less often: it walked all that lives after every 700 new objects."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

GENERATIONS = (10, 10)  # collections of a generation before the next one is collected; Python's own


class GarbageCollection:
    """What is there when the spider opens (modules, settings, tables) is not walked again; the rest less often.

    Most of what a request leaves behind is freed by its last reference; cycles wait for the collector a little longer.
    Settings: GC_THRESHOLD_OBJECTS.
    """

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._before = gc.get_threshold()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        threshold = crawler.settings.getint("GC_THRESHOLD_OBJECTS")
        if threshold <= 0:
            raise NotConfigured  # GC_THRESHOLD_OBJECTS is 0: as Python does it
        extension = cls(threshold)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(self._threshold, *GENERATIONS)

    def spider_closed(self) -> None:
        gc.set_threshold(*self._before)
        gc.unfreeze()
