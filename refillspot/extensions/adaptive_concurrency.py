"""Lets a worker have as many requests under way as bring more answers, and no more."""

from __future__ import annotations

import asyncio
import logging
from statistics import mean, median
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.policies.concurrency import ConcurrencyControl, Window
from refillspot.process import lateness, resident_mib
from refillspot.signals import concurrency_changed

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
LEAST_SECONDS, LEAST_ANSWERS = 3.0, 30  # of a window
LONGEST_SECONDS = 30.0


class _Look(NamedTuple):
    is_full: bool
    lag: float


class AdaptiveConcurrency:
    """Begins with CONCURRENCY_START and never goes beyond CONCURRENT_REQUESTS and CONCURRENT_REQUESTS_PER_DOMAIN.

    Settings: CONCURRENCY_ADAPTIVE_ENABLED, CONCURRENCY_START, WORKER_MAX_MEMORY_MB.
    Stats: concurrency/level, concurrency/changes.

    Raises:
        ConfigurationError: the downloader is not the one whose limits can be changed.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        most = min(settings.getint("CONCURRENT_REQUESTS"), settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))
        self._crawler = crawler
        self._control = ConcurrencyControl(settings.getint("CONCURRENCY_START"), most)
        self._limit_mb = settings.getfloat("WORKER_MAX_MEMORY_MB")
        self._process = psutil.Process()
        self._answers = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("CONCURRENCY_ADAPTIVE_ENABLED"):
            raise NotConfigured  # CONCURRENCY_ADAPTIVE_ENABLED is False
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.answered, signal=signals.response_received)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        if not hasattr(self._downloader, "set_concurrency"):
            raise ConfigurationError(
                _(
                    "CONCURRENCY_ADAPTIVE_ENABLED needs DOWNLOADER = refillspot.downloader.StrictDownloader: set it, "
                    "or set CONCURRENCY_ADAPTIVE_ENABLED to False"
                )
            )
        self._set(self._control.level)
        self._task = asyncio.create_task(self._run(), name="adaptive concurrency")

    def answered(self) -> None:
        self._answers += 1

    def spider_closed(self) -> None:
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        await self._window()  # a crawl begins with few requests to choose from
        while True:
            if step := self._control.step(await self._window()):
                logger.info("%d requests at once: %s", step.level, step.reason)
                self._crawler.stats.inc_value("concurrency/changes")
                self._set(step.level)
                await asyncio.sleep(LEAST_SECONDS / 2)  # what it was before is under way yet

    async def _window(self) -> Window:
        began, self._answers = monotonic(), 0
        self._process.cpu_percent()
        looks = []
        while True:
            late = await lateness(TICK_SECONDS)
            looks.append(_Look(self._downloader.at_the_site >= self._control.level, late))
            seconds = monotonic() - began
            if (seconds >= LEAST_SECONDS and self._answers >= LEAST_ANSWERS) or seconds >= LONGEST_SECONDS:
                break
        return Window(
            answers_per_second=self._answers / seconds,
            full=mean(look.is_full for look in looks),
            cpu=self._process.cpu_percent() / 100,
            memory=resident_mib(self._process) / self._limit_mb if self._limit_mb else 0.0,
            lag=median(look.lag for look in looks),
        )

    def _set(self, level: int) -> None:
        self._downloader.set_concurrency(level)
        self._crawler.stats.set_value("concurrency/level", level)
        self._crawler.signals.send_catch_log(concurrency_changed, level=level)

    @property
    def _downloader(self) -> Any:
        assert self._crawler.engine  # noqa: S101  # it has opened the spider
        return self._crawler.engine.downloader
