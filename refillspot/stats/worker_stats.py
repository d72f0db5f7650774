"""What one process of a crawl has counted, in a form that can be kept and sent. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from refillspot.redaction import scrub

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
