"""Stores into `refillspot.stores`: each once, however often PostgreSQL breaks off."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import psycopg

from refillspot.parsing import PARSER_VERSION
from refillspot.postgres.columns import encode_json
from refillspot.postgres.connection import (
    ATTEMPT_SECONDS,
    LOOK_SECONDS,
    ROW_AT_FAULT,
    Backend,
    open_async_connection,
    transaction,
    when_available,
)
from refillspot.postgres.database import check_version, migrate
from refillspot.postgres.kept_pages import count_outdated, keep_pages, keep_unread
from refillspot.postgres.merging import Occasion, merge, prepare_connection, reread, see_again
from refillspot.postgres.presence import deny
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.suitability import refusals_told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from refillspot.clock import Clock
    from refillspot.items import Store, StoreKey, UnknownStore, UnreadPage

logger = logging.getLogger(__name__)

REJECT = "INSERT INTO refillspot.rejects (site, ref, store, error, rejected_at) VALUES (%s, %s, %s, %s, %s)"
KNOWN = """
    SELECT count(*) FROM refillspot.stores WHERE site = %s AND district_code = ANY(%s) AND refill_verdict <> 'unlikely'
"""
BARRED = "SELECT site, ref FROM refillspot.barred_stores"
CLAIM = """
    INSERT INTO refillspot.crawl_commits AS c (writer, batch, crawl) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING clock_timestamp(), ARRAY(SELECT ARRAY[site, ref] FROM refillspot.barred_stores),
        EXISTS (SELECT FROM refillspot.crawls WHERE id = c.crawl AND NOT accepted AND decision IS NULL)
