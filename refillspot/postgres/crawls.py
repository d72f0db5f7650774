"""`refillspot.crawls`: which crawls there are, who joins which, how they ended.

`CrawlTable` is for workers; the functions are for commands: they block.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError, ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.commits import Missing, Remembered, add_up, find_missing
from refillspot.postgres.connection import (
    ATTEMPT_SECONDS,
    LOOK_SECONDS,
    limit_statements,
    open_async_connection,
    open_connection,
    open_for_a_look,
    run,
    transaction,
    when_available,
)
from refillspot.postgres.crawl_queues import hold_queue, leave_crawl, take_crawl
from refillspot.postgres.database import check_version, migrate, migrate_database
from refillspot.postgres.gate import SHOWN, decide_held, forget_answers, judge_crawl
from refillspot.postgres.query_yields import learn
from refillspot.postgres.suitability import check_rights, refusals_told
from refillspot.retelling import server_words
from refillspot.stats.crawl import STATES, Crawl, CrawlScope, named_crawl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JOINING_LOCK = 0x6372_6177_6C73  # "crawls"; two first processes must not make two crawls
COLUMNS = "id, spider, arguments, state, stored, rejected, counts, started_at, ended_at, accepted, departures, decision"
UNFINISHED = f"""
    SELECT {COLUMNS} FROM refillspot.crawl_totals
    WHERE spider = %(spider)s AND arguments = %(arguments)s AND state = 'running' ORDER BY started_at DESC LIMIT 1
"""
NAMED = f"SELECT {COLUMNS} FROM refillspot.crawl_totals WHERE id = %(id)s"
CREATE = f"""
    INSERT INTO refillspot.crawls (id, spider, arguments, started_at, accepted)
    VALUES (%(id)s, %(spider)s, %(arguments)s, now() + %(ahead)s, %(accepted)s) RETURNING {COLUMNS}
"""  # by the database's clock, as its stores are; `ahead` is what a simulation is ahead
SET_STATE = f"""
    UPDATE refillspot.crawls SET state = %(state)s, ended_at = %(ended_at)s,
        decision = CASE WHEN accepted THEN decision END
    WHERE id = %(id)s AND state <> %(state)s RETURNING {COLUMNS}
"""
COMPLETE = f"""
    UPDATE refillspot.crawls AS crawl SET state = %(state)s, ended_at = coalesce(ended_at, %(now)s),
        counts = %(counts)s || {SHOWN}
    WHERE id = %(id)s RETURNING {COLUMNS}
