"""Components that say everything they know, as errors and careless lines do. Loaded by test_secrets.py."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, NoReturn

from scrapy import signals

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)
NAMES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL", "NOTIFY_URL")


def everything(settings: BaseSettings) -> str:
    return ", ".join(f"{name} {settings[name]}" for name in NAMES)


class Blabber:
    """Into the log, the stats, warnings and tracebacks."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._all = everything(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.response_received, signal=signals.response_received)
        return extension

    def spider_opened(self) -> None:
        logger.warning("opened with %s", self._all)
        logger.info(self._crawler.settings.copy_to_dict())
        warnings.warn(self._all, stacklevel=1)
        self._crawler.stats.set_value("blabber/all", self._all)
        self._crawler.stats.inc_value(f"blabber/{self._all}")

    def response_received(self) -> NoReturn:
        raise RuntimeError(self._all)


class BlabbingPipeline:
    """Refuses every store, with all it knows: each becomes a dead letter."""

    def __init__(self, settings: BaseSettings) -> None:
        self._all = everything(settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings)

    def process_item(self, item: object) -> object:
        raise RuntimeError(f"{self._all} and {item}")
