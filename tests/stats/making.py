"""Crawls made by hand, as short as a test can say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from refillspot.planning import CrawlArguments
from refillspot.stats.crawl import Crawl, CrawlStats
from refillspot.stats.worker_stats import WorkerStats

BEGUN = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # the next day in Korea
HOUR = timedelta(hours=1)
SITE = "https://im.diningcode.com"


def worker(
    stats: dict[str, Any] | None = None,
    *,
    name: str = "one",
    begun: datetime = BEGUN,
    lasted: timedelta = HOUR,
    is_gone: bool = False,
) -> WorkerStats:
    """Return a worker that ended in good order, unless it is gone."""
    ended = begun + lasted
    known = {"finish_reason": "finished"} | (stats or {})
    return WorkerStats(name, begun, ended, None if is_gone else ended, known)


def crawl(
    crawl_id: str = "20261124-153000-ab12",
    *,
    state: str = "complete",
    stored: int = 700,
    begun: datetime = BEGUN,
    counts: dict[str, int] | None = None,
    district: str = "금천구",
    **columns: Any,
) -> Crawl:
    arguments = CrawlArguments.parse(district=district).described(SITE)
    is_over = state != "running"
    known: dict[str, Any] = {
        "spider": "diningcode",
        "rejected": 0,
        "ended_at": begun + HOUR if is_over else None,
    } | columns
    return Crawl(
        id=crawl_id, arguments=arguments, state=state, stored=stored, started_at=begun, counts=counts, **known
    )  # fmt: skip


def crawl_stats(stats: dict[str, Any] | None = None, **columns: Any) -> CrawlStats:
    """Return a crawl with one worker."""
    return CrawlStats.of([worker(stats)], BEGUN + 2 * HOUR, crawl(**columns))
