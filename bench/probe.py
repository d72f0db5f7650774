"""Extensions that a benchmark loads into the worker; what they saw is written as JSON to BENCH_PROBE_FILE."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING

import msgspec
from scrapy import signals

from refillspot.items import Store

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

TICK_SECONDS = 0.01


class Probe:
    """When answers came and stores were committed, and the longest gap of a 10 ms ticker in between.

    A pace within a run is judged by answers: hundreds of stores are committed in one moment.

    Settings: BENCH_PROBE_FILE, in which PID is the process' number.
    """

    def __init__(self, file: Path, stats: StatsCollector) -> None:
        self._file = file
        self._stats = stats
        self._items = 0
        self._opened = self._last_item = self._cpu = 0.0
        self._answered: list[float] = []
        self._gaps: list[float] = []
        self._ticker: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        file = crawler.settings["BENCH_PROBE_FILE"].replace("PID", str(os.getpid()))
        probe = cls(Path(file), crawler.stats)
        for signal in (signals.spider_opened, signals.response_received, signals.item_scraped, signals.spider_closed):
            crawler.signals.connect(getattr(probe, _name(signal)), signal=signal)
        return probe

    def spider_opened(self) -> None:
        self._opened, self._cpu = monotonic(), process_time()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())

    def response_received(self) -> None:
        self._answered.append(monotonic())

    def item_scraped(self, item: object) -> None:
        if not isinstance(item, Store):
            return
        self._items += 1
        self._last_item = monotonic()

    def spider_closed(self) -> None:
        if self._ticker:
            self._ticker.cancel()
        now = monotonic()
        seconds = self._last_item - self._opened
        gaps = sorted(self._gaps)
        figures = {
            "stores/s": self._items / seconds,
            "answers/s, second half": self._pace_of_second_half(),
            "stores": self._items,
            "stores/commit": self._items / self._stats.get_value("postgres/flushes", self._items),
            "end s": now - self._last_item,
            "cpu ms/store": 1000 * (process_time() - self._cpu) / self._items,
            "rss MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "median gap ms": 1000 * gaps[len(gaps) // 2],
            "longest gap ms": 1000 * gaps[-1],
        }
        if level := self._stats.get_value("concurrency/level"):
            figures["requests at once"] = level
        self._file.write_bytes(msgspec.json.encode(figures))

    def _pace_of_second_half(self) -> float:
        half = self._answered[len(self._answered) // 2 :]
        return (len(half) - 1) / (half[-1] - half[0])

    async def _tick(self) -> None:
        last = monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = monotonic()
            self._gaps.append(now - last)
            last = now


def _name(signal: object) -> str:
    return next(name for name, value in vars(signals).items() if value is signal)
