"""Kept pages, read again by the parsers of today: the site is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.exceptions import SiteError
from refillspot.items import ReadPage
from refillspot.postgres.connection import run
from refillspot.postgres.kept_pages import KeptPages
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import StoreTable
from refillspot.sites import DEFAULT, find_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from refillspot.clock import Clock
    from refillspot.items import Store
    from refillspot.regions import Region
    from refillspot.sites.site import Site


@dataclass(slots=True)
class Reparsed:
    """What became of the kept pages."""

    stored: int = 0
    outdated: int = 0
    """Dropped, because the store has been read from a newer page since."""
    rejected: int = 0
    unread: int = 0
    """Still not to be read, and still kept."""
    read_again: int = 0
    """Stores whose newest page was read before, and again now."""


def reparse(  # noqa: PLR0913  # which pages, and how they are read
    database_url: str,
    web_url: str,
    clock: Clock,
    *,
    site: str = DEFAULT,
    region: Region | None = None,
    is_all: bool = False,
) -> Reparsed:
    """Read the pages of a site again that could not be read; `is_all`: the newest page of each store too.

    With a region, only those are stored that turn out to lie there.
    Store what can be read now, keep the rest.

    Raises:
        psycopg.Error: PostgreSQL does not answer or refuses.
        SchemaVersionError: the schema is newer than this program.
    """
    return run(_Reparsing(database_url, web_url, clock, find_site(site), region).run(is_all=is_all))


class _Reparsing:
    def __init__(self, database_url: str, web_url: str, clock: Clock, site: Site, region: Region | None) -> None:
        self._database_url = database_url
        self._site, self._web_url, self._region = site, web_url, region
        self._clock = clock
        self._table = StoreTable(database_url, self._clock)
        self._result = Reparsed()

    async def run(self, *, is_all: bool) -> Reparsed:
        await self._table.open()
        try:
            if is_all:
                await self._read_stored()
            await self._read_unread()
        finally:
            await self._table.close()
        return self._result

    async def _read_stored(self) -> None:
        async with KeptPages(self._database_url, self._site.name) as kept_pages:
            async for pages in kept_pages.newest():
                kept = {one.key: one for one in pages}
                stores = [store for one in pages if (store := self._read(one.page.row, one.page.body))]
                self._result.unread += len(pages) - len(stores)
                outcome, missing = await self._table.reread(
                    [StoreRow.of(store) for store in stores if self._is_there(store)],
                    {one.key: one.digest for one in pages},
                )
                self._result.read_again += outcome.stored
                self._result.rejected += outcome.rejected
                for row in missing:
                    await self._store(row.store, kept[row.key].kept_at)

    async def _read_unread(self) -> None:
        async with KeptPages(self._database_url, self._site.name) as pages:
            for kept in await pages.unread():
                store = self._read(kept.page.row, kept.page.body)
                if kept.outdated:
                    self._result.outdated += 1
                elif store is None:
                    self._result.unread += 1
                    continue
                elif not self._is_there(store):
                    continue
                else:
                    await self._store(store, kept.kept_at)
                await pages.forget(kept)

    def _is_there(self, store: Store) -> bool:
        return self._region is None or store.region == self._region.name

    async def _store(self, store: Store, seen_at: datetime) -> None:
        store.read_ago((self._clock.now() - seen_at).total_seconds())
        outcome = await self._table.write([store])
        self._result.stored += outcome.stored
        self._result.rejected += outcome.rejected

    def _read(self, row: Mapping[str, Any], body: bytes) -> Store | None:
        try:
            store = self._site.read_kept(row, body, self._web_url)
        except SiteError:
            return None
        store.read_from(ReadPage(dict(row), body))
        return store
