"""How long a person waits for stores: by a text of two syllables, nearby, by district. `python -m bench.search`

100,000 all-you-can-eat stores, asked as `scrapy stores` asks: for the cheapest or the nearest twenty. Beside them the
same text by pg_trgm, and the same questions without an index; and while a crawl is open that has seen a fifth of the
stores again, of which one in fifty has changed. Under `.ci/with-debian-servers`, on that server as well.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from functools import partial
from random import Random
from statistics import median, quantiles
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from bench import runner
from bench.storage import make_stores
from bench.worker import empty_database, running_services
from refillspot.clock import Clock
from refillspot.postgres.columns import COLUMNS
from refillspot.postgres.database import migrate_database
from refillspot.postgres.outward import Circle, StoreFilter
from refillspot.postgres.stores import StoreTable
from refillspot.regions import districts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.runner import Figures
    from refillspot.items import Store

Question = tuple[sql.Composed, dict[str, Any]]

MADE = 10_000  # by the generator; the others are these again, elsewhere
GROUP = 1000
CORRECTIONS = 200  # of stores
SEEN = 0.2  # of the stores, by a crawl that is open
CHANGED = 0.02  # of these
FEW = 3  # questions that read every store
METRES = 2000
SHOWN = ("ref", "name", "branch", "cuisines", "refill_price_krw", "hours", "road_addr")
MOVED = {"ref": "ref || '-' || copy", "lat": "lat + random() * 0.06 - 0.03", "lon": "lon + random() * 0.06 - 0.03"}
AGAIN = f"""
    INSERT INTO refillspot.stores ({", ".join(column.name for column in COLUMNS)})
    SELECT {", ".join(MOVED.get(column.name, column.name) for column in COLUMNS)}
    FROM refillspot.stores, generate_series(2, %s) AS copy
"""
CORRECTED = """
    INSERT INTO refillspot.corrections (site, ref, field, value, based_on)
    SELECT site, ref, 'phone', '{"phone": "02-777-2222"}', coalesce(to_jsonb(phone), 'null')
    FROM refillspot.stores ORDER BY md5(ref) LIMIT %s
"""
OPEN = """
    INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at, accepted)
    VALUES ('open', 'diningcode', '{}', 'running', now(), false)
"""
BEFORE = """
    INSERT INTO refillspot.store_before (crawl, site, ref, row)
    SELECT 'open', site, ref, CASE WHEN random() < %s THEN to_jsonb(s)
        ELSE jsonb_build_object('last_seen_at', last_seen_at, 'fetched_at', fetched_at) END
    FROM refillspot.stores AS s WHERE random() < %s
"""  # as `postgres.merging` keeps them
TRIGRAMS = """
    CREATE EXTENSION pg_trgm;
    CREATE INDEX by_trigram ON refillspot.stores
        USING gin (refillspot.searchable(name, branch, categories, menu) gin_trgm_ops)
"""
BY_TRIGRAM = sql.SQL("""
    SELECT {} FROM refillspot.v_stores
    WHERE refillspot.searchable(name, branch, categories, menu) LIKE '%%' || %(text)s || '%%'
    ORDER BY refill_price_krw NULLS LAST, site, ref LIMIT 20
