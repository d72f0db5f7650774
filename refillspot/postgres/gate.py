"""The gate: a crawl is judged as it ends, and accepted or held; somebody accepts or rejects one that is held.

Until it is accepted, nothing that a crawl found is believed: the outward views show each store as it was
(`store_before`), and what its searches were told stays its own. To accept it is to drop the former and to learn the
latter; to reject it, to put the former back and to forget the latter. Each is one transaction.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from refillspot.exceptions import ArgumentError, HeldCrawlError
from refillspot.language import gettext as _
from refillspot.policies.quality import THRESHOLDS, Departure, judge
from refillspot.postgres.connection import open_async_connection
from refillspot.postgres.corrections import LOCK_COMMITS
from refillspot.postgres.crawl_figures import figures_before, read_figures
from refillspot.postgres.database import migrate
from refillspot.postgres.query_yields import learn
from refillspot.postgres.suitability import errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

IS_HELD = "state <> 'running' AND NOT accepted AND decision IS NULL"
OVERLAP = """(
    NOT c.arguments ? 'districts' OR %(districts)s::text[] IS NULL OR c.arguments -> 'districts' ?| %(districts)s
)"""
HELD_OF = f"""
    SELECT c.id FROM refillspot.crawls AS c WHERE c.spider = %(spider)s AND {IS_HELD} AND {OVERLAP}
    ORDER BY c.started_at DESC, c.id
"""
LATER = f"""
    SELECT c.id FROM refillspot.crawls AS c, refillspot.crawls AS this
    WHERE this.id = %(crawl)s AND c.spider = this.spider AND c.started_at > this.started_at
        AND c.decision IS DISTINCT FROM 'rejected' AND {OVERLAP} ORDER BY c.started_at LIMIT 1
"""
ABANDON = """
    UPDATE refillspot.crawls SET state = 'abandoned', ended_at = %(now)s WHERE id = %(crawl)s AND state = 'running'
"""
STATE = """
    SELECT accepted, state = 'running' AND NOT accepted AND decision IS NULL
    FROM refillspot.crawls WHERE id = %(crawl)s FOR UPDATE
"""
JUDGED = """
    UPDATE refillspot.crawls SET figures = %(figures)s, departures = %(departures)s, accepted = %(accepted)s,
        decision = CASE WHEN NOT %(accepted)s AND NOT EXISTS (
            SELECT FROM refillspot.store_before WHERE crawl = %(crawl)s
        ) THEN 'rejected' END
    WHERE id = %(crawl)s RETURNING decision
"""  # one that has stored nothing leaves nobody anything to decide
IS_PARTIAL = """
    SELECT coalesce((figures ->> 'is_partial')::boolean, false) FROM refillspot.crawls WHERE id = %(crawl)s
