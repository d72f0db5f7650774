"""What this process uses: memory, processor time, and how late its event loop is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psutil
from scrapy import signals

from refillspot.process import lateness, own_mib, resident_mib

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

TICK_SECONDS = 0.25  # between looks at the event loop's lateness
LOOK_TICKS = 20  # between looks at the rest


class ProcessUse:
    """A loop that is late does something long, or the machine is too busy: everything of this worker waits for it.

    Stats: memory/last_mb and memory/max_mb (resident), memory/uss_mb and memory/uss_max_mb (its own, shared pages
    left out), in MiB; cpu/seconds; of the last five seconds cpu/percent (of one core) and loop/lag_seconds (the
    longest); loop/lag_max_seconds.
    """

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats
        self._process = psutil.Process()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler.stats)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        self._process.cpu_percent()  # counts from its first call on
        self._task = asyncio.create_task(self._run(), name="process use")

    def spider_closed(self) -> None:
        if self._task:
            self._task.cancel()
        self._look_at_processor()

    async def _run(self) -> None:
        while True:
            await self._look_at_memory()
            lag = 0.0
            for _ in range(LOOK_TICKS):
                lag = max(lag, await lateness(TICK_SECONDS))
            self._stats.set_value("loop/lag_seconds", round(lag, 4))
            self._stats.max_value("loop/lag_max_seconds", round(lag, 4))
            self._stats.set_value("cpu/percent", self._process.cpu_percent())
            self._look_at_processor()

    def _look_at_processor(self) -> None:
        times = self._process.cpu_times()
        self._stats.set_value("cpu/seconds", round(times.user + times.system, 2))

    async def _look_at_memory(self) -> None:
        note_resident(self._stats, self._process)
        own = round(await asyncio.to_thread(own_mib, self._process), 1)
        self._stats.set_value("memory/uss_mb", own)
        self._stats.max_value("memory/uss_max_mb", own)


def note_resident(stats: StatsCollector, process: psutil.Process) -> float:
    """Put into the stats how much memory the process has; return that in MiB."""
    use = resident_mib(process)
    stats.set_value("memory/last_mb", round(use, 1))
    stats.max_value("memory/max_mb", round(use, 1))
    return use
