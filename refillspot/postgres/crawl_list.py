"""Crawls for the operator: list them, change the state of one. For commands: this blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError, ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_connection
from refillspot.postgres.crawls import COLUMNS
from refillspot.postgres.database import migrate_database
from refillspot.stats.crawl import Crawl, CrawlScope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SET_STATE = f"""
    UPDATE refillspot.crawls SET state = %(state)s, ended_at = %(ended_at)s
    WHERE id = %(id)s AND state <> %(state)s RETURNING {COLUMNS}
"""


ANY = CrawlScope()


def list_crawls(database_url: str, scope: CrawlScope = ANY) -> list[Crawl]:
    """Return the crawls that are meant, newest first.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    crawls = _read(database_url, f"SELECT {COLUMNS} FROM refillspot.crawls ORDER BY started_at DESC, id", {})
    return [crawl for crawl in crawls if scope.has(crawl)]


def find_crawl(database_url: str, crawl_id: str) -> Crawl:
    """Return the crawl with this id.

    Raises:
        ArgumentError: there is none, or no crawl can be called so.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    check_crawl_id(crawl_id)
    found = _read(database_url, f"SELECT {COLUMNS} FROM refillspot.crawls WHERE id = %(id)s", {"id": crawl_id})
    if not found:
        raise ArgumentError(_("there is no crawl {crawl_id}: see scrapy crawls list").format(crawl_id=crawl_id))
    return found[0]


def reopen_crawl(database_url: str, crawl_id: str) -> None:
    """Make an ended crawl one that processes join again."""
    _read(database_url, SET_STATE, {"id": crawl_id, "state": "running", "ended_at": None})


def abandon_crawl(database_url: str, crawl_id: str, now: datetime) -> None:
    """Make an unfinished crawl one that nobody joins."""
    _read(database_url, SET_STATE, {"id": crawl_id, "state": "abandoned", "ended_at": now})


def _read(database_url: str, query: str, values: Mapping[str, Any]) -> list[Crawl]:
    try:
        migrate_database(database_url)
        with open_connection(database_url) as connection:
            return connection.cursor(row_factory=class_row(Crawl)).execute(query, values).fetchall()
    except psycopg.OperationalError as error:
        raise ServiceUnavailableError(_("PostgreSQL: {error}").format(error=str(error).strip())) from error
