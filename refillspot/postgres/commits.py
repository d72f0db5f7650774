"""What a crawl has committed, and whether it is still there: PostgreSQL may come back older than it was.

`refillspot.crawl_commits` has a row for each commit of a crawl, written in its transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

MISSING = """
    SELECT c.state = 'complete', greatest(0, %(stored)s::bigint - coalesce(c.stored + c.rejected, 0)), coalesce((
            SELECT jsonb_object_agg(writer, batches) FROM (
                SELECT asked.writer, jsonb_agg(asked.batch) AS batches
                FROM unnest(%(writers)s::text[], %(batches)s::int8[]) AS asked (writer, batch)
                WHERE NOT EXISTS (
                    SELECT FROM refillspot.crawl_commits AS w WHERE (w.writer, w.batch) = (asked.writer, asked.batch)
                )
                GROUP BY asked.writer
            ) AS missing
        ), '{}')
    FROM (SELECT) AS one LEFT JOIN refillspot.crawl_totals AS c ON c.id = %(id)s
"""
ADD_UP = """
    WITH counted AS (
        UPDATE refillspot.crawl_commits AS w SET stored = 0, rejected = 0
        FROM (SELECT writer, batch, stored, rejected FROM refillspot.crawl_commits WHERE crawl = %(id)s) AS before
        WHERE (w.writer, w.batch) = (before.writer, before.batch) AND (before.stored > 0 OR before.rejected > 0)
        RETURNING before.stored, before.rejected
    ), total AS (
        SELECT coalesce(sum(stored), 0) AS stored, coalesce(sum(rejected), 0) AS rejected FROM counted
    )
    UPDATE refillspot.crawls AS c SET stored = c.stored + total.stored, rejected = c.rejected + total.rejected
    FROM total WHERE id = %(id)s
"""
FORGET = """
    DELETE FROM refillspot.crawl_commits AS w WHERE committed_at < now() - interval '30 days' AND NOT EXISTS (
        SELECT FROM refillspot.crawls AS c WHERE c.id = w.crawl AND c.state <> 'complete'
    )
"""  # an interrupted crawl is asked about them however late it goes on


@dataclass(slots=True, frozen=True)
class Remembered:
    """What the queue of a crawl knows of its stores."""

    stored: int = 0
    """How many requests it was told to be stored, in all."""
    batches: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By which commits those of the last minute were, by writer."""
    queue: str = ""
    look: int = 0
    """Which look at the queue this was, of all."""
    at_ms: int = 0
    """When that was, by the queue's clock."""


@dataclass(slots=True, frozen=True)
class Missing:
    """What is not there of what the queue of a crawl remembers."""

    stores: int
    batches: Mapping[str, Sequence[int]]

    def __bool__(self) -> bool:
        return bool(self.stores or self.batches)


async def find_missing(connection: psycopg.AsyncConnection, crawl_id: str, remembered: Remembered) -> Missing | None:
    """Return what of a crawl's stores is not there; None if it is complete: then nobody asks any more."""
    asked = [(writer, batch) for writer, batches in remembered.batches.items() for batch in batches]
    writers, numbers = [writer for writer, _ in asked], [batch for _, batch in asked]
    values = {"id": crawl_id, "stored": remembered.stored, "writers": writers, "batches": numbers}
    is_complete, stores, batches = await (await connection.execute(MISSING, values)).fetchone() or (False, 0, {})
    return None if is_complete else Missing(stores, batches)


async def add_up(connection: psycopg.AsyncConnection, crawl_id: str) -> None:
    """Count what a crawl has committed in its own row, once; and forget what nobody asks for any more."""
    await connection.execute(ADD_UP, {"id": crawl_id})
    await connection.execute(FORGET)
