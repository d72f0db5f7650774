"""What a transaction does with a group of stores: they were seen again as they are, or they are copied and merged."""

from __future__ import annotations

import asyncio
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import postgres, pq
from psycopg.adapt import Dumper

from refillspot.postgres.columns import (
    COLUMNS,
    IS_COUNTING,
    KEY,
    KEY_LIST,
    UNSAID,
    by_key,
    encode_json,
    merge_expression,
    reread_expression,
)
from refillspot.postgres.connection import is_pooled
from refillspot.postgres.crawl_figures import fields_of
from refillspot.postgres.history import CHANGED, NOTE_CHANGES, NOTE_REOPENED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from refillspot.items import StoreKey
    from refillspot.postgres.store_row import StoreRow

BREATH = 100  # rows between two turns of the event loop: a few milliseconds
TYPES = [*(column.type for column in COLUMNS), "timestamptz", "timestamptz", "text[]", "text[]", "text[]"]
NAMES = ", ".join(column.name for column in COLUMNS)
STAGING = f"""
    incoming_stores (
        {", ".join(f"{column.name} {column.type}" for column in COLUMNS)},
        seen_at timestamptz, fetched_at timestamptz, blank text[], partial text[], said text[]
    ) WITH (toast_tuple_target = 8160)
"""  # nothing is compressed for so short a life
CREATE_STAGING = f"CREATE TEMPORARY TABLE IF NOT EXISTS {STAGING} ON COMMIT DELETE ROWS"
CREATE_POOLED_STAGING = f"""
    DROP TABLE IF EXISTS pg_temp.incoming_stores;
    CREATE TEMPORARY TABLE {STAGING} ON COMMIT DROP
"""  # of each transaction; the older one is of a version that left it to whoever came next
OPERATING = """
    status = 'operating',
    status_reason = CASE s.status WHEN 'operating' THEN s.status_reason ELSE 'reopened' END,
    status_at = CASE s.status WHEN 'operating' THEN s.status_at ELSE greatest(s.last_seen_at, %(now)s) END
"""
COPY = f"COPY pg_temp.incoming_stores ({NAMES}, seen_at, fetched_at, blank, partial, said) FROM STDIN (FORMAT BINARY)"
IS_NEWS = """(
    s.last_seen_at <= EXCLUDED.seen_at + interval '1 second' OR s.last_seen_at > %(now)s
) AND s.xmin <> pg_current_xact_id()::xid"""  # what was read before the row's page is no news, however late it comes;
# unless the database's clock was put back, and the row is of the future. The rows of this transaction are new
ADD = f"""
    INSERT INTO refillspot.stores ({NAMES}, first_seen_at, last_seen_at, fetched_at)
    SELECT {NAMES}, seen_at, seen_at, fetched_at FROM pg_temp.incoming_stores ORDER BY {KEY_LIST}
    ON CONFLICT ({KEY_LIST}) DO NOTHING
"""  # in order of the key, so that two workers' merges cannot wait for each other in a circle
LOCK = """
    SELECT s.site, s.ref FROM refillspot.stores AS s JOIN pg_temp.incoming_stores USING (site, ref)
    ORDER BY s.site, s.ref FOR NO KEY UPDATE OF s
"""
CHANGE = f"""
    WITH changed AS (
        UPDATE refillspot.stores AS s SET
            {", ".join(f"{column.name} = {merge_expression(column)}" for column in COLUMNS if column.name not in KEY)},
            unsaid = looked.unsaid, {OPERATING}, last_seen_at = greatest(s.last_seen_at, EXCLUDED.seen_at),
            fetched_at = greatest(s.fetched_at, EXCLUDED.fetched_at)
        FROM pg_temp.incoming_stores AS excluded JOIN refillspot.stores AS old USING (site, ref)
        CROSS JOIN LATERAL (SELECT {UNSAID} OFFSET 0) AS looked (unsaid)
        WHERE (s.site, s.ref) = (excluded.site, excluded.ref) AND {IS_NEWS}
        RETURNING {CHANGED}
    )
    {NOTE_CHANGES}
"""
BEFORE = "INSERT INTO refillspot.store_before (crawl, site, ref, row, said)"
ADD_TO_JUDGE = f"""
    WITH added AS ({ADD} RETURNING site, ref)
    {BEFORE} SELECT %(crawl)s, site, ref, NULL, said FROM added JOIN pg_temp.incoming_stores USING (site, ref)
    ON CONFLICT DO NOTHING
"""
KEEP_BEFORE = f"""
    {BEFORE} SELECT %(crawl)s, s.site, s.ref, to_jsonb(s), said
    FROM refillspot.stores AS s JOIN pg_temp.incoming_stores AS excluded USING (site, ref)
    WHERE {IS_NEWS} ORDER BY s.site, s.ref ON CONFLICT DO NOTHING
"""
REREAD = f"""
    UPDATE refillspot.stores AS s SET
        {", ".join(f"{column.name} = {reread_expression(column)}" for column in COLUMNS if column.name not in KEY)}
    FROM (SELECT NULL::jsonb) AS looked (unsaid), pg_temp.incoming_stores AS excluded
    JOIN unnest(%(sites)b::text[], %(refs)b::text[], %(pages)b::int8[]) AS read (site, ref, page) USING (site, ref)
    JOIN refillspot.store_pages AS p USING (site, ref)
    WHERE (s.site, s.ref) = (excluded.site, excluded.ref) AND p.digest = read.page
"""  # the page that was read, unless a crawl has brought a newer one meanwhile; when a store was seen stays as it is.
# What other parsers make of a page is no change of the store
SAY_AGAIN = """
    UPDATE refillspot.store_before AS b SET said = excluded.said
    FROM refillspot.crawls AS c, pg_temp.incoming_stores AS excluded
    JOIN unnest(%(sites)b::text[], %(refs)b::text[], %(pages)b::int8[]) AS read (site, ref, page) USING (site, ref)
    JOIN refillspot.store_pages AS p USING (site, ref)
    WHERE (b.site, b.ref) = (excluded.site, excluded.ref) AND p.digest = read.page AND b.said IS NOT NULL
        AND c.id = b.crawl AND NOT c.accepted AND c.decision IS NULL
"""  # a crawl that is still to be judged, or decided, is judged by what is made of its pages now
KNOWN = f"""known AS MATERIALIZED (
    SELECT s.site, s.ref, page.seen_at, page.fetched_at, page.said, s.status, s.status_reason, s.status_at,
        s.last_seen_at, s.fetched_at AS last_fetched_at,
        CASE WHEN s.status <> 'operating' THEN to_jsonb(s) END AS whole
    FROM refillspot.stores AS s JOIN unnest(
        %(sites)b::text[], %(refs)b::text[], %(digests)b::int8[], %(seen)b::timestamptz[], %(fetched)b::timestamptz[],
        %(said)b::text[]
    ) AS page (site, ref, digest, seen_at, fetched_at, said) USING (site, ref, digest)
    WHERE NOT {IS_COUNTING}
    ORDER BY s.site, s.ref FOR NO KEY UPDATE OF s
), reopened AS ({NOTE_REOPENED})"""  # in order of the key, as above
SEE_AGAIN = f"""
    UPDATE refillspot.stores AS s SET {OPERATING}, last_seen_at = greatest(s.last_seen_at, known.seen_at),
        fetched_at = greatest(s.fetched_at, known.fetched_at)
    FROM known WHERE (s.site, s.ref) = (known.site, known.ref) RETURNING s.site, s.ref
"""
SEEN_AGAIN = f"WITH {KNOWN} {SEE_AGAIN}"
SEEN_AGAIN_TO_JUDGE = f"""
    WITH {KNOWN}, kept AS (
        {BEFORE} SELECT %(crawl)s, site, ref, coalesce(whole, jsonb_build_object(
            'last_seen_at', last_seen_at, 'fetched_at', last_fetched_at
        )), string_to_array(said, ' ')
        FROM known ON CONFLICT DO NOTHING
    ) {SEE_AGAIN}
"""  # what such a look writes, and no more: a trigger of the table completes the row when something else of it changes
JSONB_VERSION = b"\x01"
TEXT = postgres.types["text"]
ARRAY_HEAD = Struct("!iiIii")  # dimensions, has NULLs, type of the elements; of the one dimension: length, first index
EMPTY_ARRAY = Struct("!iiI").pack(0, 0, TEXT.oid)
LENGTH = Struct("!i")


