"""What a crawl comes to: figures out of one look at it, and paces out of several. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.monitoring.error_kinds import errors_of
from refillspot.monitoring.pace import Pace, Sample
from refillspot.monitoring.worker_figures import (
    WorkerFigures,
    has_budget,
    requests_sent,
    seconds_at_work,
    worker_figures,
)
from refillspot.operations.progress import Progress
from refillspot.stats.totals import total

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refillspot.monitoring.snapshot import Snapshot
    from refillspot.postgres.crawls import Crawl

ROWS, COMMIT_SECONDS = "postgres/rows", "postgres/seconds"


@dataclass(slots=True, frozen=True)
class Rate:
    now: float | None = None
    """Over the last two minutes; None until something can be said."""
    so_far: float | None = None
    """Over all the time that workers were at work."""

    def times(self, factor: float) -> Rate:
        return Rate(*(None if value is None else value * factor for value in (self.now, self.so_far)))


@dataclass(slots=True, frozen=True)
class SiteFigures:
    requests: int
    """That went to the site, robots.txt and retries included."""
    per_second: Rate
    budget: dict[str, Any] | None
    """How fast it may be asked now, see `read_pace`; None where the workers have no limit."""
    budget_used: Rate
    """Share of what the operator allows at most."""
    bytes_received: int
    seconds_per_answer: float | None


@dataclass(slots=True, frozen=True)
class CacheFigures:
    lookups: int
    hits: int
    bytes_saved: int
    """Of bodies that were not fetched again, unpacked."""


@dataclass(slots=True, frozen=True)
class DatabaseFigures:
    rows: int
    rows_per_second: Rate
    """While it writes."""
    commits: int
    seconds: float
    """Of all commits together."""
    longest_seconds: float
    waits: int
    """How often PostgreSQL had to be waited for."""


@dataclass(slots=True, frozen=True)
class Figures:
    crawl: Crawl
    state: str
    """running, paused, complete or abandoned."""
    seconds_at_work: float
    seconds_left: float | None
    """As far as the requests are known now; None where nothing can be said."""
    at_work: int
    """Workers."""
    progress: Progress
    stored: int
    stores_per_hour: Rate
    site: SiteFigures
    cache: CacheFigures
    database: DatabaseFigures
    errors: dict[str, int]
    """By kind, the most frequent first."""
    workers: list[WorkerFigures]
    at: datetime
    away: list[str]
    """Servers that do not answer."""
    unreadable: list[str]
    """Workers whose heartbeat is none that can be read."""


class FiguresOfCrawl:
    """Takes one snapshot after the other."""

    def __init__(self) -> None:
        self._queue, self._stats = Pace(), Pace()

    def take(self, snapshot: Snapshot) -> Figures:
        crawl, stats = snapshot.crawl, total(snapshot.workers)
        progress = snapshot.progress or Progress(crawl.state)
        stored = max(crawl.stored, stats.get(ROWS, 0))
        seconds = seconds_at_work(snapshot.workers)
        self._add(snapshot, stats, stored)
        is_running = crawl.state == "running"
        return Figures(
            crawl=crawl,
            state="paused" if is_running and progress.paused else crawl.state,
            seconds_at_work=seconds,
            seconds_left=self._seconds_left(snapshot, progress, seconds) if is_running else 0.0,
            at_work=progress.workers if is_running else 0,  # at the end their leases are not given back
            progress=progress,
            stored=stored,
            stores_per_hour=Rate(self._queue.per_second("stored"), _ratio(stored, seconds)).times(3600),
            site=self._site(snapshot, stats, seconds),
            cache=_cache(stats),
            database=self._database(stats),
            errors=errors_of(stats),
            workers=[worker_figures(one, snapshot.at, is_over=not is_running) for one in snapshot.workers],
            at=snapshot.at,
            away=snapshot.away,
            unreadable=snapshot.unreadable,
        )

    def _add(self, snapshot: Snapshot, stats: Mapping[str, Any], stored: int) -> None:
        if snapshot.progress and not snapshot.away:
            counts = {"done": snapshot.progress.done, "stored": stored}
            self._queue.add(Sample(snapshot.at.timestamp(), counts))
        if snapshot.workers:
            seen_at = max(one.seen_at for one in snapshot.workers)
            counts = {name: stats.get(name, 0) for name in (ROWS, COMMIT_SECONDS)}
            self._stats.add(Sample(seen_at.timestamp(), counts | {"requests": requests_sent(stats)}))

    def _seconds_left(self, snapshot: Snapshot, progress: Progress, seconds: float) -> float | None:
        is_held = bool(snapshot.pace and snapshot.pace["held_seconds"])
        if progress.paused or not progress.workers or is_held:
            return None
        now = self._queue.seconds_left("done", progress.left)
        per_second = _ratio(progress.done, seconds)
        return progress.left / per_second if now is None and per_second else now

    def _site(self, snapshot: Snapshot, stats: Mapping[str, Any], seconds: float) -> SiteFigures:
        requests = requests_sent(stats)
        per_second = Rate(self._stats.per_second("requests"), _ratio(requests, seconds))
        budget = snapshot.pace if has_budget(stats) else None
        return SiteFigures(
            requests=requests,
            per_second=per_second,
            budget=budget,
            budget_used=per_second.times(1 / budget["ceiling"]) if budget else Rate(),
            bytes_received=stats.get("site/bytes", 0),
            seconds_per_answer=_ratio(stats.get("site/seconds"), stats.get("site/answers")),
        )

    def _database(self, stats: Mapping[str, Any]) -> DatabaseFigures:
        rows, seconds = stats.get(ROWS, 0), stats.get(COMMIT_SECONDS, 0.0)
        written, writing = self._stats.per_second(ROWS), self._stats.per_second(COMMIT_SECONDS)
        return DatabaseFigures(
            rows=rows,
            rows_per_second=Rate(_ratio(written, writing), _ratio(rows, seconds)),
            commits=stats.get("postgres/flushes", 0),
            seconds=seconds,
            longest_seconds=stats.get("postgres/longest_seconds", 0.0),
            waits=stats.get("postgres/waits", 0),
        )


def _cache(stats: Mapping[str, Any]) -> CacheFigures:
    lookups = sum(stats.get(f"cache/{what}", 0) for what in ("hits", "misses", "refreshes"))
    return CacheFigures(lookups, stats.get("cache/hits", 0), stats.get("cache/bytes_saved", 0))


def _ratio(count: float | None, per: float | None) -> float | None:
    return count / per if count is not None and per else None
