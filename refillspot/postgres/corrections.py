"""What people have put right, and which stores are barred: `refillspot.corrections` and `refillspot.barred_stores`.

For commands: this blocks. The outward views show what rules; the tables of stores stay as the site says.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.parsing.text import clean_text
from refillspot.postgres.connection import open_connection
from refillspot.postgres.database import update_schema
from refillspot.postgres.suitability import errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from refillspot.items import StoreKey

OWN = "own"
"""The site of stores that somebody added."""
FOUND = """
    SELECT site, ref, name, branch, region FROM refillspot.stores
    WHERE ref = %(ref)s AND (%(site)s::text IS NULL OR site = %(site)s) ORDER BY site
"""
BARRED = """
    SELECT b.site, b.ref, s.name, b.how AS field, NULL::jsonb AS value, NULL::jsonb AS based_on, NULL::jsonb AS said,
        false AS is_stale, b.note, b.barred_at AS made_at
    FROM refillspot.barred_stores AS b LEFT JOIN refillspot.stores AS s USING (site, ref)
"""
CORRECTED = """
    SELECT c.site, c.ref, s.name, c.field, c.value, c.based_on, c.said, c.is_stale, c.note, c.made_at
    FROM refillspot.corrections_now AS c JOIN refillspot.stores AS s USING (site, ref)
"""
ADDED = f"""
    SELECT site, ref, name, 'added' AS field, NULL::jsonb, NULL::jsonb, NULL::jsonb, false, NULL, first_seen_at
    FROM refillspot.stores WHERE site = '{OWN}'
"""
ALL = (
    f"SELECT * FROM ({BARRED} UNION ALL {CORRECTED} UNION ALL {ADDED}) AS c ORDER BY is_stale DESC, made_at, ref, field"
)
CORRECT = """
    INSERT INTO refillspot.corrections AS c (site, ref, field, value, based_on, note)
    VALUES (%(site)s, %(ref)s, %(field)s, %(value)s, 'null', %(note)s)
    ON CONFLICT (site, ref, field) DO UPDATE SET
        value = EXCLUDED.value, note = coalesce(EXCLUDED.note, c.note), made_at = now()
"""
BASE = """
    UPDATE refillspot.corrections AS c SET based_on = n.said FROM refillspot.corrections_now AS n
    WHERE (c.site, c.ref, c.field) = (n.site, n.ref, n.field)
        AND (c.site, c.ref) = (%(site)s, %(ref)s) AND c.field = ANY(%(fields)s)
"""
TRIED = "CREATE TEMPORARY TABLE tried_stores (LIKE refillspot.stores INCLUDING CONSTRAINTS) ON COMMIT DROP"
TRY = """
    INSERT INTO pg_temp.tried_stores SELECT (jsonb_populate_record(s, %(value)s)).*
    FROM refillspot.stores AS s WHERE (site, ref) = (%(site)s, %(ref)s)
"""
ADD = """
    INSERT INTO refillspot.stores ({columns})
    SELECT {columns} FROM jsonb_populate_record(NULL::refillspot.stores, %(value)s)
"""
BAR = """
    INSERT INTO refillspot.barred_stores (site, ref, how, note) VALUES (%(site)s, %(ref)s, %(how)s, %(note)s)
    ON CONFLICT (site, ref) DO UPDATE SET
        how = EXCLUDED.how, note = CASE EXCLUDED.how WHEN 'hidden' THEN coalesce(EXCLUDED.note, barred_stores.note) END
"""
LOCK_COMMITS = "LOCK TABLE refillspot.crawl_commits IN SHARE ROW EXCLUSIVE MODE"
"""Waits for workers that are storing something; those that come after see what was barred."""
TABLES_OF_STORES = """
    SELECT c.relname::text FROM pg_class AS c
    WHERE c.relnamespace = 'refillspot'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'barred_stores'
        AND 2 = (
            SELECT count(*) FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attname IN ('site', 'ref') AND NOT a.attisdropped
        )
    ORDER BY 1
"""
UNLIST = """
    UPDATE {} SET refs = array_remove(refs, %(ref)s) WHERE site = %(site)s AND %(ref)s = ANY(refs)
