"""A crawl on record, and as it is or was: the one model that top, metrics, a fleet's panel and the report read. Pure.

The sentence with which a crawl ends is said by a process that knows its own stats only: it reads `Counts`, of which
`CrawlStats` is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean
from refillspot.language import lazy_gettext as _
from refillspot.planning import spider_arguments
from refillspot.stats.counts import Counts, complete, own_counts, ratio
from refillspot.stats.worker_stats import total
from refillspot.stats.workers import LOST_AFTER, is_alive, last_seen, most_memory_mb, seconds_at_work, worker_figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from refillspot.regions import Region
    from refillspot.stats.worker_stats import WorkerStats
    from refillspot.stats.workers import WorkerFigures


RUNNING, COMPLETE, ABANDONED = "running", "complete", "abandoned"
NAMED = 3  # ids that may be meant, in a message
STATES = {
    "running": _("running"),
    "paused": _("paused"),
    "interrupted": _("interrupted"),
    "complete": _("complete"),
    "abandoned": _("given up"),
    "stopped": _("stopped before the end"),
    "unknown": _("unknown how it ended"),
}
"""What each state of a crawl is called."""


@dataclass(slots=True, frozen=True)
class Crawl:
    """A row of `refillspot.crawls`."""

    id: str
    spider: str
    arguments: dict[str, Any]
    state: str
    """running, complete, or abandoned (pruned before it was complete, or its stores are gone with a PostgreSQL)."""
    stored: int
    rejected: int
    counts: dict[str, int] | None
    """What its queue had counted over all workers as it ended; None before that."""
    started_at: datetime
    ended_at: datetime | None
    accepted: bool = True
    """Its stores are shown."""
    departures: list[dict[str, Any]] | None = None
    """What was not as usual when it was judged, a `policies.quality.Departure` each; None: it was not judged."""
    decision: str | None = None
    """What somebody said of it when it was held: accepted, rejected."""

    @property
    def result(self) -> dict[str, int]:
        """What was counted over all workers; `held`: how many figures it is held for."""
        held = {"held": len(self.departures or ())} if self.is_held else {}
        return (self.counts or {}) | {"stored": self.stored, "rejected": self.rejected} | held

    @property
    def is_held(self) -> bool:
        """Whether somebody has to decide before its stores are shown."""
        return self.state != RUNNING and not self.accepted and self.decision is None


def named_crawl(crawls: Sequence[Crawl], name: str) -> Crawl:
    """Return the crawl with this id, or with the only id that begins so.

    Raises:
        ArgumentError: there is none, or there are several, or no crawl can be called so.
    """
    check_crawl_id(name)
    matching = [crawl for crawl in crawls if crawl.id == name] or [
        crawl for crawl in crawls if crawl.id.startswith(name)
    ]
    if not matching:
        told = _("there is no crawl {name}: see scrapy crawls list.")().format(name=name)
        raise ArgumentError(told + did_you_mean(name, [crawl.id for crawl in crawls]))
    if len(matching) > 1:
        ids = ", ".join(crawl.id for crawl in matching[:NAMED]) + (", …" if len(matching) > NAMED else "")
        raise ArgumentError(_("{name} may be any of {ids}: give more of the id")().format(name=name, ids=ids))
    return matching[0]


@dataclass(slots=True, frozen=True)
class CrawlScope:
    """Which crawls are meant. None = of every site, of every city."""

    site: str | None = None
    region: Region | None = None

    def has(self, crawl: Crawl) -> bool:
        codes = map(str, crawl.arguments.get("districts", ()))
        is_there = self.region is None or any(code.startswith(self.region.code) for code in codes)
        return is_there and self.site in {None, crawl.spider}  # a site is called as its spider


@dataclass(slots=True, frozen=True)
class Progress:
    """Requests by where they are. `leased` are in a worker's hands, `waiting` are to be tried again later."""

    state: str
    done: int = 0
    queued: int = 0
    leased: int = 0
    waiting: int = 0
    dead: int = 0
    workers: int = 0
    """Workers that gave a sign of life within their lease."""
    paused: bool = False

    @property
    def left(self) -> int:
        return self.queued + self.leased + self.waiting


LIMITS = ("closespider_itemcount", "closespider_pagecount", "closespider_timeout")
"""The reasons with which a crawl ends at a limit that its user set (CLOSESPIDER_ITEMCOUNT …): no failure."""
RESUMABLE = {"finished", "shutdown", "memory_limit", "site_away", *LIMITS}
"""The reasons with which a worker ends in good order."""
GONE = "gone"
"""State of a queue that is not there: nobody has begun it, or it has been removed."""


