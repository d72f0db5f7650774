"""What people who watch a crawl are shown: its stats as they are, and how fast they grow. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.stats.counts import ratio
from refillspot.stats.crawl import Progress
from refillspot.stats.departures import departures_told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refillspot.monitoring.snapshot import Snapshot
    from refillspot.stats.crawl import Crawl, CrawlStats
    from refillspot.stats.workers import WorkerFigures

ROWS, COMMIT_SECONDS = "postgres/rows", "postgres/seconds"
WINDOW_SECONDS = 120.0  # long enough to be calm, short enough to follow a change


@dataclass(slots=True, frozen=True)
class Rate:
    now: float | None = None
    """Over the last two minutes; None until something can be said."""
    so_far: float | None = None
    """Over all the time that workers were at work."""


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
    """running, paused, interrupted (nobody is at work on it), complete or abandoned."""
    seconds_at_work: float
    seconds_left: float | None
    """As far as the requests are known now; None where nothing can be said."""
    at_work: int
    """Workers."""
    progress: Progress
    dead: int
    """Requests that failed for good."""
    stored: int
    stores_per_hour: Rate
    site: SiteFigures
    cache: CacheFigures
    database: DatabaseFigures
    errors: dict[str, int]
    """By kind, the most frequent first."""
    departures: list[dict[str, Any]]
    """For what the gate would hold it, by the pages that were read so far."""
    workers: list[WorkerFigures]
    at: datetime
    away: list[str]
    """Servers that do not answer."""
    unreadable: list[str]
    """Workers whose heartbeat is none that can be read."""


class RecentRates:
    """What grows how fast, over the last two minutes."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Mapping[str, float]]] = deque()

    def add(self, seconds: float, counts: Mapping[str, float]) -> None:
        """Take what is counted at a moment of any steady clock; one that is no later than the last says nothing new."""
        if self._samples and seconds <= self._samples[-1][0]:
            return
        self._samples.append((seconds, counts))
        while len(self._samples) > 2 and seconds - self._samples[1][0] >= WINDOW_SECONDS:
            self._samples.popleft()

    def per_second(self, what: str) -> float | None:
        """Return None until something can be said."""
        if len(self._samples) < 2:
            return None
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last.get(what, 0) - first.get(what, 0)) / (ended - began)

    def seconds_left(self, what: str, left: float) -> float | None:
        """Return how long the rest will take, as far as it is known now: each list page may bring more requests."""
        per_second = self.per_second(what)
        return left / per_second if per_second else None


class FiguresOfCrawl:
    """Takes one snapshot after the other."""

    def __init__(self) -> None:
        self._queue, self._stats = RecentRates(), RecentRates()

    def take(self, snapshot: Snapshot) -> Figures:
        stats = snapshot.stats
        progress = snapshot.progress or Progress(snapshot.crawl.state)
        self._add(snapshot, stats)
        stored_per_second = self._queue.per_second("stored")
        return Figures(
            crawl=snapshot.crawl,
            state=stats.state,
            seconds_at_work=stats.seconds,
            seconds_left=0.0 if stats.is_over else self._seconds_left(snapshot, progress, stats),
            at_work=stats.at_work,
            progress=progress,
            dead=stats.dead,
            stored=stats.stored,
            stores_per_hour=Rate(
                None if stored_per_second is None else 3600 * stored_per_second, stats.stored_per_hour
            ),
            site=self._site(snapshot, stats),
            cache=CacheFigures(stats.lookups, stats.count("cache/hits"), stats.count("cache/bytes_saved")),
            database=self._database(stats),
            errors=stats.errors,
            departures=departures_told(stats.stats.get("gate/departures")),
            workers=stats.worker_figures,
            at=snapshot.at,
            away=snapshot.away,
            unreadable=snapshot.unreadable,
        )

    def _add(self, snapshot: Snapshot, stats: CrawlStats) -> None:
        if snapshot.progress and not snapshot.away:
            self._queue.add(snapshot.at.timestamp(), {"done": snapshot.progress.done, "stored": stats.stored})
        if snapshot.workers:
            seen_at = max(one.seen_at for one in snapshot.workers)
            counts = {name: stats.number(name) or 0 for name in (ROWS, COMMIT_SECONDS)}
            self._stats.add(seen_at.timestamp(), counts | {"requests": stats.asked})

    def _seconds_left(self, snapshot: Snapshot, progress: Progress, stats: CrawlStats) -> float | None:
        is_held = bool(snapshot.pace and snapshot.pace["held_seconds"])
        if progress.paused or not progress.workers or is_held:
            return None
        now = self._queue.seconds_left("done", progress.left)
        per_second = ratio(progress.done, stats.seconds)
        return progress.left / per_second if now is None and per_second else now

    def _site(self, snapshot: Snapshot, stats: CrawlStats) -> SiteFigures:
        per_second = Rate(self._stats.per_second("requests"), stats.asked_per_second)
        is_told = stats.has_budget or not snapshot.workers  # nobody says that there is none
        budget = snapshot.pace if is_told else None
        return SiteFigures(
            requests=stats.asked,
            per_second=per_second,
            budget=budget,
            budget_used=Rate(ratio(per_second.now, budget["ceiling"]) if budget else None, stats.budget_used),
            bytes_received=stats.count("site/bytes"),
            seconds_per_answer=ratio(stats.number("site/seconds"), stats.number("site/answers")),
        )

    def _database(self, stats: CrawlStats) -> DatabaseFigures:
        written, writing = self._stats.per_second(ROWS), self._stats.per_second(COMMIT_SECONDS)
        return DatabaseFigures(
            rows=stats.count(ROWS),
            rows_per_second=Rate(ratio(written, writing), stats.rows_per_second),
            commits=stats.count("postgres/flushes"),
            seconds=stats.number(COMMIT_SECONDS) or 0.0,
            longest_seconds=stats.number("postgres/longest_seconds") or 0.0,
            waits=stats.count("postgres/waits"),
        )
