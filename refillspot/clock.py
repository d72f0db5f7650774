"""The one clock of the product. Whatever asks for the time asks here, so that a simulation can move it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

KST = timezone(timedelta(hours=9), "KST")  # without summer time


@dataclass(slots=True, frozen=True)
class Clock:
    """The machine's time, moved on by an offset: zero in earnest, the replica's lead in a simulation."""

    offset: timedelta = timedelta()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the clock of these settings: CLOCK_OFFSET_SECONDS."""
        return cls(timedelta(seconds=float(settings.get("CLOCK_OFFSET_SECONDS") or 0)))

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC) + self.offset


def write_kst(moment: datetime) -> str:
    """Return a moment for people, "2026-11-24 13:05" in KST."""
    return f"{moment.astimezone(KST):%Y-%m-%d %H:%M}"
