"""What tables need now and then: statistics, new indexes, and a look at what goes wrong without a word."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors, sql
from psycopg.rows import args_row

from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.backup import TABLES, read_tables
from refillspot.postgres.connection import is_pooled, open_connection
from refillspot.postgres.database import LOCK_TIMEOUT
from refillspot.postgres.suitability import errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LEFT_OVER = """
    SELECT c.relname::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace = to_regnamespace('refillspot') AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
"""  # by a REINDEX CONCURRENTLY that came to no end
INDEXES = """
    SELECT c.relname::text, pg_relation_size(c.oid) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace = to_regnamespace('refillspot') AND c.relkind = 'i' ORDER BY 2, 1
"""
SIZE = "SELECT pg_relation_size(to_regclass(%s))"
INVALID = """
    SELECT c.relname::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace = to_regnamespace('refillspot') AND NOT i.indisvalid ORDER BY 1
"""
UNUSED = """
    SELECT indexrelname::text, pg_relation_size(indexrelid), (
            SELECT coalesce(stats_reset, pg_postmaster_start_time()) FROM pg_stat_database
            WHERE datname = current_database()
        )
    FROM pg_stat_all_indexes JOIN pg_index USING (indexrelid)
    WHERE schemaname = 'refillspot' AND idx_scan = 0 AND NOT indisunique AND pg_relation_size(indexrelid) >= %(least)s
    ORDER BY 1
"""
# Expected: a live row with its header, and what fillfactor leaves free; a b-tree that is 90 % full.
BLOATED_TABLES = """
    SELECT c.relname::text, pg_relation_size(c.oid), expected::bigint
    FROM pg_class AS c, LATERAL (SELECT sum((1 - null_frac) * avg_width) AS width FROM pg_stats
            WHERE schemaname = 'refillspot' AND tablename = c.relname) AS s,
        LATERAL (SELECT coalesce(substring(c.reloptions::text FROM 'fillfactor=([0-9]+)')::float8, 100) AS full) AS f,
        LATERAL (SELECT c.reltuples * (width + 32) * 100 / f.full AS expected) AS e
    WHERE c.relnamespace = to_regnamespace('refillspot') AND c.relkind = 'r' AND c.reltuples >= 0
        AND pg_relation_size(c.oid) >= %(least)s AND pg_relation_size(c.oid) > %(times)s * expected
"""
BLOATED_INDEXES = """
    SELECT c.relname::text, pg_relation_size(c.oid), expected::bigint
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
        JOIN pg_am ON pg_am.oid = c.relam AND amname = 'btree',
        LATERAL (SELECT sum(avg_width + 4) AS width FROM pg_attribute AS a JOIN pg_stats AS s ON s.attname = a.attname
            WHERE a.attrelid = t.oid AND a.attnum = ANY(i.indkey) AND s.tablename = t.relname
                AND s.schemaname = 'refillspot') AS w,
        LATERAL (SELECT c.reltuples * (width + 12) / 0.9 AS expected) AS e
    WHERE c.relnamespace = to_regnamespace('refillspot') AND NOT 0 = ANY(i.indkey) AND t.reltuples >= 0
        AND pg_relation_size(c.oid) >= %(least)s AND pg_relation_size(c.oid) > %(times)s * expected
"""
LONG = """
    SELECT pid, coalesce(nullif(application_name, ''), '?'), usename::text, xact_start FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - make_interval(secs => %s)
        AND backend_type = 'client backend'
    ORDER BY xact_start
"""
UNCHECKED = """
    SELECT conname || ' of ' || conrelid::regclass FROM pg_constraint
    WHERE connamespace = to_regnamespace('refillspot') AND NOT convalidated ORDER BY 1
"""
OWNERLESS = {
    "store_pages": "NOT EXISTS (SELECT FROM refillspot.stores AS o WHERE (o.site, o.ref) = (t.site, t.ref))",
    "store_before": "NOT EXISTS (SELECT FROM refillspot.crawls AS o WHERE o.id = t.crawl)",
    "crawl_commits": "crawl IS NOT NULL AND NOT EXISTS (SELECT FROM refillspot.crawls AS o WHERE o.id = t.crawl)",
}
"""Rows that refer to none, by table, where no foreign key sees to it: a merge waits for nobody because of them."""
SWITCHED_OFF = """
    SELECT current_setting('autovacuum') = 'off' OR current_setting('track_counts') = 'off',
        age(datfrozenxid)::bigint FROM pg_database WHERE datname = current_database()
