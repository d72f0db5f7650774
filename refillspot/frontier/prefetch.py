"""How many requests a worker uses up in a moment. Pure: the time is passed in."""

from __future__ import annotations

import math


class Demand:
    """Counts what was given out within the last `seconds`, about: older counts fade away."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._level = self._noted_at = 0.0

    def note(self, given: int, now: float) -> int:
        """Add what was given out since the last time; return how many are used up within `seconds`."""
        if not self._seconds:
            return 0
        self._level = self._level * math.exp((self._noted_at - now) / self._seconds) + given
        self._noted_at = now
        return math.ceil(self._level)