"""
MEANT = "ref = %(ref)s AND (%(site)s::text IS NULL OR site = %(site)s) AND (%(field)s::text IS NULL OR"
UNDO = (
    f"DELETE FROM refillspot.corrections WHERE {MEANT} field = %(field)s)",
    f"DELETE FROM refillspot.barred_stores WHERE {MEANT} how = %(field)s)",
    f"DELETE FROM refillspot.stores WHERE {MEANT} 'added' = %(field)s) AND site = '{OWN}'",
)


@dataclass(slots=True, frozen=True)
class Correction:
    """What somebody has said of a store."""

    site: str
    ref: str
    name: str | None
    """Of the store, as the site says; None: nothing is known of it (any more)."""
    field: str
    """What is corrected; hidden, forgotten, added: the whole store."""
    value: dict[str, Any] | None
    based_on: Any
    """What the site had said of the field."""
    said: Any
    """What it says now."""
    is_stale: bool
    """That is something else: the correction does not rule."""
    note: str | None
    made_at: datetime


class CorrectionTable:
    """Over one connection; what is done in it is one transaction: see `corrections`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def find(self, ref: str, site: str | None) -> dict[str, Any]:
        """Return key, name, branch and region of the store with this id.

        Raises:
            ArgumentError: there is none, or several sites have one.
        """
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return only_one(cursor.execute(FOUND, {"ref": clean_text(ref), "site": site}).fetchall(), ref)

    def correct(self, key: StoreKey, fields: Mapping[str, dict[str, Any]], note: str | None) -> None:
        """Let these columns be what the outward views show, as long as the site says what it says now.

        Raises:
            ArgumentError: no store can be so.
        """
        site, ref = key
        for field, columns in fields.items():
            values = {"site": site, "ref": ref, "field": field, "value": Jsonb(columns), "note": clean_text(note)}
            self._connection.execute(CORRECT, values)
        self._connection.execute(BASE, {"site": site, "ref": ref, "fields": list(fields)})
        with _refused_told():
            self._connection.execute(TRIED)
            value = {name: value for columns in fields.values() for name, value in columns.items()}
            self._connection.execute(TRY, {"site": site, "ref": ref, "value": Jsonb(value)})

    def add(self, columns: Mapping[str, Any]) -> None:
        """Add a store that no site has.

        Raises:
            ArgumentError: no store can be so.
        """
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with _refused_told():
            self._connection.execute(sql.SQL(ADD).format(columns=names), {"value": Jsonb(dict(columns))})

    def bar(self, key: StoreKey, note: str | None) -> None:
        """Let a store never be asked for, stored or shown again; what is known of it stays."""
        site, ref = key
        self._connection.execute(BAR, {"site": site, "ref": ref, "how": "hidden", "note": clean_text(note)})

    def forget(self, key: StoreKey) -> dict[str, int]:
        """Delete all that the tables have of a store, and let nothing of it ever be stored again.

        Return how many rows of which table it were. What backups and files hold stays there.
        """
        site, ref = key
        values = {"site": site, "ref": ref, "how": "forgotten", "note": None}
        self._connection.execute(LOCK_COMMITS)
        self._connection.execute(BAR, values)
        counts = {}
        for (table,) in self._connection.execute(TABLES_OF_STORES).fetchall():
            deleting = sql.SQL("DELETE FROM {} WHERE site = %(site)s AND ref = %(ref)s")
            counts[table] = self._connection.execute(
                deleting.format(sql.Identifier("refillspot", table)), values
            ).rowcount
        for table in ("query_answers", "query_yields"):
            unlisting = sql.SQL(UNLIST).format(sql.Identifier("refillspot", table))
            counts[table] = self._connection.execute(unlisting, values).rowcount
        return {table: count for table, count in counts.items() if count}

    def undo(self, ref: str, site: str | None, field: str | None) -> int:
        """Take back what was said of a store, or of one field of it; return how much that was."""
        values = {"ref": clean_text(ref), "site": site, "field": field}
        return sum(self._connection.execute(statement, values).rowcount for statement in UNDO)

    def read(self) -> list[Correction]:
        """Return all corrections, those that do not rule any more first."""
        with self._connection.cursor(row_factory=class_row(Correction)) as cursor:
            return cursor.execute(ALL).fetchall()


def only_one(found: Sequence[dict[str, Any]], ref: str, alike: Collection[str] = ()) -> dict[str, Any]:
    """Return the store that was found by its id; `alike` are ids that could have been meant.

    Raises:
        ArgumentError: there is none, or several sites have one.
    """
    if len(found) == 1:
        return found[0]
    if found:
        sites = ", ".join(row["site"] for row in found)
        told = _("several sites have a store {ref}: choose with --site ({sites})")
        raise ArgumentError(told.format(ref=ref, sites=sites))
    told = _("there is no store {ref}; scrapy stores --query TEXT finds one by its name.").format(ref=ref)
    raise ArgumentError(told + did_you_mean(ref, alike))


@contextmanager
def corrections(database_url: str) -> Iterator[CorrectionTable]:
    """Yield what reads and writes corrections, in one transaction.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
        UnsuitableServerError: the account lacks a right.
    """
    update_schema(database_url)
    with errors_told(), refusals_told(), open_connection(database_url) as connection:
        yield CorrectionTable(connection)


@contextmanager
def _refused_told() -> Iterator[None]:
    try:
        yield
    except (psycopg.DataError, errors.IntegrityError) as error:
        told = _("no store can be like that: {error}")
        raise ArgumentError(told.format(error=str(error).partition("\n")[0])) from error
