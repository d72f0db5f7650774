"""The workers of a crawl: who is at work, since when, and what each uses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from refillspot.stats.counts import Counts, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from refillspot.stats.worker_stats import WorkerStats

AT_WORK, SILENT, ENDED = "at work", "silent", "ended"
SILENT_AFTER = timedelta(seconds=20)  # after its last heartbeat: killed, suspended, or Redis is away from it
LOST_AFTER = timedelta(seconds=90)  # three times as long as between saves of its stats: then a worker is dead
GOODBYE = timedelta(seconds=15)  # within which the workers of a crawl that has ended are gone themselves
MIB = 2**20


@dataclass(slots=True, frozen=True)
class WorkerFigures:
    worker: str
    state: str
    """at work, silent or ended."""
    seen_seconds_ago: float
    memory_mb: float
    """MiB of its own (USS), shared pages left out; of one that is at work."""
    memory_max_mb: float
    cpu_percent: float
    """Of one core: lately, or over all its life if it is not at work any more."""
    lag_seconds: float
    """How late its event loop was at the worst: lately, or in all its life."""
    at_once: int
    """Requests that may be under way."""
    requests: int
    rows: int


def worker_figures(worker: WorkerStats, at: datetime, *, is_over: bool) -> WorkerFigures:
    """Return what is known of a worker; `is_over` where its crawl has ended."""
    counts = Counts.of_stats(worker.stats)
    silence = max(timedelta(), at - worker.seen_at)
    state = ENDED if worker.ended_at or is_over else SILENT if silence > SILENT_AFTER else AT_WORK
    is_at_work = state == AT_WORK
    life = (worker.seen_at - worker.started_at).total_seconds()
    percent_of_life = 100 * (counts.number("cpu/seconds") or 0.0) / life if life > 0 else 0.0
    return WorkerFigures(
        worker=worker.worker,
        state=state,
        seen_seconds_ago=round(silence.total_seconds(), 1),
        memory_mb=(counts.number("memory/uss_mb") or 0.0) if is_at_work else 0.0,
        memory_max_mb=counts.number("memory/uss_max_mb") or 0.0,
        cpu_percent=(counts.number("cpu/percent") or 0.0) if is_at_work else round(percent_of_life, 1),
        lag_seconds=counts.number("loop/lag_seconds" if is_at_work else "loop/lag_max_seconds") or 0.0,
        at_once=round(counts.number("concurrency/level") or 0),
        requests=counts.asked,
        rows=counts.count("postgres/rows"),
    )


def is_alive(worker: WorkerStats, now: datetime, crawl_ended_at: datetime | None) -> bool:
    """Tell whether a worker is at work, as far as its last sign of life says."""
    is_over = crawl_ended_at is not None and now - crawl_ended_at >= GOODBYE
    return worker.ended_at is None and not is_over and now - worker.seen_at < LOST_AFTER


def last_seen(worker: WorkerStats) -> datetime:
    return worker.ended_at or worker.seen_at


def seconds_at_work(workers: Iterable[WorkerStats]) -> float:
    """Return for how long at least one of them was at work: a pause between two runs does not count."""
    seconds, until = 0.0, None
    for began, ended in sorted((one.started_at, last_seen(one)) for one in workers):
        begins = began if until is None else max(began, until)
        if ended > begins:
            seconds += (ended - begins).total_seconds()
            until = ended
    return seconds


def most_memory_mb(workers: Sequence[WorkerStats]) -> float | None:
    """Return the largest sum of each worker's most, in MiB, over workers that were at work at the same time.

    Resident memory, as the limit of a worker counts it.
    """
    used = [(worker, mb) for worker in workers if (mb := _memory_mb(worker))]
    sums = [
        sum(mb for other, mb in used if other.started_at <= worker.started_at <= last_seen(other)) for worker, _ in used
    ]
    return max(sums, default=None)


def _memory_mb(worker: WorkerStats) -> float | None:
    most = number_of(worker.stats.get("memory/max_mb"))
    if most is None and (peak := number_of(worker.stats.get("memusage/max"))):  # Scrapy's own, in bytes
        return peak / MIB
    return most