"""  # waits for an older attempt whose end is not known yet, and for one who bars a store: see `corrections.forget`
COUNT = "UPDATE refillspot.crawl_commits SET stored = %s, rejected = %s WHERE writer = %s AND batch = %s"
FORGET = "DELETE FROM refillspot.crawl_commits WHERE writer = %s AND crawl IS NULL"


@dataclass(slots=True)
class Outcome:
    """What became of the stores of one write."""

    stored: int = 0
    rejected: int = 0
    waits: int = 0
    """How often PostgreSQL had to be waited for."""
    batch: int = field(default=0, compare=False)
    """Number of the last commit, among those of this table."""


class StoreTable:
    """Writes stores over one connection, which it opens, and opens again when it breaks."""

    def __init__(
        self,
        database_url: str,
        clock: Clock,
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
        is_given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database_url = database_url
        self._clock = clock
        self._attempt_seconds = attempt_seconds
        self._is_given_up = is_given_up
        self._connection: psycopg.AsyncConnection | None = None
        self._backend: Backend | None = None
        self.writer = secrets.token_hex(8)
        """Under which its commits are on record, numbered, in `refillspot.crawl_commits`."""
        self._batch = 0
        self.barred: frozenset[StoreKey] = frozenset()  # not to be stored, as of the last commit
        self._turn = asyncio.Lock()  # transactions of one connection do not mix

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises:
            psycopg.Error: PostgreSQL does not answer or refuses.
            SchemaVersionError: the schema is newer than this program.
            UnsuitableServerError: the account lacks a right.
        """
        connection = await open_async_connection(self._database_url)
        try:
            if self._backend:
                await self._backend.end(connection)
            self._backend = await Backend.of(connection)
            with refusals_told():
                await migrate(connection)
                await prepare_connection(connection)
                self.barred = frozenset(await (await connection.execute(BARRED)).fetchall())
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, TimeoutError):  # what no crawl has asked for is on nobody's record
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._connection.execute(FORGET, [self.writer])
            await self._drop()

    async def known_refill_stores(self, site: str, district_codes: Sequence[str]) -> int:
        """Return how many refill stores a site is known to have in these districts."""
        with refusals_told():
            cursor = await (await self._open_connection()).execute(KNOWN, [site, list(district_codes)])
        return int((await cursor.fetchone() or (0,))[0])

    async def outdated_stores(self, site: str) -> int:
        """Return how many stores of a site an older parser has read, and their pages can be read again."""
        with refusals_told():
            return await count_outdated(await self._open_connection(), site, PARSER_VERSION)

    async def write(self, stores: Iterable[Store], crawl_id: str | None = None) -> Outcome:
        """Do `write_rows` with stores of which no rows are made yet."""
        return await self.write_rows([StoreRow.of(store) for store in stores], crawl_id)

    async def write_rows(self, rows: Iterable[StoreRow], crawl_id: str | None = None) -> Outcome:
        """Store each of them, or put it among the rejects with the reason. Waits for PostgreSQL: see `when_available`.

        What `crawl_id` stored is counted in `refillspot.crawl_commits`, in the same transaction. Stores that are known
        as they are have one of their own, so that each transaction locks its rows in order of their keys.
        """
        outcome = Outcome()
        batch = list({row.key: row for row in rows}.values())  # ON CONFLICT takes a key once; the last counts
        async with self._turn:
            known = await self._see_again(batch, crawl_id, outcome)
            if rest := [row for row in batch if row.key not in known]:
                await self._merge(rest, crawl_id, outcome)
        return outcome

    async def reread(self, rows: Sequence[StoreRow], pages: Mapping[StoreKey, int]) -> tuple[Outcome, list[StoreRow]]:
        """Let rows say what is made of their newest pages now, whose digests are `pages`; waits as `write_rows`.

        Return those that are not in the table as well.
        """
        outcome = Outcome()
        missing: dict[StoreKey, StoreRow] = {}  # each once, however often PostgreSQL breaks off

        async def read_again(cursor: psycopg.AsyncCursor, some: Sequence[StoreRow], occasion: Occasion) -> None:
            known = await reread(cursor, some, pages, occasion)
            missing.update({row.key: row for row in some if row.key not in known})

        async with self._turn:
            await self._all_or_split(list(rows), read_again, None, outcome)
        outcome.stored -= len(missing)
        return outcome, list(missing.values())

    async def keep_unread(self, page: UnreadPage, crawl_id: str | None = None) -> Outcome:
        """Keep a page for `scrapy db reparse`. Waits for PostgreSQL as long as it takes."""
        outcome = Outcome()

        async def work(cursor: psycopg.AsyncCursor, occasion: Occasion) -> tuple[int, int]:
            if (page.site, page.ref) not in occasion.barred:
                await keep_unread(cursor, page, occasion.now)
            return 0, 0

        async with self._turn:
            await self._commit(work, crawl_id, outcome)
        return outcome

    async def deny(self, store: UnknownStore, crawl_id: str | None = None) -> None:
        """Note that the site has no such store. Waits for PostgreSQL as long as it takes."""

        async def work(cursor: psycopg.AsyncCursor, occasion: Occasion) -> tuple[int, int]:
            await deny(cursor, store, crawl_id, occasion.now)
            return 0, 0

        async with self._turn:
            await self._commit(work, crawl_id, Outcome())

    async def _see_again(self, rows: list[StoreRow], crawl_id: str | None, outcome: Outcome) -> set[StoreKey]:
        known: set[StoreKey] = set()

        async def work(cursor: psycopg.AsyncCursor, occasion: Occasion) -> tuple[int, int]:
            nonlocal known
            if known := await see_again(cursor, occasion.allowed(rows), occasion):
                await _keep_pages(cursor, [row for row in rows if row.key in known], occasion)
            return len(known), 0

        try:
            await self._commit(work, crawl_id, outcome)
        except ROW_AT_FAULT:
            return set()  # a rule that is younger than one of these rows; the merge finds out which
        outcome.stored += len(known)
        return known

    async def _merge(self, rows: list[StoreRow], crawl_id: str | None, outcome: Outcome) -> None:
        async def work(cursor: psycopg.AsyncCursor, some: Sequence[StoreRow], occasion: Occasion) -> None:
            await merge(cursor, allowed := occasion.allowed(some), occasion)
            await _keep_pages(cursor, allowed, occasion)

        await self._all_or_split(rows, work, crawl_id, outcome)

    async def _all_or_split(
        self,
        rows: list[StoreRow],
        work: Callable[[psycopg.AsyncCursor, Sequence[StoreRow], Occasion], Awaitable[None]],
        crawl_id: str | None,
        outcome: Outcome,
    ) -> None:
        """Do `work` with all rows; where one of them is at fault, with each half for itself."""

        async def work_with_all(cursor: psycopg.AsyncCursor, occasion: Occasion) -> tuple[int, int]:
            await work(cursor, rows, occasion)
            return len(rows), 0

        try:
            await self._commit(work_with_all, crawl_id, outcome)
        except ROW_AT_FAULT as error:
            if len(rows) == 1:
                await self._reject(rows[0], str(error), crawl_id, outcome)
                return
            middle = len(rows) // 2
            await self._all_or_split(rows[:middle], work, crawl_id, outcome)
            await self._all_or_split(rows[middle:], work, crawl_id, outcome)
        else:
            outcome.stored += len(rows)

    async def _reject(self, row: StoreRow, reason: str, crawl_id: str | None, outcome: Outcome) -> None:
        logger.error(
            "store %s of %s was refused by PostgreSQL and is kept in refillspot.rejects: %s", row.ref, row.site, reason
        )
        values = [row.site, row.ref, encode_json(row.store).decode(), reason]

        async def work(cursor: psycopg.AsyncCursor, occasion: Occasion) -> tuple[int, int]:
            await check_version(cursor.connection)  # where a newer program has changed the tables, no row is at fault
            if row.key not in occasion.barred:
                await cursor.execute(REJECT, [*values, occasion.now])
            return 0, 1

        await self._commit(work, crawl_id, outcome)
        outcome.rejected += 1

    async def _commit(
        self,
        work: Callable[[psycopg.AsyncCursor, Occasion], Awaitable[tuple[int, int]]],
        crawl_id: str | None,
        outcome: Outcome,
    ) -> None:
        """Do `work` in one transaction, once. It is given when and for whom, and says what it stored and rejected.

        The row of this commit tells an attempt whether the one before it was committed and only the answer was lost.
        """
        self._batch += 1
        this = [self.writer, self._batch]

        async def attempt() -> None:
            connection = await self._open_connection()
            async with transaction(connection, self._attempt_seconds) as cursor:
                await cursor.execute(CLAIM, [*this, crawl_id])
                claimed = await cursor.fetchone()
                if not claimed:
                    return
                now = claimed[0] + self._clock.offset
                self.barred = frozenset((site, ref) for site, ref in claimed[1])
                occasion = Occasion(now, now - timedelta(seconds=monotonic()), crawl_id, claimed[2], self.barred)
                if any(counts := await work(cursor, occasion)):
                    await cursor.execute(COUNT, [*counts, *this])

        async def waiting() -> None:
            outcome.waits += 1
            await self._drop()

        await when_available(attempt, waiting, attempt_seconds=self._attempt_seconds, is_given_up=self._is_given_up)
        outcome.batch = self._batch

    async def _drop(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _open_connection(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            await self.open()
        assert self._connection is not None  # noqa: S101  # open() set it or raised
        return self._connection


async def _keep_pages(cursor: psycopg.AsyncCursor, rows: Sequence[StoreRow], occasion: Occasion) -> None:
    if pages := [(row.key, row.page, row.seen_at(occasion.zero)) for row in rows if row.page]:
        await keep_pages(cursor, pages, occasion.now)
