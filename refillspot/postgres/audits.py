"""What people have found by looking, value by value: `refillspot.audits`. For commands: this blocks."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import psycopg
from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from refillspot.language import lazy_gettext as _
from refillspot.postgres.connection import open_connection
from refillspot.postgres.database import update_schema
from refillspot.postgres.suitability import errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

AuditAnswer = Literal["right", "wrong", "unknown"]
ValueKey = tuple[str, str, str]
"""Site and ref of a store, and the field."""

ANSWERS: tuple[AuditAnswer, ...] = get_args(AuditAnswer)
FIELDS = {
    "status": _("is there"),
    "refill_verdict": _("all-you-can-eat"),
    "refill_price_krw": _("price"),
    "hours": _("hours"),
    "phone": _("phone"),
    "road_addr": _("address"),
}
"""Columns of v_stores that are asked for, in this order, and what they are called."""
KEEP = """
    INSERT INTO refillspot.audits (seed, site, ref, field, value, answer, answered_at)
    VALUES (%(seed)s, %(site)s, %(ref)s, %(field)s, %(value)s, %(answer)s, %(now)s)
    ON CONFLICT (seed, site, ref, field) DO UPDATE
    SET value = EXCLUDED.value, answer = EXCLUDED.answer, answered_at = EXCLUDED.answered_at
"""
ANSWERED = "SELECT site, ref, field, answer FROM refillspot.audits WHERE seed = %(seed)s"
SUMS = """
    SELECT field, count(*) FILTER (WHERE answer = 'right') AS right, count(*) FILTER (WHERE answer = 'wrong') AS wrong,
        count(*) FILTER (WHERE answer = 'unknown') AS unknown, max(answered_at) AS last_at
    FROM refillspot.audits WHERE seed = coalesce(
        %(seed)s::bigint, (SELECT seed FROM refillspot.audits ORDER BY answered_at DESC, seed DESC LIMIT 1)
    ) GROUP BY field
"""


@dataclass(slots=True, frozen=True)
class Audited:
    """How often one field was right in a sample."""

    field: str
    right: int
    wrong: int
    unknown: int
    last_at: datetime


class AuditTable:
    """Over one connection; what is done in it is one transaction: see `audits`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def keep(self, seed: int, key: ValueKey, value: Any, answer: AuditAnswer, now: datetime) -> None:
        """Keep an answer; what was answered of the same field in the same sample before gives way."""
        site, ref, field = key
        row = {"seed": seed, "site": site, "ref": ref, "field": field, "answer": answer, "now": now}
        self._connection.execute(KEEP, row | {"value": Jsonb(value)})

    def answered(self, seed: int) -> dict[ValueKey, AuditAnswer]:
        """Return {(site, ref, field): answer} of a sample."""
        rows = self._connection.execute(ANSWERED, {"seed": seed}).fetchall()
        return {(site, ref, field): answer for site, ref, field, answer in rows}

    def sums(self, seed: int | None = None) -> list[Audited]:
        """Return what a sample came to, in the order of FIELDS; without a seed the one that was answered last."""
        with self._connection.cursor(row_factory=class_row(Audited)) as cursor:
            found = {one.field: one for one in cursor.execute(SUMS, {"seed": seed}).fetchall()}
        return [found[field] for field in FIELDS if field in found]


def latest(database_url: str) -> list[Audited]:
    """Return what the sample came to that was answered last; nothing where this account may not know.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    unknown = (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege)
    with errors_told(), suppress(*unknown), open_connection(database_url) as connection:
        return AuditTable(connection).sums()
    return []


@contextmanager
def audits(database_url: str) -> Iterator[AuditTable]:
    """Yield what reads and writes answers, in one transaction.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
        UnsuitableServerError: the account lacks a right.
    """
    update_schema(database_url)
    with errors_told(), refusals_told(), open_connection(database_url) as connection:
        yield AuditTable(connection)
