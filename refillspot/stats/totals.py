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


class Rule(Enum):
    SUM = auto()
    MOST = auto()
    SUM_AT_WORK = auto()
    MOST_AT_WORK = auto()
    FIRST = auto()
    LAST = auto()
    NOTHING = auto()


RULES = {
    "cache/evictions": Rule.MOST,
    "memory/limit_mb": Rule.MOST,
    "memory/last_mb": Rule.SUM_AT_WORK,
    "memory/uss_mb": Rule.SUM_AT_WORK,
    "cpu/percent": Rule.SUM_AT_WORK,
    "concurrency/level": Rule.SUM_AT_WORK,
    "loop/lag_seconds": Rule.MOST_AT_WORK,
    "start_time": Rule.FIRST,
    "postgres/known": Rule.FIRST,
    "cache/begun": Rule.FIRST,
    "politeness/pace": Rule.LAST,
    "politeness/ceiling": Rule.LAST,
    "items_per_minute": Rule.NOTHING,
    "responses_per_minute": Rule.NOTHING,
}
AT_WORK = {Rule.SUM_AT_WORK, Rule.MOST_AT_WORK}


def rule_of(name: str) -> Rule:
    """Return how the numbers of a stat become one."""
    if rule := RULES.get(name):
        return rule
    if name.startswith("crawl/"):
        return Rule.LAST
    return Rule.MOST if MAXIMUM.search(name.rpartition("/")[2]) else Rule.SUM


def total(workers: Iterable[WorkerStats]) -> dict[str, Any]:
    """Return the stats of all workers as one, by the rules above. Of a worker that is given twice the newest counts."""
    each = newest(workers)
    names = sorted({name for one in each for name in one.stats})
    return {name: value for name in names if (value := _one(name, each)) is not None}


def _one(name: str, each: Sequence[WorkerStats]) -> Any:
    rule = rule_of(name)
    having = [one for one in each if one.stats.get(name) is not None and not (rule in AT_WORK and one.ended_at)]
    if not having or rule is Rule.NOTHING:
        return None
    if rule is Rule.FIRST:
        return having[0].stats[name]
    values = [one.stats[name] for one in having]
    if rule is Rule.LAST or not all(_is_number(value) for value in values):
        return max(having, key=lambda one: one.seen_at).stats[name]
    return max(values) if rule in {Rule.MOST, Rule.MOST_AT_WORK} else _sum(values)


def _sum(values: Sequence[float]) -> float:
    added = sum(values)
    return round(added, 6) if isinstance(added, float) else added  # 0.1 + 0.2 is 0.3


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
