"""What is on record of a crawl: its row in PostgreSQL, and where its requests are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from refillspot.regions import Region


@dataclass(slots=True, frozen=True)
class Crawl:
    """A row of `refillspot.crawls`."""

    id: str
    spider: str
    arguments: dict[str, Any]
    state: str
    """running, complete, or abandoned (pruned before it was complete)."""
    stored: int
    rejected: int
    counts: dict[str, int] | None
    """What its queue had counted over all workers as it ended; None before that."""
    started_at: datetime
    ended_at: datetime | None

    @property
    def result(self) -> dict[str, int]:
        """What was counted over all workers."""
        return (self.counts or {}) | {"stored": self.stored, "rejected": self.rejected}


@dataclass(slots=True, frozen=True)
class CrawlScope:
    """Which crawls are meant. None = of every site, of every city."""

    site: str | None = None
    region: Region | None = None

    def has(self, crawl: Crawl) -> bool:
        codes = map(str, crawl.arguments.get("districts", ()))
        is_there = self.region is None or any(code.startswith(self.region.code) for code in codes)
        return is_there and self.site in {None, crawl.spider}  # a site is called as its spider


@dataclass(slots=True, frozen=True)
class Progress:
    """Requests by where they are. `leased` are in a worker's hands, `waiting` are to be tried again later."""

    state: str
    done: int = 0
    queued: int = 0
    leased: int = 0
    waiting: int = 0
    dead: int = 0
    workers: int = 0
    """Workers that gave a sign of life within their lease."""
    paused: bool = False

    @property
    def left(self) -> int:
        return self.queued + self.leased + self.waiting