"""
FIGURES_NOW = "UPDATE refillspot.crawls SET figures = %(figures)s WHERE id = %(crawl)s"
BELIEVE = (
    """
    UPDATE refillspot.store_before AS b
    SET row = jsonb_build_object('last_seen_at', s.last_seen_at, 'fetched_at', s.fetched_at)
    FROM refillspot.store_before AS own JOIN refillspot.stores AS s USING (site, ref)
    WHERE own.crawl = %(crawl)s AND (b.site, b.ref) = (own.site, own.ref)
        AND b.crawl <> own.crawl AND b.saved_at <= own.saved_at
    """,  # crawls that go on leave what is believed now, and are judged by all that they have read
    "DELETE FROM refillspot.store_before WHERE crawl = %(crawl)s",
)
SHOWN = """(
    SELECT jsonb_build_object(
        'confirmed', count(*) FILTER (WHERE refill_verdict = 'confirmed'),
        'likely', count(*) FILTER (WHERE refill_verdict = 'likely')
    )
    FROM refillspot.v_stores AS store
    WHERE store.site = crawl.spider AND store.last_seen_at >= crawl.started_at
        AND (NOT crawl.arguments ? 'districts' OR crawl.arguments -> 'districts' ? store.district_code)
)"""
"""How many of a crawl's stores others are shown, by verdict."""
DECIDE = f"""
    UPDATE refillspot.crawls AS c SET accepted = %(decision)s = 'accepted', decision = %(decision)s, decided_at = now()
    WHERE id = %(crawl)s AND {IS_HELD} RETURNING arguments
"""
COUNT_SHOWN = f"""
    UPDATE refillspot.crawls AS crawl SET counts = coalesce(counts, '{{}}') || {SHOWN} WHERE id = %(crawl)s
"""
HAND_ON = """
    WITH next AS (
        SELECT DISTINCT ON (own.site, own.ref) own.site, own.ref, later.crawl, own.row
        FROM refillspot.store_before AS own JOIN refillspot.store_before AS later USING (site, ref)
        WHERE own.crawl = %(crawl)s AND later.crawl <> own.crawl AND later.saved_at > own.saved_at
        ORDER BY own.site, own.ref, later.saved_at
    ), changed AS (
        UPDATE refillspot.store_before AS b SET row = next.row FROM next
        WHERE (b.site, b.ref, b.crawl) = (next.site, next.ref, next.crawl) RETURNING b.site, b.ref
    )
    DELETE FROM refillspot.store_before AS b USING changed
    WHERE (b.site, b.ref, b.crawl) = (changed.site, changed.ref, %(crawl)s)
"""  # a store that another crawl has seen since stays as that left it, which would put back what was before both
COLUMNS = """
    SELECT attname::text FROM pg_attribute WHERE attrelid = 'refillspot.stores'::regclass
        AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('site', 'ref') ORDER BY attnum
"""
PUT_BACK = """
    UPDATE refillspot.stores AS s SET ({columns}) = ROW({values})
    FROM refillspot.store_before AS b JOIN refillspot.stores AS now USING (site, ref)
    CROSS JOIN LATERAL jsonb_populate_record(now, b.row) AS was
    WHERE b.crawl = %(crawl)s AND b.row ? 'site' AND (s.site, s.ref) = (b.site, b.ref)
"""
PUT_LOOKS_BACK = """
    UPDATE refillspot.stores AS s SET last_seen_at = was.last_seen_at, fetched_at = was.fetched_at
    FROM refillspot.store_before AS b
    CROSS JOIN LATERAL jsonb_to_record(b.row) AS was (last_seen_at timestamptz, fetched_at timestamptz)
    WHERE b.crawl = %(crawl)s AND NOT b.row ? 'site' AND (s.site, s.ref) = (b.site, b.ref)
"""  # of stores that it has seen as they were
TAKE_BACK = (
    "DELETE FROM refillspot.store_history WHERE crawl = %(crawl)s",
    """
    DELETE FROM refillspot.store_pages AS p USING refillspot.store_before AS b, refillspot.crawls AS c
    WHERE c.id = %(crawl)s AND b.crawl = c.id AND (p.site, p.ref) = (b.site, b.ref) AND p.kept_at >= c.started_at
    """,  # else `scrapy db reparse` would bring back what was rejected
    """
    DELETE FROM refillspot.stores AS s USING refillspot.store_before AS b
    WHERE b.crawl = %(crawl)s AND b.row IS NULL AND (s.site, s.ref) = (b.site, b.ref)
    """,
    "DELETE FROM refillspot.store_before WHERE crawl = %(crawl)s",
)
FORGET_ANSWERS = (
    "DELETE FROM refillspot.query_answers WHERE crawl = %(crawl)s",
    "DELETE FROM refillspot.crawl_sightings WHERE crawl = %(crawl)s",
)


async def judge_crawl(
    connection: psycopg.AsyncConnection,
    crawl_id: str,
    thresholds: Mapping[str, float] | None,
    *,
    is_partial: bool = False,
) -> bool:
    """Judge a crawl that is about to end, in the transaction in which it does; return whether it is accepted.

    One that has ended is not judged again, nor one that was accepted, or rejected. Without thresholds any is believed.
    """
    asked = {"crawl": crawl_id}
    is_accepted, is_to_judge = await (await connection.execute(STATE, asked)).fetchone() or (True, False)
    if not is_to_judge:
        return bool(is_accepted)
    figures = await read_figures(connection, crawl_id, is_partial=is_partial)
    departures: Sequence[Departure] = ()
    if thresholds is not None:
        departures = judge(figures, await figures_before(connection, crawl_id), {**THRESHOLDS, **thresholds})
    values = {
        "figures": Jsonb(msgspec.to_builtins(figures)),
        "departures": Jsonb([one.as_json() for one in departures]),
        "accepted": not departures,
    }
    (decision,) = await (await connection.execute(JUDGED, asked | values)).fetchone() or (None,)
    if decision:
        await forget_answers(connection, crawl_id)
    for statement in () if departures else BELIEVE:
        await connection.execute(statement, asked)
    return not departures


async def decide_held(
    connection: psycopg.AsyncConnection, spider: str, arguments: Mapping[str, Any], *, supersedes: bool
) -> None:
    """Make sure that no crawl is held that one with these arguments would go over; with `supersedes`, reject it.

    Raises:
        HeldCrawlError: there is one, and nobody has said what to do with it.
    """
    rows = await connection.execute(HELD_OF, {"spider": spider, "districts": _districts(arguments)})
    for (crawl_id,) in await rows.fetchall():
        if not supersedes:
            told = _(
                "crawl {id} is held, and goes over the same district: look at it (scrapy gate show), then "
                "scrapy gate accept {id} or scrapy gate reject {id}; -a supersede=1 rejects it and begins anew."
            )
            raise HeldCrawlError(told.format(id=crawl_id))
        await reject_crawl(connection, crawl_id)


