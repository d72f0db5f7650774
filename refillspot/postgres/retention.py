"""For how long what is kept stays: past that nobody asks for it. Stores themselves are kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from refillspot.language import lazy_gettext as _
from refillspot.postgres.care import busy_tables_told
from refillspot.postgres.connection import open_connection
from refillspot.postgres.database import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import psycopg

    from refillspot.language import Message

BATCH = 5_000  # rows in one transaction: a crawl beside it waits for none of them longer than that takes
KEPT_CRAWLS = 20  # of those with equal arguments, however old: what the next ones are compared with
UNDECIDED = "SELECT FROM refillspot.crawls AS c WHERE c.id = t.crawl AND NOT c.accepted AND c.decision IS NULL"


class Kept(NamedTuple):
    what: Message
    table: str
    is_past: str
    """Condition on its rows, `t`."""
    days: int | None = None
    """For how long they stay; None: until nothing rests on them."""


CHANGES = "store_history"
KEPT = (
    Kept(_("changes of stores"), CHANGES, "t.first_seen_new < %(before)s", 730),
    Kept(_("stores that PostgreSQL refused"), "rejects", "t.rejected_at < %(before)s", 180),
    Kept(_("pages that no parser could read"), "unread_pages", "t.kept_at < %(before)s", 180),
    Kept(
        _("pages of stores that are gone"),
        "store_pages",
        """EXISTS (
            SELECT FROM refillspot.stores AS s
            WHERE (s.site, s.ref) = (t.site, t.ref) AND s.status <> 'operating' AND s.status_at < %(before)s
        )""",
        730,
    ),
    Kept(_("rows kept for crawls that are judged by now"), "store_before", f"NOT EXISTS ({UNDECIDED})"),
    Kept(_("what searches told crawls that are judged by now"), "query_answers", f"NOT EXISTS ({UNDECIDED})"),
    Kept(_("what crawls heard of stores that are judged by now"), "crawl_sightings", f"NOT EXISTS ({UNDECIDED})"),
    Kept(
        _("records of crawls"),
        "crawls",
        f"""t.state <> 'running' AND t.ended_at < %(before)s AND (t.accepted OR t.decision IS NOT NULL) AND (
            SELECT count(*) FROM refillspot.crawls AS later
            WHERE (later.spider, later.arguments) = (t.spider, t.arguments) AND later.started_at > t.started_at
        ) >= {KEPT_CRAWLS}""",
        730,
    ),
    Kept(
        _("records of commits"),
        "crawl_commits",
        "t.crawl IS NOT NULL AND NOT EXISTS (SELECT FROM refillspot.crawls AS c WHERE c.id = t.crawl)",
    ),
)
"""In this order: what goes with a crawl goes after it."""


@dataclass(slots=True, frozen=True)
class Removal:
    kept: Kept
    count: int
    days: int | None


def prune(
    database_url: str, now: datetime, days: Mapping[str, int], *, is_trial: bool = False, batch: int = BATCH
) -> Iterator[Removal]:
    """Delete what is past its time, and yield how much of each kind, or with `is_trial` only count it. This blocks.

    `days`: other times than `KEPT` says, by table. What is interrupted has done a part, and the next one does the rest.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer, or somebody holds rows for too long.
        UnsuitableServerError: the account lacks a right.
    """
    with busy_tables_told(), open_connection(database_url, autocommit=True) as connection:
        for kept in KEPT:
            kept_days = days.get(kept.table, kept.days)
            asked = {"before": now - timedelta(days=kept_days or 0), "batch": batch}
            yield Removal(kept, (_count if is_trial else _delete)(connection, kept, asked), kept_days)


def _count(connection: psycopg.Connection, kept: Kept, asked: Mapping[str, object]) -> int:
    found = connection.execute(
        f"SELECT count(*) FROM refillspot.{kept.table} AS t WHERE {kept.is_past}".encode(), asked
    )
    return int((found.fetchone() or (0,))[0])


def _delete(connection: psycopg.Connection, kept: Kept, asked: Mapping[str, object]) -> int:
    rows = f"SELECT t.ctid FROM refillspot.{kept.table} AS t WHERE {kept.is_past} LIMIT %(batch)s"
    statement = f"DELETE FROM refillspot.{kept.table} WHERE ctid = ANY(ARRAY({rows}))".encode()
    count = 0
    while True:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'".encode())
            deleted = connection.execute(statement, asked).rowcount
        if not deleted:
            return count
        count += deleted
