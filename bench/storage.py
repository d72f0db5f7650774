"""Stores a second into PostgreSQL: COPY and merge in groups, against one INSERT a row. `python -m bench.storage`

On loopback and with a round trip of 1 ms, as to a server in the next room. Beside them what COPY alone can do, with the
same rows made before it begins: into the staging table, and straight into the empty table, which could not be done
twice. `changed`: a price of each store is another one; without history, nothing but the row is written. Its µs are of
the processor, own and the server's. `to be judged`: of a crawl that is not accepted yet, so that each
row is kept as it was.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from dataclasses import replace
from datetime import timedelta
from functools import partial
from statistics import median
from time import monotonic, process_time
from typing import TYPE_CHECKING
from unittest import mock

import msgspec
import psutil
import psycopg

from bench import runner
from bench.far_away import reached
from bench.held_loop import HeldLoop
from bench.site import TODAY, store_rows
from bench.worker import empty_database, running_services
from refillspot.batches import Batches
from refillspot.clock import Clock
from refillspot.items import MenuItem
from refillspot.performance.storage import INSERT, insert_values
from refillspot.postgres import merging
from refillspot.postgres.columns import COLUMNS, KEY, merge_expression
from refillspot.postgres.database import migrate_database
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import StoreTable
from refillspot.sites.diningcode.answers import decode_store
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.stores import build_store
from replica import profile
from replica.city import build_city

if TYPE_CHECKING:
    from bench.runner import Figures
    from refillspot.items import Store

GROUP = 1000  # POSTGRES_COPY_MAX_ROWS
IN_HAND = 2000  # FRONTIER_MAX_IN_HAND
ARRIVING = 20  # stores at once, from as many answers
ROUND_TRIP = 0.001  # seconds
FEW = 500  # rows, where each takes a millisecond or more
WITHOUT_HISTORY = f"""
    UPDATE refillspot.stores AS s SET
        {", ".join(f"{column.name} = {merge_expression(column)}" for column in COLUMNS if column.name not in KEY)},
        {merging.OPERATING}, last_seen_at = greatest(s.last_seen_at, EXCLUDED.seen_at),
        fetched_at = greatest(s.fetched_at, EXCLUDED.fetched_at)
    FROM (SELECT NULL::jsonb) AS looked (unsaid), pg_temp.incoming_stores AS excluded
    WHERE (s.site, s.ref) = (excluded.site, excluded.ref) AND {merging.IS_NEWS}
"""
NO_HISTORY = "COPY and merge, without history"
JUDGED = "COPY and merge, to be judged"
CRAWL = """
    INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at, accepted)
    VALUES (%s, 'diningcode', '{}', 'running', now(), false)
