"""One worker in figures, and the time that workers were at work. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from refillspot.stats.worker_stats import WorkerStats

AT_WORK, SILENT, ENDED = "at work", "silent", "ended"
SILENT_SECONDS = 20.0  # after its last heartbeat: a worker was killed or is suspended, or Redis is away


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
    stats = worker.stats
    seconds_ago = max(0.0, (at - worker.seen_at).total_seconds())
    state = ENDED if worker.ended_at or is_over else SILENT if seconds_ago > SILENT_SECONDS else AT_WORK
    is_at_work = state == AT_WORK
    life = (worker.seen_at - worker.started_at).total_seconds()
    percent_of_life = 100 * stats.get("cpu/seconds", 0.0) / life if life > 0 else 0.0
    return WorkerFigures(
        worker=worker.worker,
        state=state,
        seen_seconds_ago=round(seconds_ago, 1),
        memory_mb=stats.get("memory/uss_mb", 0.0) if is_at_work else 0.0,
        memory_max_mb=stats.get("memory/uss_max_mb", 0.0),
        cpu_percent=stats.get("cpu/percent", 0.0) if is_at_work else round(percent_of_life, 1),
        lag_seconds=stats.get("loop/lag_seconds" if is_at_work else "loop/lag_max_seconds", 0.0),
        at_once=stats.get("concurrency/level", 0),
        requests=requests_sent(stats),
        rows=stats.get("postgres/rows", 0),
    )


def requests_sent(stats: Mapping[str, Any]) -> int:
    """Return how many requests left for the site; Scrapy's own count has those too that wait for their permit."""
    return int(
        stats.get("politeness/permits") or (0 if has_budget(stats) else stats.get("downloader/request_count", 0))
    )


def has_budget(stats: Mapping[str, Any]) -> bool:
    """Tell whether workers keep to a pace, though none of their requests may have left yet."""
    return bool(stats.get("politeness/ceiling") or stats.get("politeness/permits"))


def seconds_at_work(workers: Iterable[WorkerStats]) -> float:
    """Return for how long at least one of them was at work: a pause between two runs does not count."""
    seconds, until = 0.0, None
    for began, ended in sorted((one.started_at, one.seen_at) for one in workers):
        begins = began if until is None else max(began, until)
        if ended > begins:
            seconds += (ended - begins).total_seconds()
            until = ended
    return seconds
