"""Pages that are kept: the newest of each store, with what was read of it, and those that nobody could read."""

from __future__ import annotations

import sys
from hashlib import sha1
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from refillspot.items import ReadPage, UnreadPage
from refillspot.postgres.columns import by_key, encode_json
from refillspot.postgres.connection import open_async_connection, open_connection

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime
    from typing import Self

    from refillspot.items import StoreKey

BATCH = 500  # pages that are read again at once: some 5 MB unpacked
_compressor = zstd.ZstdCompressor(level=3)  # a new one for each page takes longer than the page
UNCHANGED = """
    SELECT site, ref FROM refillspot.store_pages
    JOIN unnest(%(sites)b::text[], %(refs)b::text[], %(digests)b::int8[]) AS page (site, ref, digest)
    USING (site, ref, digest)
"""
KEEP = """
    INSERT INTO refillspot.store_pages AS p (site, ref, row, body, digest, kept_at)
    SELECT site, ref, row::jsonb, body, digest, kept_at
    FROM unnest(
        %(sites)b::text[], %(refs)b::text[], %(rows)b::text[], %(bodies)b::bytea[], %(digests)b::int8[],
        %(seen)b::timestamptz[]
    ) AS page (site, ref, row, body, digest, kept_at) ORDER BY site, ref
    ON CONFLICT (site, ref) DO UPDATE SET
        row = EXCLUDED.row, body = EXCLUDED.body, digest = EXCLUDED.digest, kept_at = EXCLUDED.kept_at
    WHERE p.kept_at <= EXCLUDED.kept_at + interval '1 second' OR p.kept_at > %(now)s
"""  # in order of the key, and only news, as stores are
NEXT = """
    SELECT ref, row, body, digest, kept_at FROM refillspot.store_pages
    WHERE site = %s AND ref > %s ORDER BY ref LIMIT %s
"""
NEWEST = """
    (SELECT body FROM refillspot.unread_pages WHERE site = %(site)s ORDER BY kept_at DESC LIMIT %(count)s)
    UNION ALL (SELECT body FROM refillspot.store_pages WHERE site = %(site)s ORDER BY kept_at DESC LIMIT %(count)s)
    LIMIT %(count)s
"""
OUTDATED = """
    SELECT count(*) FROM refillspot.stores AS s JOIN refillspot.store_pages AS p USING (site, ref)
    WHERE site = %s AND coalesce(s.parser_version, 0) < %s
        AND NOT EXISTS (SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref) = (s.site, s.ref))
"""

MAX_UNREAD = 10_000  # the newest of a site; when a whole layout changes, these are enough to write the parser by
MAX_BYTES = 4 * 1024 * 1024  # of a body, before compression; longer ones are cut, and will stay unread
KEEP_UNREAD = """
    INSERT INTO refillspot.unread_pages (site, ref, row, body, error, kept_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (site, ref) DO UPDATE SET
        row = EXCLUDED.row, body = EXCLUDED.body, error = EXCLUDED.error, kept_at = EXCLUDED.kept_at
"""
BOUND = """
    DELETE FROM refillspot.unread_pages
    WHERE site = %(site)s AND kept_at < (
        SELECT kept_at FROM refillspot.unread_pages WHERE site = %(site)s
        ORDER BY kept_at DESC OFFSET %(others)s LIMIT 1
    )
"""
OLDEST_FIRST = """
    SELECT p.ref, p.row, p.body, p.error, p.kept_at, coalesce(s.last_seen_at > p.kept_at, false)
    FROM refillspot.unread_pages AS p LEFT JOIN refillspot.stores AS s USING (site, ref)
    WHERE site = %s ORDER BY p.kept_at, p.ref
"""
FORGET = "DELETE FROM refillspot.unread_pages WHERE site = %s AND ref = %s AND kept_at = %s"


class PackedPage(NamedTuple):
    """A page as the table has it."""

    row: str
    """JSON."""
    body: bytes
    digest: int
    """64 bits of both."""

    @classmethod
    def of(cls, page: ReadPage) -> Self:
        row = encode_json(page.row)
        sum_ = sha1(row, usedforsecurity=False)
        sum_.update(page.body)
        body = _compressor.compress(page.body, mode=zstd.ZstdCompressor.FLUSH_FRAME)
        return cls(row.decode(), body, int.from_bytes(sum_.digest()[:8], "big", signed=True))


