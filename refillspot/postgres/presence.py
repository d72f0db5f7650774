"""Whether stores are still there: which searches found one, which crawls have missed it since, what its page says.

A store that is not asked for is not missed. A crawl misses one if it asked again, in the store's district, a keyword
that had found it, saw all of the answer, and met the store nowhere. A keyword that rests, a limit, a failed search, an
answer from the pages for people and one that shows only a part are no such search: their answers await others that
never come (`query_yields.awaited`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import psycopg

    from refillspot.items import UnknownStore

MISSES = 3
"""Crawls in a row that miss a store before it is `missing`."""
SHOW = """
    INSERT INTO refillspot.crawl_sightings AS known (crawl, site, ref, shown)
    SELECT %(crawl)s, site, ref, true FROM refillspot.store_presence
    WHERE site = %(site)s AND ref = ANY(%(others)s) ORDER BY site, ref
    ON CONFLICT (crawl, site, ref) DO UPDATE SET shown = true WHERE NOT known.shown
"""  # one that a search shows is there, though its page is not wanted
DENY = """
    INSERT INTO refillspot.crawl_sightings (crawl, site, ref, denied_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (crawl, site, ref) DO UPDATE SET denied_at = EXCLUDED.denied_at
"""
BELIEVE = """
    WITH told AS (DELETE FROM refillspot.crawl_sightings WHERE crawl = %(crawl)s RETURNING *)
    INSERT INTO refillspot.store_presence AS known (site, ref, shown_by, denied_by, denied_at)
    SELECT site, ref, CASE WHEN shown THEN crawl END, CASE WHEN denied_at IS NOT NULL THEN crawl END, denied_at
    FROM told ORDER BY site, ref
    ON CONFLICT (site, ref) DO UPDATE SET
        shown_by = coalesce(EXCLUDED.shown_by, known.shown_by),
        denied_by = coalesce(EXCLUDED.denied_by, known.denied_by),
        denied_at = coalesce(EXCLUDED.denied_at, known.denied_at)
"""
ACCEPTED = "SELECT spider, now() + %(ahead)s FROM refillspot.crawls WHERE id = %(crawl)s AND accepted"
ASKED = """
    SELECT district_code, array_agg(keyword) AS keywords FROM refillspot.query_yields
    WHERE site = %(site)s AND crawl = %(crawl)s AND awaited <@ queries GROUP BY district_code
"""  # whose answers were all seen; nobody knows it of workers of older versions, which leave `awaited` NULL
FIND = f"""
    INSERT INTO refillspot.store_presence AS known (site, ref, district_code, keywords)
    SELECT f.site, f.ref, f.district_code, ARRAY(
        SELECT keyword FROM unnest(f.keywords || p.keywords) AS keyword
        WHERE keyword = ANY(f.keywords) OR keyword <> ALL(coalesce(a.keywords, '{{}}')) GROUP BY 1 ORDER BY 1
    )
    FROM (
        SELECT y.site, one.ref, min(y.district_code) AS district_code, array_agg(y.keyword) AS keywords
        FROM refillspot.query_yields AS y CROSS JOIN unnest(y.refs) AS one (ref)
        JOIN refillspot.stores AS s ON (s.site, s.ref) = (y.site, one.ref)
        WHERE y.site = %(site)s AND y.crawl = %(crawl)s AND s.refill_verdict <> 'unlikely' GROUP BY 1, 2
    ) AS f
    LEFT JOIN refillspot.store_presence AS p USING (site, ref, district_code)
    LEFT JOIN ({ASKED}) AS a USING (district_code)
    ORDER BY site, ref
    ON CONFLICT (site, ref) DO UPDATE SET
        district_code = EXCLUDED.district_code, keywords = EXCLUDED.keywords, missed = '{{}}'
    WHERE (known.district_code, known.keywords, known.missed)
        IS DISTINCT FROM (EXCLUDED.district_code, EXCLUDED.keywords, '{{}}'::text[])
"""  # by which keywords a store was found: now, or when a keyword was asked last that is not asked now
MISS = f"""
    UPDATE refillspot.store_presence AS p SET
        missed = CASE WHEN p.seen_at = s.last_seen_at THEN p.missed ELSE '{{}}' END || c.id, seen_at = s.last_seen_at
    FROM refillspot.crawls AS c, refillspot.stores AS s, ({ASKED}) AS a
    WHERE c.id = %(crawl)s AND p.site = %(site)s AND (s.site, s.ref) = (p.site, p.ref)
        AND a.district_code = p.district_code AND a.keywords && p.keywords
        AND s.refill_verdict <> 'unlikely' AND s.status = 'operating' AND s.last_seen_at < c.started_at
        AND p.shown_by IS DISTINCT FROM c.id AND c.id <> ALL(p.missed)
        AND NOT EXISTS (
            SELECT FROM refillspot.query_yields AS y CROSS JOIN unnest(y.refs) AS one (ref)
            WHERE y.site = %(site)s AND y.crawl = %(crawl)s AND one.ref = p.ref
        )
"""  # `last_seen_at` moves where another crawl has seen the store meanwhile: then it is missed for the first time
CHANGE = """
    WITH changed AS MATERIALIZED (
        SELECT s.site, s.ref, s.status, s.status_reason, s.status_at, s.last_seen_at, is_denied
        FROM refillspot.store_presence AS p JOIN refillspot.stores AS s USING (site, ref)
        CROSS JOIN LATERAL (
            SELECT coalesce(p.denied_by = %(crawl)s AND p.denied_at > s.last_seen_at, false) AS is_denied
        ) AS page
        WHERE p.site = %(site)s AND (
            is_denied AND s.status <> 'gone' OR s.status = 'operating' AND p.seen_at = s.last_seen_at
                AND p.missed @> ARRAY[%(crawl)s::text] AND cardinality(p.missed) >= %(misses)s
        )
        ORDER BY s.site, s.ref FOR NO KEY UPDATE OF s
    ), told AS (
        INSERT INTO refillspot.store_history (site, ref, field, old, new, last_seen_old, first_seen_new, crawl, along)
        SELECT site, ref, 'status', to_jsonb(status), to_jsonb(CASE WHEN is_denied THEN 'gone' ELSE 'missing' END),
            last_seen_at, greatest(last_seen_at, %(now)s), %(crawl)s,
            jsonb_build_object('status_reason', status_reason, 'status_at', status_at)
        FROM changed
    )
    UPDATE refillspot.stores AS s SET
        status = CASE WHEN is_denied THEN 'gone' ELSE 'missing' END,
        status_reason = CASE WHEN is_denied THEN 'no_such_store' ELSE 'not_found' END, status_at = %(now)s
    FROM changed WHERE (s.site, s.ref) = (changed.site, changed.ref)
"""  # in order of the key, as merges do


async def deny(cursor: psycopg.AsyncCursor, store: UnknownStore, crawl_id: str | None, now: datetime) -> None:
    """Note that the site says of a page that there is no such store; whether it is gone is judged with the crawl."""
    if crawl_id:
        await cursor.execute(DENY, [crawl_id, store.site, store.ref, now])


async def judge_states(connection: psycopg.AsyncConnection, crawl_id: str, ahead: timedelta) -> None:
    """Let the states of stores follow from a crawl that is complete; none does from one that is not accepted.

    Twice comes to the same as once. `ahead`: how far a simulation is ahead of the database's clock.
    """
    crawl = await (await connection.execute(ACCEPTED, {"crawl": crawl_id, "ahead": ahead})).fetchone()
    if crawl:
        site, now = crawl  # a spider is called as its site
        for statement in (BELIEVE, FIND, MISS, CHANGE):
            await connection.execute(statement, {"crawl": crawl_id, "site": site, "now": now, "misses": MISSES})
