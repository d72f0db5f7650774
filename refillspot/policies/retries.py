"""When to ask again. Pure: clock and chance are passed in."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LONGEST_BACKOFF = 300.0  # seconds, of a request
MOST_STEPS = 100  # a power beyond that is no number any more
LONGEST_RETRY_AFTER = 3600.0  # seconds; more is not believed


def pause_seconds(attempt: int, first: float, longest: float, factor: float = 2.0) -> float:
    """Return how long to wait before attempt 1, 2, …: `first`, then longer by `factor` each time, up to `longest`."""
    return min(first * factor ** min(attempt - 1, MOST_STEPS), longest)


def pauses(first: float, longest: float) -> Iterator[float]:
    """Yield how long to wait before each further attempt, without end."""
    return (pause_seconds(attempt, first, longest) for attempt in count(1))


def backoff_seconds(attempt: int, base: float, chance: float) -> float:
    """Return how long a request waits before attempt 1, 2, …: tripled each time, half of it by `chance` (0 … 1)."""
    return pause_seconds(attempt, base, LONGEST_BACKOFF, 3.0) * (0.5 + chance / 2)


def retry_after_seconds(value: str | None, now: datetime, date: str | None = None) -> float:
    """Return the wait that a `Retry-After` header asks for: seconds, or a date. 0 where it says nothing usable.

    A date is one of the site's clock, which the answer's `Date` tells (RFC 9110): that of this machine may be wrong.
    """
    text = (value or "").strip()
    if text.isdecimal():
        seconds = float(text[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(text) - _date(date, now)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _date(written: str | None, now: datetime) -> datetime:
    try:
        return parsedate_to_datetime(written) if written else now
    except (ValueError, TypeError, OverflowError):
        return now
