"""What each worker of a crawl has counted, kept: `refillspot.crawl_workers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from refillspot.postgres.connection import limit_statements, open_async_connection, open_connection
from refillspot.postgres.suitability import errors_told
from refillspot.stats.worker_stats import WorkerStats

if TYPE_CHECKING:
    from collections.abc import Sequence

SAVE = """
    INSERT INTO refillspot.crawl_workers AS kept (crawl, worker, started_at, seen_at, ended_at, stats)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (crawl, worker) DO UPDATE
    SET seen_at = EXCLUDED.seen_at, ended_at = EXCLUDED.ended_at, stats = EXCLUDED.stats
    WHERE kept.seen_at <= EXCLUDED.seen_at
"""  # an attempt that was given up may still be under way, and must not undo a newer one
READ = """
    SELECT worker, started_at, seen_at, ended_at, stats FROM refillspot.crawl_workers
    WHERE crawl = %s ORDER BY started_at, worker
"""


async def save(database_url: str, crawl_id: str, worker: WorkerStats) -> None:
    """Keep the stats of a worker in place of its older ones.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer, or refuses.
    """
    values = [crawl_id, worker.worker, worker.started_at, worker.seen_at, worker.ended_at, Jsonb(worker.stats)]
    with errors_told():
        async with await open_async_connection(database_url) as connection:
            await connection.execute(SAVE, values)


def read(database_url: str, crawl_id: str) -> Sequence[WorkerStats]:
    """Return what the workers of a crawl have counted, in the order in which they were started. This blocks.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with errors_told(), open_connection(database_url) as connection:
        limit_statements(connection)
        return connection.cursor(row_factory=class_row(WorkerStats)).execute(READ, [crawl_id]).fetchall()
