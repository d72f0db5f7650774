"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from refillspot.exceptions import RefillspotError

State = Literal["ok", "note", "warning", "problem"]
"""note: worth knowing, nothing to be done. warning: a crawl runs, but not as well as it could. problem: it cannot."""


@dataclass(slots=True, frozen=True)
class Finding:
    area: str
    """Which part of refillspot it is about: settings, postgres, redis, redis-cache, schema, machine, clock, site …"""
    state: State
    what: str
    remedy: str = ""
    """What to do; every warning and problem has one."""


def problem(area: str, error: RefillspotError) -> Finding:
    """Return an error that tells its remedy as a finding."""
    return Finding(area, "problem", error.what, error.remedy)
