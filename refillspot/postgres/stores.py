"""Stores into `refillspot.stores`: COPY into a staging table, one merge, one transaction."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from refillspot.postgres.columns import COLUMNS, copy_row, merge_expression, to_json
from refillspot.postgres.migrations import migrate
from refillspot.postgres.patience import ATTEMPT_SECONDS, ROW_AT_FAULT, when_available
from refillspot.postgres.unread import keep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from refillspot.clock import Clock
    from refillspot.items import Store, UnreadPage

logger = logging.getLogger(__name__)

NAMES = ", ".join(column.name for column in COLUMNS)
CREATE_STAGING = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_stores ON COMMIT DELETE ROWS
    AS SELECT {NAMES} FROM refillspot.stores WITH NO DATA
"""
COPY = f"COPY pg_temp.incoming_stores ({NAMES}) FROM STDIN"
MERGE = f"""
    INSERT INTO refillspot.stores AS s ({NAMES}, first_seen_at, last_seen_at)
    SELECT {NAMES}, %(now)s, %(now)s FROM pg_temp.incoming_stores ORDER BY ref
    ON CONFLICT (ref) DO UPDATE SET
        {", ".join(f"{column.name} = {merge_expression(column)}" for column in COLUMNS if column.name != "ref")},
        status = 'operating', last_seen_at = EXCLUDED.last_seen_at
"""  # in order of ref, so that two workers' merges cannot wait for each other in a circle
REJECT = "INSERT INTO refillspot.rejects (ref, store, error, rejected_at) VALUES (%s, %s, %s, %s)"
KNOWN = "SELECT count(*) FROM refillspot.stores WHERE district_code = ANY(%s) AND refill_verdict <> 'unlikely'"
COUNT_STORED = "UPDATE refillspot.crawls SET stored = stored + %s WHERE id = %s"
COUNT_REJECTED = "UPDATE refillspot.crawls SET rejected = rejected + 1 WHERE id = %s"
TRANSACTION = "SELECT pg_current_xact_id()::text"
BECAME = "SELECT pg_xact_status(%s::xid8)"


@dataclass(slots=True)
class Outcome:
    """What became of the stores of one write."""

    stored: int = 0
    rejected: int = 0
    waits: int = 0
    """How often PostgreSQL had to be waited for."""


class StoreTable:
    """Writes stores over one connection, which it opens, and opens again when it breaks."""

    def __init__(self, database_url: str, clock: Clock, *, attempt_seconds: float = ATTEMPT_SECONDS) -> None:
        self._database_url = database_url
        self._clock = clock
        self._attempt_seconds = attempt_seconds
        self._connection: psycopg.AsyncConnection | None = None
        self._unsure: str | None = None  # a transaction whose COMMIT was sent, until its answer is there
        self._turn = asyncio.Lock()  # transactions of one connection do not mix

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises:
            psycopg.Error: PostgreSQL does not answer or refuses.
            SchemaVersionError: the schema is newer than this program.
        """
        connection = await psycopg.AsyncConnection.connect(self._database_url, autocommit=True, connect_timeout=10)
        try:
            await migrate(connection)
            await connection.execute(CREATE_STAGING)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def known_refill_stores(self, district_codes: Sequence[str]) -> int:
        """Return how many refill stores of these districts are known already."""
        cursor = await (await self._open_connection()).execute(KNOWN, [list(district_codes)])
        return int((await cursor.fetchone() or (0,))[0])

    async def write(self, stores: Sequence[Store], crawl_id: str | None = None) -> Outcome:
        """Store each of them, or put it among the rejects with the reason. Waits for PostgreSQL as long as it takes.

        What `crawl_id` stored is counted in `refillspot.crawls`, in the same transaction.
        """
        outcome = Outcome()
        batch = {store.ref: store for store in stores}  # ON CONFLICT takes a key once; the last counts
        async with self._turn:
            await self._write_or_split(list(batch.values()), crawl_id, outcome)
        return outcome

    async def keep_unread(self, page: UnreadPage) -> None:
        """Keep a page for `scrapy db reparse`. Waits for PostgreSQL as long as it takes."""

        async def keep_page() -> None:
            await keep(await self._open_connection(), page, self._clock.now())

        async with self._turn:
            await when_available(keep_page, self.close, attempt_seconds=self._attempt_seconds)

    async def _write_or_split(self, stores: list[Store], crawl_id: str | None, outcome: Outcome) -> None:
        async def waiting() -> None:
            outcome.waits += 1
            await self.close()

        async def patiently(operation: Callable[[], Awaitable[None]]) -> None:
            await when_available(operation, waiting, attempt_seconds=self._attempt_seconds)

        try:
            await patiently(lambda: self._merge(stores, crawl_id))
        except ROW_AT_FAULT as error:
            if len(stores) == 1:
                reason = str(error)
                await patiently(lambda: self._reject(stores[0], reason, crawl_id))
                outcome.rejected += 1
                return
            middle = len(stores) // 2
            await self._write_or_split(stores[:middle], crawl_id, outcome)
            await self._write_or_split(stores[middle:], crawl_id, outcome)
        else:
            outcome.stored += len(stores)

    async def _merge(self, stores: list[Store], crawl_id: str | None) -> None:
        connection = await self._open_connection()
        if await self._was_committed(connection):
            return
        async with connection.transaction(), connection.cursor() as cursor:
            async with cursor.copy(COPY) as copy:
                for store in stores:
                    await copy.write_row(copy_row(store))
            await cursor.execute(MERGE, {"now": self._clock.now()})
            await cursor.execute(COUNT_STORED, [len(stores), crawl_id])
            await self._note_transaction(cursor)
        self._unsure = None

    async def _reject(self, store: Store, reason: str, crawl_id: str | None) -> None:
        logger.error("store %s was refused by PostgreSQL and is kept in refillspot.rejects: %s", store.ref, reason)
        row = [store.ref, to_json(store), reason, self._clock.now()]
        connection = await self._open_connection()
        if await self._was_committed(connection):
            return
        async with connection.transaction(), connection.cursor() as cursor:
            await cursor.execute(REJECT, row)
            await cursor.execute(COUNT_REJECTED, [crawl_id])
            await self._note_transaction(cursor)
        self._unsure = None

    async def _note_transaction(self, cursor: psycopg.AsyncCursor) -> None:
        await cursor.execute(TRANSACTION)
        (self._unsure,) = await cursor.fetchone() or (None,)

    async def _was_committed(self, connection: psycopg.AsyncConnection) -> bool:
        """Whether the attempt before this one was committed and only the answer was lost: it must not count twice."""
        if self._unsure is None:
            return False
        try:
            cursor = await connection.execute(BECAME, [self._unsure])
        except psycopg.DataError:  # another server than the one of that transaction, restored or taken over
            self._unsure = None
            return False
        (became,) = await cursor.fetchone() or (None,)
        if became == "in progress":
            raise psycopg.OperationalError("it is not yet known whether the last commit succeeded")
        self._unsure = None
        return bool(became == "committed")

    async def _open_connection(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            await self.open()
        assert self._connection is not None  # noqa: S101  # open() set it or raised
        return self._connection
