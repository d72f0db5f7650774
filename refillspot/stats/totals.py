"""One set of stats out of those of all workers of a crawl. Pure.

How the values of a stat become one:

| stats | become |
|---|---|
| counts, bytes, seconds: every number that no other row names | their sum |
| with the word "max" or "longest" in their last part, as memory/max_mb | the largest |
| cache/evictions, which each worker reads of the one server; memory/limit_mb | the largest |
| memory/last_mb, memory/uss_mb, cpu/percent, concurrency/level | the sum over the workers at work |
| loop/lag_seconds | the largest of the workers at work |
| start_time, postgres/known, cache/begun | that of the worker that was started first |
| text and times; politeness/pace, politeness/ceiling | that of the worker seen last |
| crawl/…, which is the same in each that saw the end | that of the worker seen last |
| items_per_minute, responses_per_minute | nothing: rates of processes that ran at different times |
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from refillspot.stats.worker_stats import newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refillspot.stats.worker_stats import WorkerStats

MAXIMUM = re.compile(r"(^|_)(max|longest)(_|$)")


class Aggregation(Enum):
    SUM = auto()
    MOST = auto()
    SUM_AT_WORK = auto()
    MOST_AT_WORK = auto()
    FIRST = auto()
    LAST = auto()
    NOTHING = auto()


AGGREGATIONS = {
    "cache/evictions": Aggregation.MOST,
    "memory/limit_mb": Aggregation.MOST,
    "memory/last_mb": Aggregation.SUM_AT_WORK,
    "memory/uss_mb": Aggregation.SUM_AT_WORK,
    "cpu/percent": Aggregation.SUM_AT_WORK,
    "concurrency/level": Aggregation.SUM_AT_WORK,
    "loop/lag_seconds": Aggregation.MOST_AT_WORK,
    "start_time": Aggregation.FIRST,
    "postgres/known": Aggregation.FIRST,
    "cache/begun": Aggregation.FIRST,
    "politeness/pace": Aggregation.LAST,
    "politeness/ceiling": Aggregation.LAST,
    "items_per_minute": Aggregation.NOTHING,
    "responses_per_minute": Aggregation.NOTHING,
}
AT_WORK = {Aggregation.SUM_AT_WORK, Aggregation.MOST_AT_WORK}


def aggregation_of(name: str) -> Aggregation:
    """Return how the numbers of a stat become one."""
    if known := AGGREGATIONS.get(name):
        return known
    if name.startswith("crawl/"):
        return Aggregation.LAST
    return Aggregation.MOST if MAXIMUM.search(name.rpartition("/")[2]) else Aggregation.SUM


def total(workers: Iterable[WorkerStats]) -> dict[str, Any]:
    """Return the stats of all workers as one, by the table above. Of a worker that is given twice the newest counts."""
    each = newest(workers)
    names = sorted({name for one in each for name in one.stats})
    return {name: value for name in names if (value := _one(name, each)) is not None}


def _one(name: str, each: Sequence[WorkerStats]) -> Any:
    aggregation = aggregation_of(name)
    having = [one for one in each if one.stats.get(name) is not None and not (aggregation in AT_WORK and one.ended_at)]
    if not having or aggregation is Aggregation.NOTHING:
        return None
    if aggregation is Aggregation.FIRST:
        return having[0].stats[name]
    values = [one.stats[name] for one in having]
    if aggregation is Aggregation.LAST or not all(_is_number(value) for value in values):
        return max(having, key=lambda one: one.seen_at).stats[name]
    return max(values) if aggregation in {Aggregation.MOST, Aggregation.MOST_AT_WORK} else _sum(values)


def _sum(values: Sequence[float]) -> float:
    added = sum(values)
    return round(added, 6) if isinstance(added, float) else added  # 0.1 + 0.2 is 0.3


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
