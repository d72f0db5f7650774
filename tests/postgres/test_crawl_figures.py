"""What PostgreSQL says that a crawl came to."""

from __future__ import annotations

import asyncio

import psycopg

from refillspot.clock import Clock
from refillspot.policies.quality import ELSEWHERE, FIELDS, DistrictFigures
from refillspot.postgres.connection import open_async_connection
from refillspot.postgres.crawl_figures import pages_so_far
from refillspot.postgres.crawls import join_crawl
from tests.postgres.test_stores import store, with_table


def pages(database_url: str, crawl: str) -> dict[str, DistrictFigures]:
    async def read() -> dict[str, DistrictFigures]:
        async with await open_async_connection(database_url) as connection:
            return await pages_so_far(connection, crawl)

    return asyncio.run(read())


def test_what_pages_do_not_say_is_counted_though_the_table_keeps_it(database_url: str) -> None:
    for crawl in ("known", "now"):
        join_crawl(database_url, "diningcode", {"districts": ["11680", "11650"]}, crawl, Clock().now())
    known = [store("A"), store("B"), store("C", channel="web")]
    with_table(database_url, lambda table: table.write(known, "known"))
    now = [
        store("A", hours=None, hours_text=None),
        store("B"),
        store("D", district_code="11710"),
        store("E", district_code=None),
    ]

    with_table(database_url, lambda table: table.write(now, "now"))

    assert pages(database_url, "known") == {
        "11680": DistrictFigures(pages=2, pages_for_people=1, having=dict.fromkeys(FIELDS, 2))
    }
    assert pages(database_url, "now") == {
        "11680": DistrictFigures(pages=2, having=dict.fromkeys(FIELDS, 2) | {"hours": 1}),
        ELSEWHERE: DistrictFigures(pages=2, having=dict.fromkeys(FIELDS, 2)),
    }
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(hours) FROM refillspot.stores").fetchone() == (5,)