@dataclass(slots=True, frozen=True)
class CrawlStats(Counts):
    workers: Sequence[WorkerStats]
    now: datetime
    crawl: Crawl | None
    """None: read from log files."""
    progress: Progress | None
    """None where the queue was not asked."""

    @classmethod
    def of(
        cls,
        workers: Sequence[WorkerStats],
        now: datetime,
        crawl: Crawl | None = None,
        progress: Progress | None = None,
    ) -> CrawlStats:
        stats = total(workers)
        own = _own(crawl, progress) if crawl else own_counts(stats)
        return cls(complete(stats, own), own, workers, now, crawl, progress)

    @property
    def id(self) -> str:
        """Empty where the logs name none."""
        return self.crawl.id if self.crawl else str(self.stats.get("crawl/id", ""))

    @property
    def arguments(self) -> dict[str, str]:
        """As they were given with `-a`."""
        return spider_arguments(self.crawl.arguments) if self.crawl else {}

    # --- how it is, or how it ended

    @property
    def state(self) -> str:
        """running, paused, interrupted, complete or abandoned; of log files also stopped and unknown."""
        if self.crawl and self.crawl.state != RUNNING:
            return self.crawl.state
        if self.crawl:
            is_paused = self.progress is not None and self.progress.paused
            return "paused" if is_paused else "interrupted" if self._is_left else RUNNING
        reasons = set(self.finish_reasons)
        if self.stats.get("crawl/state") == COMPLETE or reasons == {"finished"}:
            return COMPLETE
        if not reasons:
            return "unknown"
        return "stopped" if reasons - RESUMABLE else "interrupted"

    @property
    def _is_left(self) -> bool:
        """Whether nobody is at work on it, who was, or should have been by now."""
        if self.at_work or self.crawl is None:
            return False
        if self.workers or self.progress is None:
            return bool(self.workers)  # without either nobody knows
        return self.progress.state != GONE or self.now - self.crawl.started_at >= LOST_AFTER  # else it is just begun

    @property
    def is_complete(self) -> bool:
        return self.state == COMPLETE

    @property
    def is_over(self) -> bool:
        """Whether nobody will work on it any more."""
        return self.crawl is None or self.crawl.state != RUNNING

    @property
    def at_work(self) -> int:
        """Workers. At the end of a crawl they do not give their leases back."""
        if self.is_over:
            return 0
        return self.progress.workers if self.progress else sum(map(self._is_alive, self.workers))

    @property
    def finish_reasons(self) -> dict[str, int]:
        """How many workers ended for which reason."""
        reasons = [reason for worker in self.workers if (reason := worker.stats.get("finish_reason"))]
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}

    @property
    def killed(self) -> int:
        """How many workers are gone and said no goodbye."""
        return sum(worker.ended_at is None and not self._is_alive(worker) for worker in self.workers)

    @property
    def worker_figures(self) -> list[WorkerFigures]:
        return [worker_figures(one, self.now, is_over=self.is_over) for one in self.workers]

    @property
    def memory_mb(self) -> float | None:
        """The most that workers used together, in MiB."""
        return most_memory_mb(self.workers)

    # --- when, and how fast

    @property
    def started_at(self) -> datetime | None:
        begun = [worker.started_at for worker in self.workers]
        return self.crawl.started_at if self.crawl else min(begun, default=None)

    @property
    def ended_at(self) -> datetime | None:
        """When a worker was last at work."""
        seen = max(map(last_seen, self.workers), default=None)
        return (self.crawl.ended_at if self.crawl else None) or seen

    @property
    def seconds(self) -> float:
        """For how long one worker at least was at work."""
        if not self.workers and self.started_at and self.ended_at:
            return (self.ended_at - self.started_at).total_seconds()
        return seconds_at_work(self.workers)

    @property
    def stored_per_hour(self) -> float | None:
        return ratio(3600 * self.stored, self.seconds)

    @property
    def asked_per_second(self) -> float | None:
        return ratio(self.asked, self.seconds)

    @property
    def budget_used(self) -> float | None:
        """Share of what the ceiling allowed in this time; None where there is no ceiling."""
        ceiling = self.number("politeness/ceiling")
        return ratio(self.asked_per_second, ceiling) if self.number("politeness/permits") is not None else None

    @property
    def cache_begun(self) -> datetime | None:
        """Since when the page cache had been filled as the crawl began; None where that is not known."""
        begun: Any = self.stats.get("cache/begun")
        return datetime.fromisoformat(begun) if isinstance(begun, str) else None

    def _is_alive(self, worker: WorkerStats) -> bool:
        return is_alive(worker, self.now, self.crawl.ended_at if self.crawl else None)


def _own(crawl: Crawl, progress: Progress | None) -> dict[str, int]:
    """Return what a crawl has counted itself: in its queue as long as it runs, then in its row."""
    if crawl.state == COMPLETE:
        return {"dead": 0} | crawl.result
    return crawl.result | ({"done": progress.done, "dead": progress.dead} if progress else {})