async def prepare_connection(connection: psycopg.AsyncConnection) -> None:
    """Make the staging table of this connection, and let it write what goes there.

    Behind a pooler each transaction makes its own.
    """
    register_dumpers(connection)
    if not is_pooled(connection):
        await connection.execute(CREATE_STAGING)


class Occasion(NamedTuple):
    """When a transaction writes, and for whom."""

    now: datetime
    """The server's time."""
    zero: datetime
    """What it was when `time.monotonic` was 0."""
    crawl: str | None = None
    is_judged: bool = False
    """The crawl is not accepted yet: the rows that it finds are kept as they were."""
    barred: frozenset[StoreKey] = frozenset()
    """Stores of which nothing is to be stored."""

    def said(self, row: StoreRow) -> list[str]:
        """Return what is to be kept of the fields that a page says."""
        return fields_of(row.store) if self.is_judged else []

    def allowed(self, rows: Sequence[StoreRow]) -> list[StoreRow]:
        return [row for row in rows if row.key not in self.barred]


async def see_again(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], occasion: Occasion) -> set[StoreKey]:
    """Note that stores were seen again whose rows say already what their pages say; return the keys of those."""
    zero = occasion.zero
    pages = {
        **by_key([row.key for row in rows]),
        "digests": [row.digest for row in rows],
        "seen": [row.seen_at(zero) for row in rows],
        "fetched": [row.fetched_at(zero) for row in rows],
        "said": [" ".join(occasion.said(row)) for row in rows],
        "now": occasion.now,
        "crawl": occasion.crawl,
    }
    await cursor.execute(SEEN_AGAIN_TO_JUDGE if occasion.is_judged else SEEN_AGAIN, pages)
    return set(await cursor.fetchall())


