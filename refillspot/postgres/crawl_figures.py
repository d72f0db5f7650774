"""What a crawl came to, as `policies.quality` judges it: figures worked out in PostgreSQL, of all workers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.policies.quality import FIELDS, DistrictFigures

if TYPE_CHECKING:
    import psycopg

# By district, and by what `quality.said` counts; what was not asked for is elsewhere.
SAID = """
    SELECT CASE WHEN c.arguments -> 'districts' ? of.code THEN of.code ELSE '?' END, said.name, sum(said.pages::bigint)
    FROM refillspot.crawl_commits AS w JOIN refillspot.crawls AS c ON c.id = w.crawl
    CROSS JOIN LATERAL jsonb_each(w.said) AS of (code, fields)
    CROSS JOIN LATERAL jsonb_each_text(of.fields) AS said (name, pages)
    WHERE w.crawl = %s GROUP BY 1, 2
"""


async def pages_so_far(connection: psycopg.AsyncConnection, crawl_id: str) -> dict[str, DistrictFigures]:
    """Return by district what the store pages of a crawl have said, as far as they are committed."""
    said: dict[str, dict[str, int]] = {}
    async for code, name, pages in await connection.execute(SAID, [crawl_id]):
        said.setdefault(code, {})[name] = int(pages)
    return {
        code: DistrictFigures(
            pages=pages.get("pages", 0),
            pages_for_people=pages.get("pages_for_people", 0),
            having={name: pages.get(name, 0) for name in FIELDS},
        )
        for code, pages in said.items()
    }
