"""What one process of a crawl has counted, in a form that can be kept and sent, and one set of stats for all. Pure.

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

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from refillspot.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORDS = re.compile(r"[A-Za-z_.]+(/[A-Za-z_.]+)*(/\d+)?")  # downloader/response_status_count/200
LARGEST = 2**63  # of an integer that every reader of JSON here takes


@dataclass(slots=True, frozen=True)
class WorkerStats:
    """The Scrapy stats of a worker, as of `seen_at`."""

    worker: str
    """As the frontier names it: host, process and a few random letters. A worker that is started again has another."""
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    """None: it runs, or it was killed after `seen_at`."""
    stats: dict[str, Any]
    """Values of JSON only, see `plain`."""


def plain_stats(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return stats as they are written: each value by `plain`."""
    return {_name(name): plain(value) for name, value in stats.items()}


def plain(value: object) -> Any:
    """Return a value as JSON has it.

    A time is ISO 8601 text in UTC, a duration is seconds, a number that JSON has not (NaN, infinity) is None, and
    whatever else JSON does not know is its text. Text is without secrets, and without what PostgreSQL does not take:
    NUL is left out, a lone surrogate is "?".
    """
    match value:
        case None | bool():
            return value
        case int() | float():
            return _number(value)
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        case Mapping():
            return plain_stats(value)
        case list() | tuple() | set() | frozenset():
            return [plain(one) for one in value]
        case _:
            return value.total_seconds() if isinstance(value, timedelta) else _text(value)


def newest(*sources: Iterable[WorkerStats]) -> list[WorkerStats]:
    """Return of each worker what was seen last, in the order in which they were started."""
    found: dict[str, WorkerStats] = {}
    for one in (one for source in sources for one in source):
        before = found.get(one.worker)
        if before is None or (one.seen_at, one.ended_at is not None) >= (before.seen_at, before.ended_at is not None):
            found[one.worker] = one
    return sorted(found.values(), key=lambda one: (one.started_at, one.worker))


def _name(name: str) -> str:
    """Return the name of a stat; one of the program's own words is no secret, though a password may be "postgres"."""
    return name if WORDS.fullmatch(name) else _text(name)


def _number(value: float) -> float | None:
    if isinstance(value, int) and abs(value) < LARGEST:
        return int(value)
    return float(value) if math.isfinite(value) else None


def _text(value: object) -> str:
    return scrub(str(value)).replace("\0", "").encode("utf-8", "replace").decode()


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
