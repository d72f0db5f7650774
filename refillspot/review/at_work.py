"""When workers were at work, and what they used at the same time. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from refillspot.stats.worker_stats import WorkerStats

SILENT = timedelta(seconds=90)  # three times as long as between saves of its stats: then a worker is dead
GOODBYE = timedelta(seconds=15)  # within which the workers of a crawl that has ended are gone themselves
MB = 2**20


def is_alive(worker: WorkerStats, now: datetime, crawl_ended_at: datetime | None) -> bool:
    """Tell whether a worker is at work, as far as its last sign of life says."""
    is_over = crawl_ended_at is not None and now - crawl_ended_at >= GOODBYE
    return worker.ended_at is None and not is_over and now - worker.seen_at < SILENT


def last_seen(worker: WorkerStats) -> datetime:
    return worker.ended_at or worker.seen_at


def seconds_at_work(workers: Sequence[WorkerStats]) -> float:
    """Return for how long one worker at least was at work; the time of an interruption is left out."""
    return sum((end - begin).total_seconds() for begin, end in _spans(workers))


def most_memory_mb(workers: Sequence[WorkerStats]) -> float | None:
    """Return the largest sum of each worker's most, in MiB, over workers that were at work at the same time."""
    used = [(worker, mb) for worker in workers if (mb := _memory_mb(worker))]
    sums = [
        sum(mb for other, mb in used if other.started_at <= worker.started_at <= last_seen(other)) for worker, _ in used
    ]
    return max(sums, default=None)


def _memory_mb(worker: WorkerStats) -> float | None:
    most = worker.stats.get("memory/max_mb")
    if most is None and (peak := worker.stats.get("memusage/max")):  # Scrapy's own, in bytes
        return float(peak) / MB
    return most


def _spans(workers: Sequence[WorkerStats]) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when workers were at work, spans that overlap as one."""
    spans = sorted((worker.started_at, last_seen(worker)) for worker in workers)
    while spans:
        begin, end = spans.pop(0)
        while spans and spans[0][0] <= end:
            end = max(end, spans.pop(0)[1])
        yield begin, end
