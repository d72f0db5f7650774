"""Whole databases: migrate one, make and drop one for a scratch space, read the stores of one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_async_connection, open_connection, run
from refillspot.postgres.crawls import NAMED, CrawlTable
from refillspot.postgres.migrations import migrate
from refillspot.stats.crawl import Crawl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


LOOK = """
    SELECT to_regclass('refillspot.migrations') IS NOT NULL, has_database_privilege(current_database(), 'CREATE')
"""
VERSION = "SELECT max(number) FROM refillspot.migrations"


def migrate_database(database_url: str) -> list[str]:
    """Bring the schema of a database up to date; return the names of what was applied.

    Raises:
        SchemaVersionError: it was migrated by a newer refillspot.
    """
    return run(_migrate(database_url))


async def _migrate(database_url: str) -> list[str]:
    async with await open_async_connection(database_url) as connection:
        return await migrate(connection)


@dataclass(slots=True, frozen=True)
class SchemaState:
    version: int | None
    """Number of the last migration that was applied; None: there are no tables."""
    may_create: bool
    """The account may make them."""


def schema_state(database_url: str) -> SchemaState:
    """Look how far the tables of a database are.

    Raises:
        ServiceUnavailableError: the account may not look.
    """
    try:
        with open_connection(database_url, seconds=5) as connection:
            there, may_create = connection.execute(LOOK).fetchone() or (None, False)
            row = connection.execute(VERSION).fetchone() if there else None
    except psycopg.Error as error:
        raise ServiceUnavailableError(
            _("PostgreSQL: {error}.").format(error=str(error).strip()),
            _("Grant this account rights on the schema refillspot, or use the account that created it."),
        ) from error
    return SchemaState(row[0] if row else None, bool(may_create))


@contextmanager
def scratch_database(database_url: str, name: str) -> Iterator[str]:
    """Make an empty database beside the given one, yield its URL, drop it at the end.

    Raises:
        ServiceUnavailableError: the account of `database_url` may not make one.
    """
    identifier = sql.Identifier(name)
    with open_connection(database_url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        except psycopg.Error as error:
            raise ServiceUnavailableError(
                _(
                    "PostgreSQL refuses a temporary database: {error}. Run `ALTER ROLE … CREATEDB` for this "
                    "account, or unset DATABASE_URL to use the embedded server."
                ).format(error=error)
            ) from error
        try:
            yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def join_crawl(database_url: str, spider: str, arguments: Mapping[str, Any], named: str | None, now: datetime) -> Crawl:
    """Return the crawl to take part in, see `CrawlTable.join`."""
    return run(CrawlTable(database_url).join(spider, arguments, named, now))


def look_at_crawl(database_url: str, crawl_id: str) -> Crawl | None:
    """Return a crawl as PostgreSQL knows it, None while PostgreSQL is away."""
    try:
        with (
            open_connection(database_url, seconds=5) as connection,
            connection.cursor(row_factory=class_row(Crawl)) as cursor,
        ):
            return cursor.execute(NAMED, {"id": crawl_id}).fetchone()
    except psycopg.Error:
        return None


def commit_times(database_url: str) -> list[datetime]:
    """Return when the stores were committed, each commit once; of stores that were written again the last one."""
    with open_connection(database_url) as connection:
        rows = connection.execute("SELECT DISTINCT last_seen_at FROM refillspot.stores ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def read_stores(database_url: str) -> list[dict[str, Any]]:
    """Return all stores as rows, refill stores first, cheapest first."""
    with open_connection(database_url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM refillspot.stores ORDER BY refill_verdict, refill_price_krw NULLS LAST, site, ref"
        ).fetchall()
