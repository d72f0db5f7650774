"""What a transaction does with a group of stores: they were seen again as they are, or they are copied and merged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg

from refillspot.postgres import binary
from refillspot.postgres.columns import COLUMNS, merge_expression, reread_expression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from refillspot.postgres.store_row import StoreRow

BREATH = 100  # rows between two turns of the event loop: a few milliseconds
TYPES = [column.type for column in COLUMNS]
NAMES = ", ".join(column.name for column in COLUMNS)
CREATE_STAGING = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_stores (
        {", ".join(f"{column.name} {column.type}" for column in COLUMNS)}
    ) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS
"""  # nothing is compressed for so short a life
COPY = f"COPY pg_temp.incoming_stores ({NAMES}) FROM STDIN (FORMAT BINARY)"
MERGE = f"""
    INSERT INTO refillspot.stores AS s ({NAMES}, first_seen_at, last_seen_at)
    SELECT {NAMES}, %(now)s, %(now)s FROM pg_temp.incoming_stores ORDER BY ref
    ON CONFLICT (ref) DO UPDATE SET
        {", ".join(f"{column.name} = {merge_expression(column)}" for column in COLUMNS if column.name != "ref")},
        status = 'operating', last_seen_at = EXCLUDED.last_seen_at
"""  # in order of ref, so that two workers' merges cannot wait for each other in a circle
LOCK = """
    SELECT s.ref FROM refillspot.stores AS s JOIN pg_temp.incoming_stores USING (ref)
    ORDER BY s.ref FOR NO KEY UPDATE OF s
"""
REREAD = f"""
    UPDATE refillspot.stores AS s SET
        {", ".join(f"{column.name} = {reread_expression(column)}" for column in COLUMNS if column.name != "ref")}
    FROM pg_temp.incoming_stores AS excluded
    JOIN unnest(%(refs)b::text[], %(pages)b::int8[]) AS read (ref, page) USING (ref)
    JOIN refillspot.store_pages AS p USING (ref)
    WHERE s.ref = excluded.ref AND p.digest = read.page
"""  # the page that was read, unless a crawl has brought a newer one meanwhile; when a store was seen stays as it is
SEEN_AGAIN = """
    WITH known AS MATERIALIZED (
        SELECT s.ref FROM refillspot.stores AS s
        JOIN unnest(%(refs)b::text[], %(digests)b::int8[]) AS page (ref, digest) USING (ref, digest)
        ORDER BY s.ref FOR NO KEY UPDATE OF s
    )
    UPDATE refillspot.stores AS s SET status = 'operating', last_seen_at = %(now)s
    FROM known WHERE s.ref = known.ref RETURNING s.ref
"""  # in order of ref, as above


async def prepare_connection(connection: psycopg.AsyncConnection) -> None:
    """Make the staging table of this connection, and let it write what goes there."""
    binary.register(connection)
    await connection.execute(CREATE_STAGING)


async def see_again(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], now: datetime) -> set[str]:
    """Note that stores were seen again whose rows say already what their pages say; return the refs of those."""
    pages = {"refs": [row.ref for row in rows], "digests": [row.digest for row in rows], "now": now}
    await cursor.execute(SEEN_AGAIN, pages)
    return {ref for (ref,) in await cursor.fetchall()}


async def merge(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], now: datetime) -> None:
    """Bring the rows of these stores, one a key, up to their pages, or add them.

    Raises:
        psycopg.DataError, psycopg.IntegrityError: one of them cannot be stored.
    """
    await _copy(cursor, rows)
    await cursor.execute(MERGE, {"now": now})


async def reread(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], pages: Mapping[str, int]) -> set[str]:
    """Let rows say what the parsers of today make of their newest pages; return the refs of those that there are.

    `pages`: the digest of the page that was read, by ref.

    Raises:
        psycopg.DataError, psycopg.IntegrityError: one of them cannot be stored.
    """
    await _copy(cursor, rows)
    await cursor.execute(LOCK)
    known = {ref for (ref,) in await cursor.fetchall()}
    await cursor.execute(REREAD, {"refs": list(pages), "pages": list(pages.values())})
    return known


async def _copy(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow]) -> None:
    async with cursor.copy(COPY) as copy:
        copy.set_types(TYPES)
        for number, row in enumerate(rows, 1):
            try:
                await copy.write_row(row.values())
            except OverflowError as error:  # beyond 64 bits
                raise psycopg.DataError(str(error)) from error
            if not number % BREATH:
                await asyncio.sleep(0)  # PostgreSQL reads what was sent meanwhile
