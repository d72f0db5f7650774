"""Kept pages, read again by the parsers of today: the site is not asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from refillspot.clock import Clock
from refillspot.diningcode.answers import Row
from refillspot.diningcode.roads import read_kept_store
from refillspot.diningcode.stores import build_store
from refillspot.exceptions import SiteError
from refillspot.postgres.stores import StoreTable
from refillspot.postgres.unread import KeptPages

if TYPE_CHECKING:
    from datetime import datetime

    from refillspot.items import Store
    from refillspot.postgres.unread import KeptPage


@dataclass(slots=True)
class Reparsed:
    """What became of the kept pages."""

    stored: int = 0
    outdated: int = 0
    """Dropped, because the store has been read from a newer page since."""
    rejected: int = 0
    unread: int = 0
    """Still not to be read, and still kept."""


@dataclass(slots=True, frozen=True)
class _PageClock(Clock):
    """The time at which the page in hand was kept: that is when its store was seen."""

    pages: list[KeptPage] = field(default_factory=list)

    def now(self) -> datetime:
        return self.pages[-1].kept_at


def reparse(database_url: str, web_url: str) -> Reparsed:
    """Read every kept page again; store what can be read now, keep the rest.

    Raises:
        psycopg.Error: PostgreSQL does not answer or refuses.
        SchemaVersionError: the schema is newer than this program.
    """
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # psycopg needs this loop on Windows
        return runner.run(_reparse(database_url, web_url))


async def _reparse(database_url: str, web_url: str) -> Reparsed:
    result, clock = Reparsed(), _PageClock()
    table = StoreTable(database_url, clock)
    await table.open()
    try:
        async with KeptPages(database_url) as pages:
            for kept in await pages.read():
                store = _read(kept, web_url)
                if kept.outdated:
                    result.outdated += 1
                elif store is None:
                    result.unread += 1
                    continue
                else:
                    clock.pages.append(kept)
                    outcome = await table.write([store])
                    result.stored += outcome.stored
                    result.rejected += outcome.rejected
                await pages.forget(kept)
    finally:
        await table.close()
    return result


def _read(kept: KeptPage, web_url: str) -> Store | None:
    try:
        return build_store(msgspec.convert(kept.page.row, Row), read_kept_store(kept.page.body), web_url)
    except (SiteError, msgspec.ValidationError):
        return None