class StoredPage(NamedTuple):
    key: StoreKey
    page: ReadPage
    digest: int
    """As of `PackedPage`; jsonb writes a row otherwise than it came, so that it cannot be worked out again."""
    kept_at: datetime


async def keep_pages(
    cursor: psycopg.AsyncCursor, pages: Sequence[tuple[StoreKey, PackedPage, datetime]], now: datetime
) -> None:
    """Keep the pages of these stores, one a key, with when they were read, in place of older ones.

    Those that are there already cost little.
    """
    digests = [page.digest for _key, page, _seen in pages]
    await cursor.execute(UNCHANGED, {**by_key([key for key, _page, _seen in pages]), "digests": digests})
    known = set(await cursor.fetchall())
    new = [(key, page, seen) for key, page, seen in pages if key not in known]
    if new:
        columns = {
            **by_key([key for key, _page, _seen in new]),
            "rows": [page.row for _key, page, _seen in new],
            "bodies": [page.body for _key, page, _seen in new],
            "digests": [page.digest for _key, page, _seen in new],
            "seen": [seen for _key, _page, seen in new],
        }
        await cursor.execute(KEEP, {**columns, "now": now})


async def count_outdated(connection: psycopg.AsyncConnection, site: str, parser_version: int) -> int:
    """Return how many stores of a site were read by an older parser, and have a page that can be read again."""
    cursor = await connection.execute(OUTDATED, [site, parser_version])
    return int((await cursor.fetchone() or (0,))[0])


def newest_bodies(database_url: str | None, site: str, count: int) -> list[bytes]:
    """Return the newest kept pages of a site, those that could not be read first; none where there is no such table."""
    if database_url is None:
        return []
    try:
        with open_connection(database_url, seconds=5) as connection:
            rows = connection.execute(NEWEST, {"site": site, "count": count}).fetchall()
    except psycopg.Error:  # whoever asks has told that PostgreSQL is away, or that there are no tables
        return []
    return [zstd.decompress(body) for (body,) in rows]


class KeptUnread(NamedTuple):
    page: UnreadPage
    kept_at: datetime
    outdated: bool
    """The store has been read since from a newer page."""


async def keep_unread(cursor: psycopg.AsyncCursor, page: UnreadPage, now: datetime) -> None:
    """Keep a page in place of an older one of the same store; beyond `MAX_UNREAD` the oldest go."""
    row, body = encode_json(page.row).decode(), zstd.compress(page.body[:MAX_BYTES])
    await cursor.execute(KEEP_UNREAD, [page.site, page.ref, row, body, page.error.replace("\0", ""), now])
    await cursor.execute(BOUND, {"site": page.site, "others": MAX_UNREAD - 1})


class KeptPages:
    """The kept pages of a site: `async with KeptPages(database_url, site) as pages`."""

    def __init__(self, database_url: str, site: str) -> None:
        self._database_url = database_url
        self._site = site

    async def __aenter__(self) -> Self:
        self._connection = await open_async_connection(self._database_url)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.close()

    async def newest(self) -> AsyncIterator[list[StoredPage]]:
        """Yield the newest page of each store, some at a time, in order of ref."""
        last = ""
        while rows := await (await self._connection.execute(NEXT, [self._site, last, BATCH])).fetchall():
            yield [
                StoredPage((self._site, ref), ReadPage(row, zstd.decompress(body)), digest, kept_at)
                for ref, row, body, digest, kept_at in rows
            ]
            last = rows[-1][0]

    async def unread(self) -> list[KeptUnread]:
        """Return those that could not be read, oldest first."""
        cursor = await self._connection.execute(OLDEST_FIRST, [self._site])
        return [
            KeptUnread(UnreadPage(self._site, ref, row, zstd.decompress(body), error), kept_at, outdated)
            for ref, row, body, error, kept_at, outdated in await cursor.fetchall()
        ]

    async def forget(self, kept: KeptUnread) -> None:
        """Drop one that could not be read, unless a newer one has taken its place."""
        await self._connection.execute(FORGET, [kept.page.site, kept.page.ref, kept.kept_at])
