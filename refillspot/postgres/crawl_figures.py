"""What a crawl came to, by district: counted by PostgreSQL of what its commits kept, for `policies.quality`.

Of each store, `store_before` has what the page of this crawl said, and of the row before it what has changed since. The
row of today is no witness of either: a merge keeps what a page does not say.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from psycopg import errors
from psycopg.rows import dict_row

from refillspot.policies.quality import CRAWLS, FIELDS, CrawlFigures, DistrictFigures
from refillspot.postgres.columns import has_other_days

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import psycopg

    from refillspot.items import Store


def _was(name: str, old: str) -> str:
    """Return the value of a column before the crawl: `old` where that is told, else it is the value of today."""
    return f"CASE WHEN b.row ? 'site' THEN {old} ELSE s.{name} END"


OLD_PARSER, OLD_PRICE = (
    _was(name, f"(b.row ->> '{name}')::integer") for name in ("parser_version", "refill_price_krw")
)
OLD_HOURS, OLD_MENU = (_was(name, f"nullif(b.row -> '{name}', 'null')") for name in ("hours", "menu"))
IS_COMPARABLE = f"b.row IS NOT NULL AND {OLD_PARSER} IS NOT DISTINCT FROM s.parser_version"  # else the reader differs
LINES, OLD_LINES = (
    f"CASE jsonb_typeof({menu}) WHEN 'array' THEN jsonb_array_length({menu}) ELSE 0 END"
    for menu in ("s.menu", OLD_MENU)
)
BY_DISTRICT = f"""
    WITH seen AS MATERIALIZED (
        SELECT coalesce(s.district_code, '?') AS code, b.said, s.channel = 'api' AS is_api,
            b.row IS NOT NULL AS is_known, s.refill_verdict <> 'unlikely' AS is_refill,
            CASE WHEN {IS_COMPARABLE} THEN s.refill_price_krw <> {OLD_PRICE} END AS has_other_price,
            CASE WHEN {IS_COMPARABLE} AND {OLD_HOURS} IS NOT NULL AND s.hours IS NOT NULL
                THEN {has_other_days(OLD_HOURS, "s.hours")} END AS has_other_hours,
            CASE WHEN {IS_COMPARABLE} AND {OLD_LINES} > 0 THEN 2 * {LINES} <= {OLD_LINES} END AS has_half_a_menu
        FROM refillspot.store_before AS b JOIN refillspot.stores AS s USING (site, ref)
        JOIN refillspot.crawls AS c ON c.id = b.crawl
        WHERE b.crawl = %(crawl)s AND (%(since)s::timestamptz IS NULL OR b.saved_at > %(since)s)
            AND (NOT c.arguments ? 'districts' OR c.arguments -> 'districts' ? coalesce(s.district_code, ''))
    ), told AS (
        SELECT code, jsonb_object_agg(field, pages) AS fields FROM (
            SELECT code, field, count(*) AS pages FROM seen CROSS JOIN unnest(said) AS field WHERE is_api GROUP BY 1, 2
        ) AS counted GROUP BY 1
    )
    SELECT code, count(*) AS stores, count(*) FILTER (WHERE is_refill) AS refill,
        count(*) FILTER (WHERE is_api AND said IS NOT NULL) AS pages, count(*) FILTER (WHERE NOT is_api)
            AS pages_for_people, count(*) FILTER (WHERE is_known) AS compared,
        count(has_other_price) AS prices_compared, count(*) FILTER (WHERE has_other_price) AS prices_moved,
        count(has_other_hours) AS hours_compared, count(*) FILTER (WHERE has_other_hours) AS hours_moved,
        count(has_half_a_menu) AS menus_compared, count(*) FILTER (WHERE has_half_a_menu) AS menus_halved,
        coalesce((SELECT fields FROM told WHERE told.code = seen.code), '{{}}') AS "having"
    FROM seen GROUP BY code
"""
COUNTED = """
    SELECT one.key, sum(one.value::text::numeric)
    FROM refillspot.crawl_workers AS w CROSS JOIN jsonb_each(w.stats) AS one (key, value)
    WHERE w.crawl = %(crawl)s AND jsonb_typeof(one.value) = 'number' AND one.key ~ '^(site/status|oddities)/'
    GROUP BY 1
"""
READ_SINCE = """
    SELECT max(saved_at), count(said) FROM refillspot.store_before
    WHERE crawl = %(crawl)s AND (%(since)s::timestamptz IS NULL OR saved_at > %(since)s)
