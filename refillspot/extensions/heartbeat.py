"""Tells how this worker is: its stats into Redis every few seconds, and into PostgreSQL for good."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.clock import Clock
from refillspot.exceptions import ServiceUnavailableError
from refillspot.policies.circuit_breaker import CircuitBreaker
from refillspot.postgres.worker_stats import save
from refillspot.shared.heartbeats import Heartbeats
from refillspot.shared.keys import crawl_prefix
from refillspot.signals import stats_asked
from refillspot.stats.worker_stats import WorkerStats, plain_stats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

SAVE_SECONDS = 30.0  # between rows in PostgreSQL; a worker that is killed loses so much of its counts
PATIENCE_SECONDS = 3.0  # for one attempt: three of them, at the most, delay the end of a process


class Heartbeat:
    """Never disturbs the crawl: a server that is away is counted, told once, and tried again with the next heartbeat.

    Sends `stats_asked` before it reads the stats. A worker that ends has its last row in PostgreSQL with `ended_at`,
    and is gone from Redis; one that was killed is there for a while with what it had last said.

    Settings: HEARTBEAT_SECONDS (0 = none), DATABASE_URL, REDIS_URL, REDIS_KEY_PREFIX, CLOCK_OFFSET_SECONDS.
    Stats: heartbeat/redis_failures, heartbeat/postgres_failures. Reads crawl/id and crawl/worker.
    """

    def __init__(self, crawler: Crawler, interval: float) -> None:
        self._crawler = crawler
        self._interval = interval
        self._clock = Clock.of(crawler.settings)
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._started_at: datetime
        self._worker = ""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        interval = crawler.settings.getfloat("HEARTBEAT_SECONDS")
        if interval <= 0:
            raise NotConfigured  # HEARTBEAT_SECONDS is 0: no heartbeats
        extension = cls(crawler, interval)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    def spider_opened(self) -> None:
        settings, stats = self._crawler.settings, self._crawler.stats
        crawl, self._worker = stats.get_value("crawl/id"), stats.get_value("crawl/worker", "")
        if not self._worker:
            logger.warning("this scheduler does not say which crawl it works on: no stats are published")
            return
        self._started_at = self._clock.now()
        self._beats = Heartbeats(settings["REDIS_URL"], crawl_prefix(settings["REDIS_KEY_PREFIX"], crawl))
        self._save = partial(save, settings["DATABASE_URL"], crawl)
        self._redis, self._postgres = _Place("redis", stats), _Place("postgres", stats)
        self._repeat(self._interval, self._redis, self._beats.publish)
        self._repeat(SAVE_SECONDS, self._postgres, self._save)

    async def spider_closed(self) -> None:
        self._closing.set()  # a task that is cancelled may not notice: redis-py swallows that while it connects
        await asyncio.gather(*self._tasks)

    async def engine_stopped(self) -> None:
        """Keep the stats as they are when everything else has come to its end."""
        if not self._tasks:
            return
        last = self._look(has_ended=True)
        if await self._postgres.takes(self._save(last)):
            await self._redis.takes(self._beats.forget(self._worker))
        else:
            await self._redis.takes(self._beats.publish(last))
        await self._beats.close()

    def _repeat(self, seconds: float, place: _Place, write: Callable[[WorkerStats], Awaitable[None]]) -> None:
        async def run() -> None:
            while not self._closing.is_set():
                await place.takes(write(self._look()))
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._closing.wait()

        self._tasks.append(asyncio.create_task(run(), name=f"heartbeat, {place.name}"))

    def _look(self, *, has_ended: bool = False) -> WorkerStats:
        self._crawler.signals.send_catch_log(stats_asked)
        now, stats = self._clock.now(), plain_stats(self._crawler.stats.get_stats())
        return WorkerStats(self._worker, self._started_at, now, now if has_ended else None, stats)


class _Place:
    """Where stats go, which may be away."""

    def __init__(self, name: str, stats: StatsCollector) -> None:
        self.name = name
        self._stats = stats
        self._breaker = CircuitBreaker()

    async def takes(self, writing: Awaitable[None]) -> bool:
        """Wait for a write, for a while at most; return whether it succeeded."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await writing
        except (ServiceUnavailableError, TimeoutError) as error:
            self._stats.inc_value(f"heartbeat/{self.name}_failures")
            if self._breaker.failed():
                reason = str(error) or f"no answer within {PATIENCE_SECONDS:.0f} s"
                logger.warning("the stats of this worker are not published (%s): %s", self.name, reason)
            return False
        self._breaker.succeeded()
        return True
