"""Whether to try a server that failed a moment ago. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """After a failure, one attempt each `rest_seconds`, until one succeeds. Times in seconds of any steady clock."""

    rest_seconds: float
    is_open: bool = False
    """Whether the last attempt failed."""
    _next_attempt: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether to try now. Whoever is allowed to try a failed server is the only one for a while."""
        if not self.is_open:
            return True
        if now < self._next_attempt:
            return False
        self._next_attempt = now + self.rest_seconds
        return True

    def failed(self, now: float) -> bool:
        """Note a failure; True if it is the first one."""
        is_first, self.is_open = not self.is_open, True
        self._next_attempt = now + self.rest_seconds
        return is_first

    def succeeded(self) -> bool:
        """Note a success; True if it is the first one after failures."""
        is_first, self.is_open = self.is_open, False
        return is_first
