"""Which queue a crawl has: one Redis for all its workers, on record in `refillspot.crawls` while any of them lives.

Hosts that share a database and not a Redis would each crawl all of it, at twice the pace.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from refillspot.exceptions import QueueElsewhereError, ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.connection import ATTEMPT_SECONDS, LOOK_SECONDS, open_connection, open_for_a_look, transaction
from refillspot.postgres.suitability import errors_told

if TYPE_CHECKING:
    from typing import Any

    import psycopg

LEASE_SECONDS = 30
"""After so long without a sign of life anybody may go on with a crawl, with whatever queue. Three looks of a worker."""
ELSEWHERE = "queue <> %(queue)s AND queue_seen_at > now() - make_interval(secs => %(lease)s)"
HOLD = f"""
    UPDATE refillspot.crawls SET queue = %(queue)s, queue_seen_at = now()
    WHERE id = %(id)s AND ({ELSEWHERE}) IS NOT TRUE
"""
LEFT = f"""
    SELECT ceil(extract(epoch FROM queue_seen_at - now()) + %(lease)s)::int
    FROM refillspot.crawls WHERE id = %(id)s AND state = 'running' AND {ELSEWHERE}
"""  # seconds until the queue that is on record counts for nothing
RELEASE = """
    UPDATE refillspot.crawls SET queue_seen_at = NULL WHERE id = %(id)s AND queue = %(queue)s
"""


async def hold_queue(
    connection: psycopg.AsyncConnection,
    crawl_id: str,
    queue: str,
    *,
    is_read_only: bool = False,
    seconds: float = LOOK_SECONDS,
) -> None:
    """Put on record that workers live on this queue of a crawl, or only look whether they may.

    Half of `seconds` is how long another one is waited for that writes the crawl's row.

    Raises:
        QueueElsewhereError: others live on another one.
    """
    asked = _asked(crawl_id, queue)
    if not is_read_only:
        async with transaction(connection, seconds) as cursor:
            if (await cursor.execute(HOLD, asked)).rowcount:
                return
    _refuse(crawl_id, await (await connection.execute(LEFT, asked)).fetchone())


async def take_crawl(database_url: str, crawl_id: str, queue: str) -> None:
    """Do so with a connection of its own.

    Raises:
        QueueElsewhereError: see above.
        ServiceUnavailableError, UnsuitableServerError: PostgreSQL does not answer, or refuses.
    """
    async with open_for_a_look(database_url, ATTEMPT_SECONDS) as connection:
        await hold_queue(connection, crawl_id, queue, seconds=ATTEMPT_SECONDS)


async def leave_crawl(database_url: str, crawl_id: str, queue: str) -> None:
    """Put on record, if PostgreSQL answers, that nobody lives on this queue: whoever comes may go on with another."""
    with suppress(ServiceUnavailableError, UnsuitableServerError):
        async with open_for_a_look(database_url) as connection, transaction(connection, LOOK_SECONDS) as cursor:
            await cursor.execute(RELEASE, _asked(crawl_id, queue))


def check_queue(database_url: str, crawl_id: str, queue: str) -> None:
    """Make sure that nobody works on a crawl with another queue; "" = there is none yet. This blocks.

    Raises:
        QueueElsewhereError: somebody does.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with errors_told(), open_connection(database_url) as connection:
        _refuse(crawl_id, connection.execute(LEFT, _asked(crawl_id, queue)).fetchone())


def _asked(crawl_id: str, queue: str) -> dict[str, Any]:
    return {"id": crawl_id, "queue": queue, "lease": LEASE_SECONDS}


def _refuse(crawl_id: str, left: tuple[int] | None) -> None:
    if left is not None:
        raise QueueElsewhereError(
            _("workers are at work on crawl {id} with a queue in another Redis.").format(id=crawl_id),
            _(
                "Set REDIS_URL on each host to that one: without it, every host has a queue of its own. If nobody "
                "works on it any more, as its Redis is lost or was emptied, run the same command in {seconds} s."
            ).format(seconds=left[0]),
        )
