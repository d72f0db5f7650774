"""Which pages are kept, and for how long. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SKEW_SECONDS = 60.0  # by which the clocks of two machines may differ
ROBOTS_PATH = "/robots.txt"
CACHE_KIND = "cache_kind"
"""Key of a request's meta: what it asks for, a `Kind`. Without one, only robots.txt is cached."""
CACHE_REFRESH = "cache_refresh"
"""Key of a request's meta: True asks the site whatever is kept, and keeps what it says."""


class Kind(StrEnum):
    """What a request asks for."""

    LIST = "list"
    STORE = "store"
    ROBOTS = "robots"


KINDS = {kind.value: kind for kind in Kind}


class Cacheability(Enum):
    """What an answer is worth to those who ask the same later."""

    PAGE = "page"
    """What was asked for."""
    PERMANENT = "permanent"
    """There is no such thing, and there will be none soon."""
    PASSING = "passing"
    """A block page, an error, half an answer: asking again may help."""
    UNKNOWN = "unknown"
    """An answer that nobody here can read: passed on, so that it is noticed, and not kept."""


def kind_of(url: str, meta: Mapping[str, object]) -> Kind | None:
    """Return what a request asks for, None if it is nothing that is cached."""
    if ROBOTS_PATH in url and urlsplit(url).path == ROBOTS_PATH:
        return Kind.ROBOTS
    asked = meta.get(CACHE_KIND)
    return KINDS.get(asked) if isinstance(asked, str) else None


@dataclass(slots=True, frozen=True)
class CachePolicy:
    """Ages in seconds. `stale_if_error`: how long a page that is too old still stands in for an error; 0 = not."""

    list_seconds: float
    store_seconds: float
    robots_seconds: float
    permanent_seconds: float
    stale_if_error_seconds: float = 0.0

    def lifetime(self, kind: Kind, *, permanent: bool) -> float:
        """Return for how many seconds a page of this kind is as good as the site's answer."""
        if permanent:
            return self.permanent_seconds
        return {
            Kind.LIST: self.list_seconds,
            Kind.STORE: self.store_seconds,
            Kind.ROBOTS: self.robots_seconds,
        }[kind]

    def is_fresh(self, kind: Kind, fetched_at: datetime, now: datetime, *, permanent: bool) -> bool:
        return _is_between(fetched_at, now, self.lifetime(kind, permanent=permanent))

    def stands_in(self, kind: Kind, fetched_at: datetime, now: datetime, *, permanent: bool) -> bool:
        """Whether a page may be given in place of an error."""
        if self.stale_if_error_seconds <= 0:
            return False
        return _is_between(fetched_at, now, self.lifetime(kind, permanent=permanent) + self.stale_if_error_seconds)

    def keep_seconds(self, kind: Kind, *, permanent: bool) -> float:
        """Return when Redis may throw a page away: it is of use beyond its age, for its validators and for errors."""
        return 2 * self.lifetime(kind, permanent=permanent) + self.stale_if_error_seconds


def _is_between(fetched_at: datetime, now: datetime, seconds: float) -> bool:
    """Whether the age is in 0 … `seconds`. A page from the future is of a clock that was moved: not to be trusted."""
    return -min(SKEW_SECONDS, seconds) <= (now - fetched_at).total_seconds() < seconds