async def merge(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], occasion: Occasion) -> None:
    """Bring the rows of these stores, one a key, up to their pages, or add them; write down what has changed.

    Raises:
        psycopg.DataError, psycopg.IntegrityError: one of them cannot be stored.
    """
    parameters = {"now": occasion.now, "crawl": occasion.crawl}
    await _copy(cursor, rows, occasion)
    await cursor.execute(ADD_TO_JUDGE if occasion.is_judged else ADD, parameters if occasion.is_judged else None)
    if cursor.rowcount == len(rows):
        return
    await cursor.execute(LOCK)
    if occasion.is_judged:
        await cursor.execute(KEEP_BEFORE, parameters)
    await cursor.execute(CHANGE, parameters)


async def reread(
    cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], pages: Mapping[StoreKey, int], occasion: Occasion
) -> set[StoreKey]:
    """Let rows say what the parsers of today make of their newest pages; return the keys of those that there are.

    `pages`: the digest of the page that was read, by key.

    Raises:
        psycopg.DataError, psycopg.IntegrityError: one of them cannot be stored.
    """
    await _copy(cursor, rows, occasion._replace(is_judged=True))
    await cursor.execute(LOCK)
    known = set(await cursor.fetchall())
    read = {**by_key(pages), "pages": list(pages.values())}
    await cursor.execute(REREAD, read)
    await cursor.execute(SAY_AGAIN, read)
    return known


async def _copy(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], occasion: Occasion) -> None:
    if is_pooled(cursor.connection):
        await cursor.execute(CREATE_POOLED_STAGING)
    async with cursor.copy(COPY) as copy:
        copy.set_types(TYPES)
        for number, row in enumerate(rows, 1):
            try:
                times = row.seen_at(occasion.zero), row.fetched_at(occasion.zero)
                said = [*row.store.blank], [*row.store.partial], occasion.said(row)
                await copy.write_row((*row.values(), *times, *said))
            except OverflowError as error:  # beyond 64 bits
                raise psycopg.DataError(str(error)) from error
            if not number % BREATH:
                await asyncio.sleep(0)  # PostgreSQL reads what was sent meanwhile


class JsonbDumper(Dumper):
    """psycopg's own dumpers find out at each value what is in it; these know, and take half the time."""

    format = pq.Format.BINARY
    oid = postgres.types["jsonb"].oid

    def dump(self, obj: Any) -> bytes:
        return JSONB_VERSION + encode_json(obj)


class TextArrayDumper(Dumper):
    format = pq.Format.BINARY
    oid = TEXT.array_oid

    def dump(self, obj: list[str]) -> bytes:
        if not obj:
            return EMPTY_ARRAY
        parts = [ARRAY_HEAD.pack(1, 0, TEXT.oid, len(obj), 1)]
        for element in obj:
            text = element.encode()
            parts += (LENGTH.pack(len(text)), text)
        return b"".join(parts)


def register_dumpers(connection: psycopg.Connection | psycopg.AsyncConnection) -> None:
    """Let `COPY` use them on this connection, where the types of the columns are told."""
    connection.adapters.register_dumper(None, JsonbDumper)
    connection.adapters.register_dumper(None, TextArrayDumper)
