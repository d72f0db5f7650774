"""A crawl at one moment, from both servers. For commands: this blocks."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refillspot.clock import Clock
from refillspot.exceptions import ServiceUnavailableError
from refillspot.operations.pace_control import read_pace
from refillspot.operations.progress import ProgressReader
from refillspot.policies.politeness_settings import allowed_pace
from refillspot.postgres import worker_stats
from refillspot.postgres.backup import read_last_backups
from refillspot.postgres.crawl_days import read_crawl_days
from refillspot.postgres.crawls import look_at_crawl
from refillspot.shared.heartbeats import HeartbeatReader
from refillspot.shared.keys import crawl_prefix, politeness_key
from refillspot.site_hosts import SiteHosts
from refillspot.stats.crawl import CrawlStats
from refillspot.stats.worker_stats import WorkerStats, newest

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from scrapy.settings import BaseSettings

    from refillspot.postgres.backup import LastBackups
    from refillspot.postgres.crawl_days import CrawlDays
    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl, Progress

POSTGRES, REDIS = "PostgreSQL", "Redis"
POSTGRES_SECONDS = 2.0  # between looks at PostgreSQL; commits are as far apart
DAILY_SECONDS = 60.0  # between looks at what happens once a day


@dataclass(slots=True, frozen=True)
class Snapshot:
    at: datetime
    crawl: Crawl
    workers: list[WorkerStats]
    """All that there were, each with the newest that is known of it."""
    progress: Progress | None = None
    """What was known last; None while nothing is."""
    pace: dict[str, Any] | None = None
    """See `read_pace`; that of the site, whether this crawl's workers keep to it or not. None while Redis is away."""
    away: list[str] = field(default_factory=list)
    """Servers that do not answer: what is told of them is what was known last."""
    unreadable: list[str] = field(default_factory=list)
    """Workers whose heartbeat is none that can be read."""
    backups: LastBackups | None = None
    """None where PostgreSQL has not been asked yet, or did not answer."""
    days: CrawlDays | None = None
    """The same of crawls that were completed."""

    @property
    def stats(self) -> CrawlStats:
        return CrawlStats.of(self.workers, self.at, self.crawl, self.progress)


class CrawlReader:
    """Looks at one crawl again and again; never disturbs its workers, and outlives outages of the servers."""

    def __init__(self, services: ServiceAddresses, settings: BaseSettings, crawl: Crawl) -> None:
        prefix = crawl_prefix(settings["REDIS_KEY_PREFIX"], crawl.id)
        self._services = services
        self._politeness_key = politeness_key(settings["REDIS_KEY_PREFIX"], SiteHosts.of(settings))
        self._configured = allowed_pace(settings) or 1.0  # where Redis knows of no pace
        self._clock = Clock.of(settings)
        self._crawl = crawl
        self._workers: list[WorkerStats] = []
        self._last: Progress | None = None
        self._postgres_due = self._daily_due = 0.0
        self._backups: LastBackups | None = None
        self._days: CrawlDays | None = None
        self._stack = ExitStack()
        self._progress = self._stack.enter_context(ProgressReader(services.redis_url, prefix))
        self._beats = self._stack.enter_context(HeartbeatReader(services.redis_url, prefix))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def read(self) -> Snapshot:
        away = [] if self._read_postgres() else [POSTGRES]
        progress, beats = self._progress.read(), self._beats.read()
        self._workers = newest(self._workers, beats or [])
        self._last = progress or self._last
        pace = self._pace() if progress else None
        away += [] if progress else [REDIS]
        unreadable = self._beats.unreadable
        self._read_daily()
        now = self._clock.now()
        seen = self._crawl, self._workers, self._last, pace, away, unreadable
        return Snapshot(now, *seen, self._backups, self._days)

    def _read_postgres(self) -> bool:
        if time.monotonic() < self._postgres_due:
            return True
        crawl = look_at_crawl(self._services.database_url, self._crawl.id)
        if crawl is None:
            return False
        try:
            kept = worker_stats.read(self._services.database_url, crawl.id)
        except ServiceUnavailableError:
            return False
        self._crawl = crawl
        self._workers = newest(self._workers, kept)
        self._postgres_due = time.monotonic() + POSTGRES_SECONDS
        return True

    def _read_daily(self) -> None:
        if time.monotonic() >= self._daily_due:
            self._backups = read_last_backups(self._services.database_url)
            self._days = read_crawl_days(self._services.database_url)
            self._daily_due = time.monotonic() + DAILY_SECONDS

    def _pace(self) -> dict[str, Any] | None:
        try:
            return read_pace(self._services.redis_url, self._politeness_key, self._configured)
        except ServiceUnavailableError:
            return None
