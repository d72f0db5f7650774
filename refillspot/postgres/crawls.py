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
    from collections.abc import Callable, Mapping, Sequence

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
TAKE_OVER = """
    WITH counted AS (
        UPDATE refillspot.crawl_commits AS w SET stored = 0, rejected = 0
        FROM (SELECT writer, batch, stored, rejected FROM refillspot.crawl_commits WHERE crawl = %(id)s) AS before
        WHERE (w.writer, w.batch) = (before.writer, before.batch) AND (before.stored > 0 OR before.rejected > 0)
        RETURNING before.stored, before.rejected
    ), total AS (
        SELECT coalesce(sum(stored), 0) AS stored, coalesce(sum(rejected), 0) AS rejected FROM counted
    )
    UPDATE refillspot.crawls AS c SET stored = c.stored + total.stored, rejected = c.rejected + total.rejected
    FROM total WHERE id = %(id)s RETURNING greatest(0, %(stored)s::bigint - c.stored - c.rejected)
"""
COMPLETE = f"""
    UPDATE refillspot.crawls AS crawl SET state = %(state)s, ended_at = coalesce(ended_at, %(now)s),
        counts = %(counts)s || {SHOWN}
    WHERE id = %(id)s RETURNING {COLUMNS}
"""
COMMITS = """
    SELECT c.state = 'complete', coalesce(c.stored + c.rejected, 0), ARRAY(
            SELECT w.writer || ' ' || w.batch FROM refillspot.crawl_commits AS w
            JOIN unnest(%(writers)s::text[], %(firsts)s::int8[], %(lasts)s::int8[]) AS asked (writer, first, last)
            ON w.writer = asked.writer AND w.batch BETWEEN asked.first AND asked.last
        )
    FROM (SELECT) AS one LEFT JOIN refillspot.crawl_totals AS c ON c.id = %(id)s
"""
FORGET_COMMITS = """
    DELETE FROM refillspot.crawl_commits AS w WHERE committed_at < now() - interval '30 days' AND NOT EXISTS (
        SELECT FROM refillspot.crawls AS c WHERE c.id = w.crawl AND c.state <> 'complete'
    )
"""  # an interrupted crawl is asked about them however late it goes on


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

    async def complete(self, crawl_id: str, counts: Mapping[str, int], now: datetime, stored: int = 0) -> Crawl:
        """Note that a crawl is complete; given up, if stores are gone of those that its queue knows as `stored`.

        It is judged with that, once. Waits for PostgreSQL: see `when_available`.
        """

        async def operation() -> Crawl:
            async with (
                await open_async_connection(self._database_url) as connection,
                transaction(connection, ATTEMPT_SECONDS),
                connection.cursor(row_factory=class_row(Crawl)) as cursor,
            ):
                taken_over = await connection.execute(TAKE_OVER, {"id": crawl_id, "stored": stored})
                (gone,) = await taken_over.fetchone() or (0,)
                await cursor.execute(FORGET_COMMITS)
                forgotten = counts.get("forgotten", 0) + gone
                is_believed = await judge_crawl(connection, crawl_id, self._thresholds, is_partial=bool(forgotten))
                if forgotten:
                    await forget_answers(connection, crawl_id)
                elif is_believed:
                    await learn(connection, crawl_id, ahead=now - datetime.now(UTC))
                known = {**counts, "forgotten": forgotten} if forgotten else dict(counts)
                ended = {"id": crawl_id, "state": "abandoned" if forgotten else "complete", "now": now}
                await cursor.execute(COMPLETE, ended | {"counts": Jsonb(known)})
                return await _the(cursor)

        async def nothing() -> None:
            pass

        return await when_available(operation, nothing, is_given_up=self._is_given_up)

    async def commits(
        self, crawl_id: str, written: Sequence[tuple[str, int, int]], queue: str, *, is_ending: bool = False
    ) -> tuple[int, dict[str, list[int]]] | None:
        """Return how many stores a crawl has committed, and which of these commits: (writer, first batch, last) each.

        None if it is complete: then nobody asks any more. To ask is a sign of life of this queue, unless it is ending.

        Raises:
            QueueElsewhereError: workers live on another one.
            SchemaVersionError: the tables are another version's by now.
            ServiceUnavailableError: PostgreSQL does not answer.
            UnsuitableServerError: the account lacks a right.
        """
        writers, firsts, lasts = zip(*written, strict=True) if written else ((), (), ())
        asked = {"id": crawl_id, "writers": list(writers), "firsts": list(firsts), "lasts": list(lasts)}
        async with open_for_a_look(self._database_url) as connection:
            await check_version(connection)
            await hold_queue(connection, crawl_id, queue, is_read_only=is_ending)
            row = await (await connection.execute(COMMITS, asked)).fetchone()
        is_complete, total, found = row or (False, 0, [])
        if is_complete:
            return None
        batches: dict[str, list[int]] = {}
        for writer, batch in map(str.split, found):
            batches.setdefault(writer, []).append(int(batch))
        return total, batches

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
