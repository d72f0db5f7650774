"""Whether a crawl can be started here, and whether the site still is as it is known. Each check with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from refillspot.exceptions import RefillspotError

CheckState = Literal["ok", "note", "warning", "problem"]
"""note: worth knowing, nothing to be done. warning: a crawl runs, but not as well as it could. problem: it cannot, or
did not when it was to."""


@dataclass(slots=True, frozen=True)
class Check:
    """One thing that was looked at, and what came of it."""

    area: str
    """Which part of refillspot it is about: settings, postgres, redis, redis-cache, schema, machine, clock, site …"""
    state: CheckState
    what: str
    remedy: str = ""
    """What to do; every warning and problem has one."""


def problem(area: str, error: RefillspotError) -> Check:
    """Return an error that tells its remedy as a check."""
    return Check(area, "problem", error.what, error.remedy)
