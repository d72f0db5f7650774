"""When to ask again. Pure: clock and chance are passed in."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_BACKOFF = 300.0  # seconds
LONGEST_RETRY_AFTER = 3600.0  # seconds; more is not believed


def backoff_seconds(attempt: int, base: float, chance: float) -> float:
    """Return how long to wait before attempt 1, 2, …: `base` tripled each time, half of it by `chance` (0 … 1)."""
    longest = min(base * 3.0 ** min(attempt - 1, 100), LONGEST_BACKOFF)
    return longest * (0.5 + chance / 2)


def retry_after_seconds(value: str | None, now: datetime) -> float:
    """Return the wait that a `Retry-After` header asks for: seconds, or a date. 0 where it says nothing usable."""
    text = (value or "").strip()
    if text.isdecimal():
        seconds = float(text[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
