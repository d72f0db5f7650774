"""The one clock of the product. Whatever asks for the time asks here, so that a simulation can move it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True, frozen=True)
class Clock:
    """The machine's time, moved on by an offset: zero in earnest, the replica's lead in a simulation."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC) + self.offset