async def accept(database_url: str, crawl_id: str, now: datetime) -> None:
    """Believe a held crawl: its stores are shown, what its searches were told is learnt, and states follow from it.

    Later crawls are compared with what it comes to now: its pages may have been read again since it was held.

    Raises:
        ArgumentError: it is not held.
        ServiceUnavailableError: PostgreSQL does not answer; nothing has been changed.
        UnsuitableServerError: the account lacks a right.
    """
    async with _transaction(database_url) as connection:
        asked = {"crawl": crawl_id}
        await _decide(connection, crawl_id, "accepted")
        (is_partial,) = await (await connection.execute(IS_PARTIAL, asked)).fetchone() or (False,)
        figures = await read_figures(connection, crawl_id, is_partial=is_partial)
        await connection.execute(FIGURES_NOW, asked | {"figures": Jsonb(msgspec.to_builtins(figures))})
        for statement in BELIEVE:
            await connection.execute(statement, asked)
        await learn(connection, crawl_id, ahead=now - datetime.now(UTC))
        await connection.execute(COUNT_SHOWN, asked)


async def reject(database_url: str, crawl_id: str) -> int:
    """Put all back that a held crawl has written, but its own record; return how many stores that were.

    Raises:
        ArgumentError: it is not held, or another one has begun since.
        ServiceUnavailableError: PostgreSQL does not answer; nothing has been changed.
        UnsuitableServerError: the account lacks a right.
    """
    async with _transaction(database_url) as connection:
        return await reject_crawl(connection, crawl_id)


async def reject_crawl(connection: psycopg.AsyncConnection, crawl_id: str) -> int:
    """Do `reject` in the transaction that the connection is in. Waits for workers that are storing something."""
    asked = {"crawl": crawl_id}
    await connection.execute(LOCK_COMMITS)
    arguments = await _decide(connection, crawl_id, "rejected")
    cursor = await connection.execute(LATER, asked | {"districts": _districts(arguments)})
    if later := await cursor.fetchone():
        told = _("crawl {id} cannot be rejected any more: {later} has begun since, and rests on it. Accept it")
        raise ArgumentError(told.format(id=crawl_id, later=later[0]))
    await connection.execute(HAND_ON, asked)
    names = [name for (name,) in await (await connection.execute(COLUMNS)).fetchall()]
    putting_back = sql.SQL(PUT_BACK).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(sql.Identifier("was", name) for name in names),
    )
    await connection.execute(putting_back, asked)
    await connection.execute(PUT_LOOKS_BACK, asked)
    counts = [(await connection.execute(statement, asked)).rowcount for statement in TAKE_BACK]
    await forget_answers(connection, crawl_id)
    return counts[-1]


async def abandon(database_url: str, crawl_id: str, now: datetime, thresholds: Mapping[str, float] | None) -> None:
    """Make an unfinished crawl one that nobody joins; what it has stored is judged as a part.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; nothing has been changed.
    """
    async with _transaction(database_url) as connection:
        await judge_crawl(connection, crawl_id, thresholds, is_partial=True)
        await forget_answers(connection, crawl_id)
        await connection.execute(ABANDON, {"crawl": crawl_id, "now": now})


async def forget_answers(connection: psycopg.AsyncConnection, crawl_id: str) -> None:
    """Let nothing be learnt of what the searches of a crawl were told."""
    for statement in FORGET_ANSWERS:
        await connection.execute(statement, {"crawl": crawl_id})


async def _decide(connection: psycopg.AsyncConnection, crawl_id: str, decision: str) -> dict[str, Any]:
    """Note what somebody says of a crawl, and return its arguments.

    Raises:
        ArgumentError: it is not held.
    """
    values = {"crawl": crawl_id, "decision": decision}
    decided = await (await connection.execute(DECIDE, values)).fetchone()
    if decided is None:
        raise ArgumentError(_("crawl {id} is not held: see scrapy gate show").format(id=crawl_id))
    return dict(decided[0])


def _districts(arguments: Mapping[str, Any]) -> list[str] | None:
    """Return the codes of the districts that are asked for; None where a spider knows none: then it is everywhere."""
    return list(map(str, arguments["districts"])) if "districts" in arguments else None


@asynccontextmanager
async def _transaction(database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Yield a connection in one transaction."""
    with errors_told(), refusals_told():
        async with await open_async_connection(database_url) as connection:
            await migrate(connection)
            async with connection.transaction():
                yield connection