"""

NOTHING = Remembered()


class CrawlTable:
    """One connection for each call: a crawl is joined once and ended once."""

    def __init__(
        self,
        database_url: str,
        is_given_up: Callable[[], bool] = lambda: False,
        thresholds: Mapping[str, float] | None = None,
    ) -> None:
        self._database_url = database_url
        self._is_given_up = is_given_up
        self._thresholds = thresholds

    async def join(
        self, spider: str, arguments: Mapping[str, Any], named: str | None, now: datetime, *, supersedes: bool = False
    ) -> Crawl:
        """Return the newest unfinished crawl with equal arguments, or the one that is named; else a new one.

        A new one that `supersedes` rejects those that are held, of its districts.

        Raises:
            ArgumentError: the named crawl has other arguments, or has ended, or no crawl can be called so.
            HeldCrawlError: one of its districts is held.
            ServiceUnavailableError: PostgreSQL does not answer.
            SchemaVersionError: the schema is newer than this program.
            UnsuitableServerError: the account lacks a right, or may only read.
        """
        if named is not None:
            check_crawl_id(named)
        try:
            with refusals_told():
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    return await self._join(spider, arguments, named, now, supersedes=supersedes)
        except TimeoutError as error:
            raise ServiceUnavailableError(
                _("PostgreSQL did not answer within {attempt_seconds:.0f} s").format(attempt_seconds=ATTEMPT_SECONDS)
            ) from error
        except errors.ReadOnlySqlTransaction as error:
            raise UnsuitableServerError(
                _("PostgreSQL: {error}.").format(error=server_words(error)),
                _(
                    "It is a copy that only follows another, or default_transaction_read_only is on for this database "
                    "or account: point DATABASE_URL at the other one, or run `ALTER DATABASE … RESET "
                    "default_transaction_read_only` (ALTER ROLE …)."
                ),
            ) from error
        except psycopg.Error as error:
            raise ServiceUnavailableError(_("PostgreSQL: {error}").format(error=server_words(error))) from error

    async def _join(
        self, spider: str, arguments: Mapping[str, Any], named: str | None, now: datetime, *, supersedes: bool
    ) -> Crawl:
        values = {"id": named, "spider": spider, "arguments": Jsonb(dict(arguments)), "ahead": now - datetime.now(UTC)}
        async with await open_async_connection(self._database_url) as connection:
            await migrate(connection)
            await check_rights(connection)
            async with connection.transaction(), connection.cursor(row_factory=class_row(Crawl)) as cursor:
                await cursor.execute("SELECT pg_advisory_xact_lock(%s)", [JOINING_LOCK])
                await cursor.execute(NAMED if named else UNFINISHED, values)
                if crawl := await cursor.fetchone():
                    return _joinable(crawl, spider, arguments)
                await decide_held(connection, spider, arguments, supersedes=supersedes)
                values["id"] = named or f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
                await cursor.execute(CREATE, values | {"accepted": self._thresholds is None})
                return await _the(cursor)

    async def complete(
        self, crawl_id: str, counts: Mapping[str, int], now: datetime, remembered: Remembered = NOTHING
    ) -> Crawl | Missing:
        """Note that a crawl is complete, and judge it, once; given up, if its `counts` say that stores are gone.

        Not if anything is missing of what its queue remembers. Waits for PostgreSQL: see `when_available`.

        Raises:
            QueueElsewhereError, SchemaVersionError, UnsuitableServerError: as `find_missing`.
            ServiceUnavailableError: it is waited for no longer.
        """

        async def operation() -> Crawl | Missing:
            async with (
                await open_async_connection(self._database_url) as connection,
                transaction(connection, ATTEMPT_SECONDS),
                connection.cursor(row_factory=class_row(Crawl)) as cursor,
            ):
                await check_version(connection)
                await hold_queue(connection, crawl_id, remembered.queue, is_read_only=True)
                if missing := await find_missing(connection, crawl_id, remembered):
                    return missing
                await add_up(connection, crawl_id)
                is_partial = bool(counts.get("forgotten"))
                is_believed = await judge_crawl(connection, crawl_id, self._thresholds, is_partial=is_partial)
                if is_partial:
                    await forget_answers(connection, crawl_id)
                elif is_believed:
                    await learn(connection, crawl_id, ahead=now - datetime.now(UTC))
                ended = {"id": crawl_id, "state": "abandoned" if is_partial else "complete", "now": now}
                await cursor.execute(COMPLETE, ended | {"counts": Jsonb(dict(counts))})
                return await _the(cursor)

        async def nothing() -> None:
            pass

        return await when_available(operation, nothing, is_given_up=self._is_given_up)

    async def find_missing(self, crawl_id: str, remembered: Remembered) -> Missing | None:
        """Return what is missing of what a crawl's queue remembers, see `commits.find_missing`.

        To ask is a sign of life of this queue.

        Raises:
            QueueElsewhereError: workers live on another one.
            SchemaVersionError: the tables are another version's by now.
            ServiceUnavailableError: PostgreSQL does not answer.
            UnsuitableServerError: the account lacks a right.
        """
        async with open_for_a_look(self._database_url) as connection:
            await check_version(connection)
            await hold_queue(connection, crawl_id, remembered.queue)
            return await find_missing(connection, crawl_id, remembered)

    async def hold_queue(self, crawl_id: str, queue: str) -> None:
        """Take a crawl for a queue and those who share it; raises as `take_crawl`."""
        await take_crawl(self._database_url, crawl_id, queue)

    async def release_queue(self, crawl_id: str, queue: str) -> None:
        """Let whoever comes go on with whatever queue, as far as PostgreSQL can be told."""
        await leave_crawl(self._database_url, crawl_id, queue)


def _joinable(crawl: Crawl, spider: str, arguments: Mapping[str, Any]) -> Crawl:
    if (crawl.spider, crawl.arguments) != (spider, dict(arguments)):
        raise ArgumentError(
            _("crawl {id} was started as {spider} with {arguments}: use the same arguments, or another id").format(
                id=crawl.id, spider=crawl.spider, arguments=crawl.arguments
            )
        )
    if crawl.state != "running":
        raise ArgumentError(
            _("crawl {id} is {state}: leave out crawl= to start a new one").format(
                id=crawl.id, state=STATES[crawl.state]()
            )
        )
    return crawl


async def _the(cursor: psycopg.AsyncCursor[Crawl]) -> Crawl:
    crawl = await cursor.fetchone()
    if crawl is None:
        raise ArgumentError(_("this crawl is no longer in refillspot.crawls"))
    return crawl


def join_crawl(database_url: str, spider: str, arguments: Mapping[str, Any], named: str | None, now: datetime) -> Crawl:
    """Return the crawl to take part in, see `CrawlTable.join`."""
    return run(CrawlTable(database_url).join(spider, arguments, named, now))


def look_at_crawl(database_url: str, crawl_id: str) -> Crawl | None:
    """Return a crawl as PostgreSQL knows it, None while PostgreSQL is away."""
    try:
        with (
            open_connection(database_url, seconds=LOOK_SECONDS) as connection,
            connection.cursor(row_factory=class_row(Crawl)) as cursor,
        ):
            limit_statements(connection)
            return cursor.execute(NAMED, {"id": crawl_id}).fetchone()
    except psycopg.Error:
        return None


ANY = CrawlScope()


def list_crawls(database_url: str, scope: CrawlScope = ANY) -> list[Crawl]:
    """Return the crawls that are meant, newest first.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    crawls = _read(database_url, f"SELECT {COLUMNS} FROM refillspot.crawl_totals ORDER BY started_at DESC, id", {})
    return [crawl for crawl in crawls if scope.has(crawl)]


def find_crawl(database_url: str, crawl_id: str) -> Crawl:
    """Return the crawl with this id, or with the only id that begins so.

    Raises:
        ArgumentError: there is none, or there are several, or no crawl can be called so.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    check_crawl_id(crawl_id)  # before anybody is asked
    return named_crawl(list_crawls(database_url), crawl_id)


def reopen_crawl(database_url: str, crawl_id: str) -> None:
    """Make an ended crawl one that processes join again."""
    _read(database_url, SET_STATE, {"id": crawl_id, "state": "running", "ended_at": None})


def _read(database_url: str, query: str, values: Mapping[str, Any]) -> list[Crawl]:
    try:
        migrate_database(database_url)
        with open_connection(database_url) as connection:
            return connection.cursor(row_factory=class_row(Crawl)).execute(query, values).fetchall()
    except psycopg.OperationalError as error:
        raise ServiceUnavailableError(_("PostgreSQL: {error}").format(error=server_words(error))) from error
