"""`refillspot.query_yields`: what each keyword brought in each district, and what of it no other keyword did.

What a crawl is answered is its own (`query_answers`) until it has ended and is accepted: crawls that overlap do not see
each other, and what is rejected was never known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from refillspot.planning.keywords import KEYWORDS, KeywordYield
from refillspot.postgres.connection import ATTEMPT_SECONDS, open_async_connection, open_connection, when_available
from refillspot.postgres.database import migrate, migrate_database
from refillspot.postgres.presence import SHOW, judge_states
from refillspot.postgres.suitability import errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import timedelta

    import psycopg

    from refillspot.clock import Clock
    from refillspot.planning.keywords import QueryAnswer

T = TypeVar("T")

RECORD = """
    INSERT INTO refillspot.query_answers AS a
        (crawl, site, district_code, keyword, asked_at, queries, total, refs, awaited)
    SELECT %(crawl)s, %(site)s, code, %(keyword)s, %(now)s, ARRAY[%(asked)s::text], %(total)s,
        ARRAY(
            SELECT one FROM jsonb_array_elements_text(refs) AS one WHERE NOT EXISTS (
                SELECT FROM refillspot.barred_stores AS b WHERE (b.site, b.ref, b.how) = (%(site)s, one, 'forgotten')
            )
        ), ARRAY(SELECT jsonb_array_elements_text(%(awaited)s -> code))
    FROM jsonb_each(%(found)s) AS found (code, refs) ORDER BY code
    ON CONFLICT (crawl, site, district_code, keyword) DO UPDATE SET
        asked_at = EXCLUDED.asked_at, total = greatest(a.total, EXCLUDED.total),
        queries = ARRAY(SELECT DISTINCT unnest(a.queries || EXCLUDED.queries)),
        refs = ARRAY(SELECT DISTINCT unnest(a.refs || EXCLUDED.refs)),
        awaited = ARRAY(SELECT DISTINCT unnest(a.awaited || EXCLUDED.awaited))
"""  # sets and maxima: the same page twice changes nothing. In order of the code, so that no two wait for each other
LOCK = "SELECT pg_advisory_xact_lock(465557414254)"  # "learn"
JUDGE = """
    WITH credited AS (
        SELECT DISTINCT ON (y.site, y.district_code, found.ref) y.site, y.district_code, y.keyword
        FROM refillspot.query_yields AS y CROSS JOIN unnest(y.refs) AS found (ref)
        LEFT JOIN refillspot.stores AS s ON (s.site, s.ref) = (y.site, found.ref)
        WHERE s.ref IS NULL OR s.refill_verdict <> 'unlikely'
        ORDER BY y.site, y.district_code, found.ref, array_position(%(keywords)s, y.keyword) NULLS LAST, y.keyword
    ), counted AS (
        SELECT site, district_code, keyword, count(*) AS own FROM credited GROUP BY site, district_code, keyword
    ), ended AS (
        SELECT y.site, y.district_code, y.keyword, coalesce(counted.own, 0) AS own
        FROM refillspot.query_yields AS y
        JOIN refillspot.crawls AS c ON c.id = y.crawl AND c.state = 'complete'
        LEFT JOIN counted USING (site, district_code, keyword)
        WHERE y.own IS NULL
    )
    UPDATE refillspot.query_yields AS y
    SET own = ended.own, fruitful_at = CASE WHEN ended.own > 0 THEN y.asked_at ELSE y.fruitful_at END
    FROM ended WHERE (y.site, y.district_code, y.keyword) = (ended.site, ended.district_code, ended.keyword)
