"""Store pages that could not be read: kept, compressed and bounded, until a parser can."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from refillspot.items import UnreadPage
from refillspot.postgres.columns import encode_json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

MAX_PAGES = 10_000  # the newest; when a whole layout changes, these are enough to write the parser by
MAX_BYTES = 4 * 1024 * 1024  # of a body, before compression; longer ones are cut, and will stay unread
KEEP = """
    INSERT INTO refillspot.unread_pages (ref, row, body, error, kept_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (ref) DO UPDATE SET
        row = EXCLUDED.row, body = EXCLUDED.body, error = EXCLUDED.error, kept_at = EXCLUDED.kept_at
"""
BOUND = """
    DELETE FROM refillspot.unread_pages
    WHERE kept_at < (SELECT kept_at FROM refillspot.unread_pages ORDER BY kept_at DESC OFFSET %s LIMIT 1)
"""
OLDEST_FIRST = """
    SELECT p.ref, p.row, p.body, p.error, p.kept_at, coalesce(s.last_seen_at > p.kept_at, false)
    FROM refillspot.unread_pages AS p LEFT JOIN refillspot.stores AS s USING (ref) ORDER BY p.kept_at, p.ref
"""
FORGET = "DELETE FROM refillspot.unread_pages WHERE ref = %s AND kept_at = %s"


class KeptPage(NamedTuple):
    page: UnreadPage
    kept_at: datetime
    outdated: bool
    """The store has been read since from a newer page."""


async def keep(connection: psycopg.AsyncConnection, page: UnreadPage, now: datetime) -> None:
    """Keep a page in place of an older one of the same store; beyond `MAX_PAGES` the oldest go."""
    row, body = encode_json(page.row).decode(), zstd.compress(page.body[:MAX_BYTES])
    async with connection.transaction():
        await connection.execute(KEEP, [page.ref, row, body, page.error.replace("\0", ""), now])
        await connection.execute(BOUND, [MAX_PAGES - 1])


class KeptPages:
    """The kept pages of a database: `async with KeptPages(database_url) as pages`."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    async def __aenter__(self) -> Self:
        self._connection = await psycopg.AsyncConnection.connect(self._database_url, autocommit=True)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.close()

    async def read(self) -> list[KeptPage]:
        """Return all of them, oldest first."""
        cursor = await self._connection.execute(OLDEST_FIRST)
        return [
            KeptPage(UnreadPage(ref, row, zstd.decompress(body), error), kept_at, outdated)
            for ref, row, body, error, kept_at, outdated in await cursor.fetchall()
        ]

    async def forget(self, kept: KeptPage) -> None:
        """Drop a page, unless a newer one has taken its place."""
        await self._connection.execute(FORGET, [kept.page.ref, kept.kept_at])