"""
OF_THE_SAME = f"""
    SELECT b.figures || jsonb_build_object('is_accepted_by_hand', b.decision IS NOT NULL)
    FROM refillspot.crawls AS b JOIN refillspot.crawls AS c ON c.id = %(crawl)s AND b.id <> c.id
    WHERE b.spider = c.spider AND b.accepted AND b.state = 'complete' AND b.figures IS NOT NULL
        AND NOT coalesce((b.figures ->> 'is_partial')::boolean, false)
        AND (b.arguments -> 'keywords') IS NOT DISTINCT FROM (c.arguments -> 'keywords')
        AND (NOT b.arguments ? 'districts' OR NOT c.arguments ? 'districts' OR b.arguments -> 'districts' ?| ARRAY(
            SELECT jsonb_array_elements_text(c.arguments -> 'districts')
        ))
    ORDER BY b.arguments -> 'districts' @> (c.arguments -> 'districts') DESC, b.ended_at DESC LIMIT {CRAWLS}
"""  # first those that tell of each of its districts


def fields_of(store: Store) -> list[str]:
    """Return the fields that a page says, of those that it is expected to."""
    return [name for name, is_said in FIELDS.items() if is_said(store)]


async def read_figures(
    connection: psycopg.AsyncConnection, crawl_id: str, *, is_partial: bool, since: datetime | None = None
) -> CrawlFigures:
    """Return what a crawl came to, or has come to so far. Of a crawl that was accepted before it began, nothing.

    `since`: of the stores that it has first read after that, by the clock of the database.
    What workers count by themselves (errors, odd parts) may be half a minute old.
    """
    asked = {"crawl": crawl_id, "since": since}
    cursor = await connection.execute("SELECT arguments FROM refillspot.crawls WHERE id = %(crawl)s", asked)
    (arguments,) = await cursor.fetchone() or ({},)
    async with connection.cursor(row_factory=dict_row) as rows:
        await rows.execute(BY_DISTRICT, asked)
        found = {row.pop("code"): msgspec.convert(row, DistrictFigures) for row in await rows.fetchall()}
    codes = [str(code) for code in arguments.get("districts", ())]
    return CrawlFigures(
        districts=dict.fromkeys(codes, DistrictFigures()) | found,
        is_partial=is_partial or arguments.get("limit") is not None,
        **_of_answers(await _counted(connection, crawl_id)),
    )


async def figures_before(connection: psycopg.AsyncConnection, crawl_id: str) -> list[CrawlFigures]:
    """Return those of the accepted crawls that asked the same keywords of the same districts, the newest first."""
    rows = await (await connection.execute(OF_THE_SAME, {"crawl": crawl_id})).fetchall()
    return [msgspec.convert(figures, CrawlFigures) for (figures,) in rows]


async def pages_read(
    connection: psycopg.AsyncConnection, crawl_id: str, since: datetime | None
) -> tuple[datetime | None, int]:
    """Return when a crawl that is judged has last read the page of a store for the first time, and how many it has.

    `since`: of the stores that it has first read after that, as `read_figures`. None and 0: there are none.
    """
    cursor = await connection.execute(READ_SINCE, {"crawl": crawl_id, "since": since})
    newest, pages = await cursor.fetchone() or (None, 0)
    return newest, int(pages)


async def _counted(connection: psycopg.AsyncConnection, crawl_id: str) -> list[tuple[str, int]]:
    """Return what the workers have counted of answers; nothing where that is not kept, which harms no crawl."""
    try:
        async with connection.transaction():
            rows = await (await connection.execute(COUNTED, {"crawl": crawl_id})).fetchall()
    except (errors.UndefinedTable, errors.InsufficientPrivilege):
        return []
    return [(name, int(count)) for name, count in rows]


def _of_answers(counted: Iterable[tuple[str, int]]) -> dict[str, Any]:
    """Return `answers`, `errors` and `odd` out of stats: site/status/503, oddities/<path>/<came>/<due>."""
    answers, errors, odd = 0, Counter[str](), Counter[str]()
    for name, count in counted:
        kind, _, rest = name.partition("/")
        if kind == "oddities":
            odd[rest.partition("/")[0]] += count
            continue
        status = rest.partition("/")[2]
        answers += count
        if status[:1] in {"4", "5"}:
            errors[f"HTTP {status}"] += count
    return {"answers": answers, "errors": dict(errors), "odd": dict(odd)}