"""  # a store is credited to the first of the keywords that found it; one whose page was lost may be a refill store
FOLD = """
    WITH told AS (
        DELETE FROM refillspot.query_answers AS a USING refillspot.crawls AS c
        WHERE c.id = a.crawl AND (c.state <> 'running' AND c.accepted OR c.id = %(crawl)s::text)
        RETURNING a.*, c.state, c.ended_at
    )
    INSERT INTO refillspot.query_yields AS y
        (site, district_code, keyword, crawl, first_asked_at, asked_at, queries, total, refs, awaited)
    SELECT DISTINCT ON (site, district_code, keyword)
        site, district_code, keyword, crawl, asked_at, asked_at, queries, total, refs, awaited
    FROM told WHERE state <> 'abandoned' ORDER BY site, district_code, keyword, ended_at DESC NULLS FIRST
    ON CONFLICT (site, district_code, keyword) DO UPDATE SET
        crawl = EXCLUDED.crawl, asked_at = EXCLUDED.asked_at, own = NULL,
        queries = CASE WHEN y.crawl = EXCLUDED.crawl
            THEN ARRAY(SELECT DISTINCT unnest(y.queries || EXCLUDED.queries)) ELSE EXCLUDED.queries END,
        total = CASE WHEN y.crawl = EXCLUDED.crawl THEN greatest(y.total, EXCLUDED.total) ELSE EXCLUDED.total END,
        refs = CASE WHEN y.crawl = EXCLUDED.crawl
            THEN ARRAY(SELECT DISTINCT unnest(y.refs || EXCLUDED.refs)) ELSE EXCLUDED.refs END,
        awaited = CASE WHEN y.crawl = EXCLUDED.crawl AND y.awaited IS NOT NULL
            THEN ARRAY(SELECT DISTINCT unnest(y.awaited || EXCLUDED.awaited))
            WHEN y.crawl <> EXCLUDED.crawl THEN EXCLUDED.awaited END
"""  # of the same crawl are rows of workers of older versions, and of a crawl that went on after it had been complete
LEARN = (LOCK, JUDGE, FOLD, JUDGE)
"""What was known is judged before what has ended since takes its place."""
READ = """
    SELECT district_code, keyword, first_asked_at, asked_at, fruitful_at, queries, total, refs, own
    FROM refillspot.query_yields
    WHERE site = %(site)s AND district_code = ANY(%(codes)s) ORDER BY district_code, keyword
"""


class QueryYieldTable:
    """Records answers over a connection of its own, which it opens, and opens again when it breaks."""

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

    async def read(self, site: str, district_codes: Sequence[str], keywords: Sequence[str]) -> list[KeywordYield]:
        """Return what a site has brought in these districts. Stores are credited to `keywords` in their order.

        Waits for PostgreSQL: see `when_available`.
        """

        async def operation() -> list[KeywordYield]:
            connection = await self._open_connection()
            await migrate(connection)
            async with connection.transaction():
                for statement in LEARN:
                    await connection.execute(statement, {"crawl": None, "keywords": list(keywords)})
            cursor = connection.cursor(row_factory=class_row(KeywordYield))
            return await (await cursor.execute(READ, {"site": site, "codes": list(district_codes)})).fetchall()

        return await self._when_available(operation)

    async def record(self, answer: QueryAnswer, crawl_id: str) -> None:
        """Keep what an answer brought. The same answer twice counts once. Waits for PostgreSQL, too."""
        values: dict[str, Any] = {
            "site": answer.site,
            "keyword": answer.keyword,
            "crawl": crawl_id,
            "asked": answer.asked,
            "total": answer.total,
            "found": Jsonb(answer.refs),
            "awaited": Jsonb(answer.awaited),
            "others": answer.others,
        }

        async def operation() -> None:
            connection = await self._open_connection()
            await connection.execute(RECORD, values | {"now": self._clock.now()})
            if answer.others:
                await connection.execute(SHOW, values)

        await self._when_available(operation)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _when_available(self, operation: Callable[[], Awaitable[T]]) -> T:
        return await when_available(
            operation, self.close, attempt_seconds=self._attempt_seconds, is_given_up=self._is_given_up
        )

    async def _open_connection(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await open_async_connection(self._database_url)
        return self._connection


async def learn(connection: psycopg.AsyncConnection, crawl_id: str, ahead: timedelta) -> None:
    """Let what a crawl was answered take the place of what was known, in the transaction in which it is complete.

    The states of stores follow from it, see `judge_states`.
    """
    for statement in (LOCK, JUDGE, FOLD):
        await connection.execute(statement, {"crawl": crawl_id, "keywords": list(KEYWORDS)})
    await judge_states(connection, crawl_id, ahead)


def read_yields(
    database_url: str, site: str, district_codes: Sequence[str], keywords: Sequence[str]
) -> list[KeywordYield]:
    """Return what a site has brought in these districts, as `QueryYieldTable.read` does. For commands: this blocks.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
        UnsuitableServerError: the account lacks a right.
    """
    with errors_told(), refusals_told():
        migrate_database(database_url)
        with open_connection(database_url) as connection:
            for statement in LEARN:
                connection.execute(statement, {"crawl": None, "keywords": list(keywords)})
            cursor = connection.cursor(row_factory=class_row(KeywordYield))
            return cursor.execute(READ, {"site": site, "codes": list(district_codes)}).fetchall()