"""
MERGE, INSERTS, FAR = "COPY and merge", "INSERT a row", ", 1 ms away"
SESSIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
STAGE, STRAIGHT = "COPY alone, into the staging table", "COPY alone, into the table"


def main() -> int:
    parser = runner.parser(__doc__, rounds=5)
    parser.add_argument("--stores", type=int, default=10_000, help="stores of a run (default 10000)")
    arguments = parser.parse_args()
    stores = make_stores(arguments.stores)
    both = stores, list(map(dearer, stores))
    gc.freeze()  # a crawl does not hold ten thousand stores, for its garbage collector to walk through
    with running_services() as services:
        cases = {
            MERGE: partial(merge, services.database_url, *both),
            NO_HISTORY: partial(merge_without_history, services.database_url, *both),
            JUDGED: partial(merge, services.database_url, *both, is_judged=True),
            STAGE: partial(copy, services.database_url, stores, "pg_temp.incoming_stores"),
            STRAIGHT: partial(copy, services.database_url, stores, "refillspot.stores"),
            INSERTS: partial(insert, services.database_url, stores[: arguments.stores // 4]),
            MERGE + FAR: partial(merge, services.database_url, *both, ROUND_TRIP),
            INSERTS + FAR: partial(insert, services.database_url, stores[:FEW], ROUND_TRIP),
        }
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    far = runner.ratio(runs, "new rows/s", of=MERGE + FAR, baseline=INSERTS + FAR)
    again = {name: [spared(run) for run in runs[name]] for name in (MERGE, JUDGED)}
    history = 1 / runner.ratio(runs, "changed µs/row", of=MERGE, baseline=NO_HISTORY)
    goals = [
        runner.at_least("changed rows a second of the processor, with history ÷ without", history, 0.75, NO_HISTORY),
        runner.at_least("rows/s merged, all columns", rows[MERGE]["new rows/s"], 15_000),
        runner.at_least(f"rows/s, {MERGE} ÷ {INSERTS}, both 1 ms away", far, 20, INSERTS + FAR),
        *(
            runner.at_least(f"{what}, unchanged ÷ new, {name}", median(figures), 2, "new rows")
            for name, times in again.items()
            for what, figures in zip(
                ("rows/s", "rows a second of the processor"), zip(*times, strict=True), strict=True
            )
        ),
        runner.at_most("ms that the event loop is held by a commit", rows[MERGE]["loop held ms"], 50),
    ]
    conditions = {"stores": arguments.stores, "group": GROUP, "in hand": IN_HAND, "rounds": arguments.rounds}
    return runner.publish(runner.Report("storage", conditions, rows, goals, runs), arguments.json)


def make_stores(count: int) -> list[Store]:
    stores = {store.ref: store for store in build_city(7, refill_stores=count + count // 10, ordinary_stores=0)}
    return [
        build_store(
            msgspec.convert(row, Row),
            decode_store(profile.answer(stores[row["v_rid"]], TODAY)),
            "https://www.example.org",
        )
        for row in store_rows(count)
    ]


def merge(
    database_url: str, stores: list[Store], dearer: list[Store], round_trip: float = 0.0, *, is_judged: bool = False
) -> Figures:
    """As the pipeline does it: what arrives during a commit goes into the next.

    `dearer`: the same stores, changed.
    """

    async def write(url: str, stores: list[Store], crawl: str | None) -> Figures:
        table, in_hand = StoreTable(url, Clock(timedelta())), deque[asyncio.Future[None]]()
        await table.open()

        async def commit(rows: list[StoreRow]) -> list[None]:
            await table.write_rows(rows, crawl)
            return [None] * len(rows)

        group: Batches[StoreRow, None] = Batches(commit, largest=GROUP, longest_seconds=2.0)
        loop, server = HeldLoop(), ServerTime(url)
        began, own = monotonic(), process_time()
        for number, store in enumerate(stores):
            in_hand.append(group.add(StoreRow.of(store)))
            if not number % ARRIVING:
                await asyncio.sleep(0)
            if len(in_hand) == IN_HAND:
                await in_hand.popleft()
        group.flush()
        await asyncio.gather(*in_hand)
        figures = {
            "rows/s": len(stores) / (monotonic() - began),
            "own µs/row": (process_time() - own) / len(stores) * 1e6,
            "server µs/row": server.spent() / len(stores) * 1e6,
            "loop held ms": await loop.longest_ms(),
        }
        await table.close()
        return figures

    with empty_database(database_url) as empty, reached(empty, round_trip) as url:
        migrate_database(empty)
        crawls = begin_crawls(empty, 3) if is_judged else [None] * 3
        new, again, changed = (
            asyncio.run(write(url, *what)) for what in zip((stores, stores, dearer), crawls, strict=True)
        )
    held = max(found.pop("loop held ms") for found in (new, again, changed))
    times = {"new": new, "again": again}
    figures = {f"{when} {what}": figure for when, found in times.items() for what, figure in found.items()}
    spent = changed["own µs/row"] + changed["server µs/row"]
    return figures | {"changed rows/s": changed["rows/s"], "changed µs/row": spent, "loop held ms": held}


def spared(run: Figures) -> tuple[float, float]:
    """Return how many times as many unchanged rows as new ones are merged in a second, and in one of the processor."""
    spent = {when: run[f"{when} own µs/row"] + run[f"{when} server µs/row"] for when in ("new", "again")}
    return run["again rows/s"] / run["new rows/s"], spent["new"] / spent["again"]


def begin_crawls(database_url: str, count: int) -> list[str]:
    """Begin crawls that are not accepted yet; return their ids."""
    crawls = [f"crawl-{number}" for number in range(count)]
    with psycopg.connect(database_url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(CRAWL, [(crawl,) for crawl in crawls])
    return crawls


def merge_without_history(database_url: str, stores: list[Store], dearer: list[Store]) -> Figures:
    with mock.patch.object(merging, "CHANGE", WITHOUT_HISTORY):
        return merge(database_url, stores, dearer)


def dearer(store: Store) -> Store:
    """Return a store in which the first line of the menu costs more."""
    first, *others = store.menu or [MenuItem("물", 1000)]
    return replace(store, menu=[replace(first, price_krw=(first.price_krw or 0) + 1000), *others])


class ServerTime:
    """Of the processor, spent by the sessions of a database since then. The server is on this machine."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            found = connection.execute(SESSIONS).fetchall()
        self._sessions = [psutil.Process(pid) for (pid,) in found]
        self._before = self._now()

    def spent(self) -> float:
        return self._now() - self._before

    def _now(self) -> float:
        return sum(sum(session.cpu_times()[:2]) for session in self._sessions)


def copy(database_url: str, stores: list[Store], table: str) -> Figures:
    rows = [StoreRow.of(store).values() for store in stores]
    statement = f"COPY {table} ({merging.NAMES}) FROM STDIN (FORMAT BINARY)"
    with empty_database(database_url) as empty:
        migrate_database(empty)
        with psycopg.connect(empty) as connection:
            merging.register_dumpers(connection)
            connection.execute(merging.CREATE_STAGING)
            description = connection.execute(f"SELECT {merging.NAMES} FROM {table}").description or ()
            types = [column.type_display for column in description]
            connection.commit()
            began = monotonic()
            for first in range(0, len(rows), GROUP):
                with connection.cursor() as cursor, cursor.copy(statement) as writing:
                    writing.set_types(types)
                    for row in rows[first : first + GROUP]:
                        writing.write_row(row)
                connection.commit()
            return {"new rows/s": len(rows) / (monotonic() - began)}


def insert(database_url: str, stores: list[Store], round_trip: float = 0.0) -> Figures:
    with empty_database(database_url) as empty, reached(empty, round_trip) as url:
        migrate_database(empty)
        figures = {}
        with psycopg.connect(url) as connection:
            for figure in ("new rows/s", "again rows/s"):
                began = monotonic()
                for store in stores:
                    connection.execute(INSERT, insert_values(store))
                    connection.commit()
                figures[figure] = len(stores) / (monotonic() - began)
        return figures


if __name__ == "__main__":
    sys.exit(main())