""").format(sql.SQL(", ").join(map(sql.Identifier, SHOWN)))
TEXT, NEAR, DISTRICT = "a text of two syllables", "nearby, 2 km", "a district"
WHILE_OPEN = ", while a crawl is open"


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--stores", type=int, default=100_000, help="in all (default 100000)")
    arguments = parser.parse_args()
    stores = make_stores(min(MADE, arguments.stores))
    cases: dict[str, partial[Figures]] = {}
    built: dict[str, float] = {}
    with running_services() as services, ExitStack() as stack:
        for url in dict.fromkeys((services.database_url, os.environ.get("DATABASE_URL", services.database_url))):
            connection = stack.enter_context(psycopg.connect(stack.enter_context(empty_database(url)), autocommit=True))
            server = f"PostgreSQL {connection.info.server_version // 10_000}"
            connection.prepare_threshold = None  # a plan that was made with indexes would be kept without them
            built |= fill(connection, stores, arguments.stores // len(stores), server)
            cases |= dict(cases_on(connection, stores, server))
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    goals = [
        runner.at_most(f"ms, {name}", row["ms"], 20)
        for name, row in rows.items()
        if name.rpartition(", PostgreSQL")[0] in (TEXT, NEAR, DISTRICT)
    ]
    goals += [
        runner.at_most(f"ms, {name} ÷ without one", runner.ratio(runs, "ms", of=name, baseline=without), 2, without)
        for name in runs
        if (without := name.replace(WHILE_OPEN, "")) != name
    ]
    conditions = {"stores": arguments.stores, "corrections": CORRECTIONS, **built, "rounds": arguments.rounds}
    return runner.publish(runner.Report("search", conditions, rows, goals, runs), arguments.json)


def fill(connection: psycopg.Connection, stores: Sequence[Store], copies: int, server: str) -> dict[str, float]:
    """Return how long the indexes take to build, as a migration does it, in seconds."""
    url = connection.info.dsn
    migrate_database(url)
    asyncio.run(store_all(url, stores))
    connection.execute("SELECT setseed(0.5)")
    connection.execute(AGAIN, [copies])
    began = monotonic()
    for name in ("text", "place", "price"):
        connection.execute(f"REINDEX INDEX refillspot.stores_by_{name}".encode())
    seconds = monotonic() - began
    connection.execute(TRIGRAMS)
    connection.execute(CORRECTED, [CORRECTIONS])
    connection.execute(OPEN)
    connection.execute(BEFORE, [CHANGED, SEEN])
    connection.execute("VACUUM ANALYZE refillspot.stores, refillspot.corrections, refillspot.store_before")
    return {f"indexes built on {server}, s": round(seconds, 1)}


async def store_all(url: str, stores: Sequence[Store]) -> None:
    table = StoreTable(url, Clock())
    await table.open()
    for first in range(0, len(stores), GROUP):
        await table.write(stores[first : first + GROUP])
    await table.close()


def cases_on(
    connection: psycopg.Connection, stores: Sequence[Store], server: str
) -> Iterator[tuple[str, partial[Figures]]]:
    chosen = Random(1)  # noqa: S311
    words = sorted({text[at : at + 2] for store in stores for text in said_by(store) for at in range(len(text) - 1)})
    texts = [StoreFilter(text=word, sort="price", limit=20) for word in chosen.sample(words, 60)]
    points = chosen.sample([(store.lat, store.lon) for store in stores if store.lat and store.lon], 60)
    near = [StoreFilter(near=Circle(*point, METRES), sort="distance", limit=20) for point in points]
    there = [StoreFilter(districts=(district,), sort="price", limit=20) for district in districts()]
    for kind, wanted in {TEXT: texts, NEAR: near, DISTRICT: there}.items():
        questions = [one.statement(SHOWN) for one in wanted]
        yield f"{kind}, {server}", partial(ask, connection, questions)
        yield f"{kind}{WHILE_OPEN}, {server}", partial(ask, connection, questions, is_crawl_open=True)
        if kind != DISTRICT:
            yield f"{kind}, without an index, {server}", partial(ask, connection, questions[:FEW], indexes="off")
    trigrams = [(BY_TRIGRAM, {"text": one.text}) for one in texts[:FEW]]
    yield f"{TEXT}, pg_trgm, {server}", partial(ask, connection, trigrams)


def said_by(store: Store) -> Iterator[str]:
    """Yield the words of what a store is searched by."""
    for text in (store.name, *(store.categories or ()), *(line.name for line in store.menu or ())):
        yield from (word for word in text.split() if word.isalpha())


def ask(
    connection: psycopg.Connection, questions: Sequence[Question], indexes: str = "on", *, is_crawl_open: bool = False
) -> Figures:
    times = []
    with connection.transaction(force_rollback=True):
        if not is_crawl_open:
            connection.execute("TRUNCATE refillspot.store_before")
        for setting in ("enable_indexscan", "enable_bitmapscan"):
            connection.execute("SELECT set_config(%s, %s, false)", [setting, indexes])
        if indexes == "off":  # each corrected store would be looked for in the whole table
            connection.execute("DELETE FROM refillspot.corrections")
        for question in questions:
            began = monotonic()
            connection.execute(*question).fetchall()
            times.append((monotonic() - began) * 1000)
    return {"ms": median(times), "9 of 10 within ms": quantiles(times, n=10)[-1], "longest ms": max(times)}


if __name__ == "__main__":
    sys.exit(main())