"""
LEAST_BYTES = 10 * 1024 * 1024  # of what is worth a word
BLOAT_TIMES = 3.0  # the size that it should have: an estimate; a row a page may be twice that
LONG_SECONDS = 600.0  # a commit takes a tenth of one, a backup some


@dataclass(slots=True, frozen=True)
class Reindexed:
    name: str
    before: int
    """Bytes."""
    after: int


@dataclass(slots=True, frozen=True)
class Oversized:
    name: str
    size: int
    """Bytes."""
    expected: int
    """Bytes, estimated of its rows and their average width."""


@dataclass(slots=True, frozen=True)
class Unused:
    name: str
    size: int
    """Bytes."""
    since: datetime


@dataclass(slots=True, frozen=True)
class LongTransaction:
    pid: int
    application: str
    user: str
    since: datetime


@dataclass(slots=True, frozen=True)
class Condition:
    """How tables and indexes are."""

    invalid: list[str]
    """Indexes that no search uses."""
    unused: list[Unused]
    oversized_tables: list[Oversized]
    oversized_indexes: list[Oversized]
    long_transactions: list[LongTransaction]
    unchecked: list[str]
    """Constraints that old rows need not keep."""
    ownerless: dict[str, int]
    """Rows that refer to none, by table."""
    is_vacuum_off: bool
    transactions: int
    """Age of the oldest: at two thousand millions PostgreSQL takes no more."""


def analyze(database_url: str) -> Iterator[str]:
    """Give the planner new statistics of each table; yield its name when it is done.

    Raises:
        UnsuitableServerError: the account does not own it.
        ServiceUnavailableError: PostgreSQL does not answer, or somebody holds a table.
    """
    with busy_tables_told(), open_connection(database_url, autocommit=True) as connection:
        warnings: list[str] = []  # where it may not, PostgreSQL warns and leaves the table out
        connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
        for table in read_tables(connection.execute(TABLES.encode()).fetchall()):
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'".encode())
                connection.execute(sql.SQL("ANALYZE {}").format(table.identifier))
            if warnings:
                raise UnsuitableServerError(
                    _("PostgreSQL: {error}.").format(error=warnings[0]), _("Run this with the account that owns them.")
                )
            yield table.name


def reindex(database_url: str) -> Iterator[Reindexed]:
    """Make each index anew beside crawls, the smallest first; yield it when it is done.

    What one that came to no end has left is dropped first: it is in nobody's way but the disk's.

    Raises:
        UnsuitableServerError: the account does not own it, or a pooler is in between.
        ServiceUnavailableError: PostgreSQL does not answer, or a transaction is in the way.
    """
    with busy_tables_told(), open_connection(database_url, autocommit=True) as connection:
        if is_pooled(connection):
            raise UnsuitableServerError(
                _("indexes cannot be made anew through a pooler."), _("Give PostgreSQL's own address in DATABASE_URL.")
            )
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'".encode())
        _drop_left_over(connection)
        for name, before in connection.execute(INDEXES).fetchall():
            identifier = sql.Identifier("refillspot", name)
            connection.execute(sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(identifier))
            (after,) = connection.execute(SIZE, [f'refillspot."{name}"']).fetchone() or (0,)
            yield Reindexed(name, before, after)


def examine(database_url: str, *, long_seconds: float = LONG_SECONDS, least_bytes: int = LEAST_BYTES) -> Condition:
    """Look how tables and indexes are.

    Raises:
        UnsuitableServerError: the account may not read them.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    size = {"least": least_bytes, "times": BLOAT_TIMES}
    with busy_tables_told(), open_connection(database_url) as connection:
        cursor = connection.cursor()
        is_off, transactions = cursor.execute(SWITCHED_OFF).fetchone() or (False, 0)
        counts = {table: _count(connection, table) for table in OWNERLESS}
        oversized = connection.cursor(row_factory=args_row(Oversized))
        unused = connection.cursor(row_factory=args_row(Unused))
        long = connection.cursor(row_factory=args_row(LongTransaction))
        return Condition(
            [name for (name,) in cursor.execute(INVALID)],
            unused.execute(UNUSED, size).fetchall(),
            oversized.execute(BLOATED_TABLES, size).fetchall(),
            oversized.execute(BLOATED_INDEXES, size).fetchall(),
            long.execute(LONG, [long_seconds]).fetchall(),
            [name for (name,) in cursor.execute(UNCHECKED)],
            {table: count for table, count in counts.items() if count},
            is_off,
            transactions,
        )


def _count(connection: psycopg.Connection, table: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM refillspot.{table} AS t WHERE {OWNERLESS[table]}".encode())
    return int((found.fetchone() or (0,))[0])


def _drop_left_over(connection: psycopg.Connection) -> None:
    for (name,) in connection.execute(LEFT_OVER).fetchall():
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier("refillspot", name)))


@contextmanager
def busy_tables_told() -> Iterator[None]:
    """Tell in words what PostgreSQL does not allow, and that somebody holds a table or a row for too long.

    Raises:
        UnsuitableServerError, ServiceUnavailableError: so it is.
    """
    with errors_told(), refusals_told():
        try:
            yield
        except errors.LockNotAvailable as error:
            told = _(
                "tables are in use for too long: `scrapy db check` names whose transactions are open. Try again then"
            )
            raise ServiceUnavailableError(told) from error
