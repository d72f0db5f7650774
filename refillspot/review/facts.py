"""What is known of a crawl: its row, and what its workers counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from refillspot.planning import spider_arguments
from refillspot.review.at_work import is_alive, last_seen, most_memory_mb, seconds_at_work
from refillspot.stats.totals import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.postgres.crawls import Crawl
    from refillspot.stats.worker_stats import WorkerStats

RESUMABLE = {"finished", "shutdown", "memory_limit", "site_away"}  # reasons with which a worker ends in good order
NEVER_SENT = (
    "cache/hits", "httpcache/hit", "fallback/stood_in",
    "downloader/exception_type_count/scrapy.exceptions.IgnoreRequest",
)  # fmt: skip
NO_GOOD_ANSWERS = (
    "cache/hits", "httpcache/hit", "fallback/stood_in",  # none of the site's
    "politeness/verification_pages", "politeness/pages_for_humans",  # under HTTP 200, most of them
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Facts:
    workers: Sequence[WorkerStats]
    stats: dict[str, Any]
    """Those of all workers, added up."""
    now: datetime
    crawl: Crawl | None = None
    """None: read from log files."""

    @classmethod
    def of(cls, workers: Sequence[WorkerStats], now: datetime, crawl: Crawl | None = None) -> Facts:
        return cls(workers, total(workers), now, crawl)

    def number(self, name: str) -> float | None:
        """Return the number that is counted under a name, None where there is none."""
        value = self.stats.get(name)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def kinds(self, *patterns: str, without: Sequence[str] = ()) -> dict[str, int]:
        """Return what is counted under names of these shapes ("*" = anything), by the last word of the name."""
        found: dict[str, int] = {}
        for name in self.stats:
            value = self.number(name)
            if value and _matches(name, patterns) and not _matches(name, without):
                kind = name.rpartition("/")[2].rpartition(".")[2]
                found[kind] = found.get(kind, 0) + round(value)
        return found

    def count(self, *patterns: str, without: Sequence[str] = ()) -> int:
        """Return the sum of what is counted under names of these shapes."""
        return sum(self.kinds(*patterns, without=without).values())

    # --- how it ended

    @property
    def id(self) -> str:
        """Empty where the logs name none."""
        return self.crawl.id if self.crawl else str(self.stats.get("crawl/id", ""))

    @property
    def state(self) -> str:
        """complete, running, interrupted or abandoned; of log files also stopped and unknown."""
        if self.crawl and self.crawl.state != "running":
            return self.crawl.state
        if self.crawl:
            is_gone = self.workers and not any(self._is_alive(worker) for worker in self.workers)
            return "interrupted" if is_gone else "running"
        reasons = set(self.finish_reasons)
        if self.stats.get("crawl/state") == "complete" or reasons == {"finished"}:
            return "complete"
        if not reasons:
            return "unknown"
        return "stopped" if reasons - RESUMABLE else "interrupted"

    @property
    def is_complete(self) -> bool:
        return self.state == "complete"

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
    def is_ours(self) -> bool:
        """Whether it is a crawl of this project; a log may be of any."""
        return self.crawl is not None or bool(self.kinds("frontier/*", "diningcode/*", "crawl/*"))

    # --- what came of it

    @property
    def stored(self) -> int:
        if self.crawl:
            return self.crawl.stored
        names = ("crawl/stored", "postgres/rows", "item_scraped_count")
        return round(next((value for name in names if (value := self.number(name)) is not None), 0))

    @property
    def known(self) -> int:
        """Refill stores that were there before, in the districts of the crawl."""
        return round(self.number("postgres/known") or 0)

    @property
    def rejected(self) -> int:
        return self.crawl.rejected if self.crawl else self.count("postgres/rejected")

    @property
    def dead(self) -> int:
        """Requests that failed for good. Those that were tried again since do not count any more."""
        if self.crawl and self.crawl.state == "complete":
            return (self.crawl.counts or {}).get("dead", 0)
        return self.count("frontier/dead", "frontier/refused") or self.count("retry/max_reached")

    @property
    def asked(self) -> int:
        """Requests that went to the site, each attempt. Scrapy counts answers from a cache as the site's."""
        if permits := self.number("politeness/permits"):
            return round(permits)
        told = self.count("downloader/response_count", "downloader/exception_count")
        return max(told - self.count(*NEVER_SENT), 0)

    @property
    def answered(self) -> int | None:
        """Good answers of the site; None where that cannot be told.

        Scrapy counts those of a cache, and pages that stand in for others, as well: a log that has more of them than
        requests says nothing.
        """
        if (good := self.number("politeness/good_answers")) is not None:
            return round(good)
        good = self.count("downloader/response_status_count/2*", "downloader/response_status_count/304")
        good -= self.count(*NO_GOOD_ANSWERS)
        return good if 0 <= good <= self.asked else None

    @property
    def hit_rate(self) -> float | None:
        """Share of the cacheable requests that the page cache answered; None where it was not asked."""
        hits = self.count("cache/hits")
        looked_up = hits + self.count("cache/misses", "cache/refreshes")
        return hits / looked_up if looked_up else None

    @property
    def cache_begun(self) -> datetime | None:
        """Since when the page cache had been filled as the crawl began; None where that is not known."""
        begun = self.stats.get("cache/begun")
        return datetime.fromisoformat(begun) if isinstance(begun, str) else None

    @property
    def memory_mb(self) -> float | None:
        """The most that workers used together, in MiB."""
        return most_memory_mb(self.workers)

    # --- when

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
    def budget_used(self) -> float | None:
        """Share of what the ceiling allowed in this time; None where there is no ceiling."""
        ceiling, permits = self.number("politeness/ceiling"), self.number("politeness/permits")
        if not ceiling or permits is None or not self.seconds:
            return None
        return permits / (ceiling * self.seconds)

    @property
    def arguments(self) -> dict[str, str]:
        """As they were given with `-a`."""
        return spider_arguments(self.crawl.arguments) if self.crawl else {}

    def _is_alive(self, worker: WorkerStats) -> bool:
        return is_alive(worker, self.now, self.crawl.ended_at if self.crawl else None)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
