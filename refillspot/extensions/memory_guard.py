"""A worker that has grown too large ends, and can be started again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import psutil
from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.extensions.process_use import note_resident

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

RECYCLE = "memory_limit"
"""The reason with which the spider is closed."""


class MemoryGuard:
    """Closes the spider when its process uses more memory than its share; what it leased goes back into the queue.

    Unlike Scrapy's own, it looks at the present use instead of the peak, and works on Windows.
    Settings: WORKER_MAX_MEMORY_MB (0 = no limit), MEMORY_CHECK_SECONDS. Stats: memory/last_mb, memory/max_mb,
    memory/limit_mb.
    """

    def __init__(self, crawler: Crawler, limit_mb: float, interval: float) -> None:
        self._crawler = crawler
        self._limit_mb = limit_mb
        self._interval = interval
        self._process = psutil.Process()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        limit_mb = crawler.settings.getfloat("WORKER_MAX_MEMORY_MB")
        if limit_mb <= 0:
            raise NotConfigured  # WORKER_MAX_MEMORY_MB is 0: no limit
        extension = cls(crawler, limit_mb, crawler.settings.getfloat("MEMORY_CHECK_SECONDS"))
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        self._crawler.stats.set_value("memory/limit_mb", self._limit_mb)
        self._task = asyncio.create_task(self._watch(), name="memory guard")

    def spider_closed(self) -> None:
        if self._task:
            self._task.cancel()

    async def _watch(self) -> None:
        while note_resident(self._crawler.stats, self._process) <= self._limit_mb:  # noqa: ASYNC110  # nobody tells when memory grows
            await asyncio.sleep(self._interval)
        logger.warning("this worker uses more than its %.0f MiB: it ends, and another can go on", self._limit_mb)
        assert self._crawler.engine  # noqa: S101  # it has opened the spider
        await asyncio.shield(asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=RECYCLE)))
