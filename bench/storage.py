"""Stores a second into PostgreSQL: COPY and merge in groups, against one INSERT a row. `python -m bench.storage`

On loopback and with a round trip of 1 ms, as to a server in the next room.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench import runner
from bench.insert_pipeline import INSERT
from bench.site import TODAY, store_rows
from bench.worker import empty_database, running_services
from refillspot.clock import Clock
from refillspot.diningcode.answers import Row, decode_store
from refillspot.diningcode.stores import build_store
from refillspot.postgres.columns import copy_row
from refillspot.postgres.database import migrate_database
from refillspot.postgres.stores import StoreTable
from replica import profile
from replica.city import build_city
from replica.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from bench.runner import Figures
    from refillspot.items import Store

GROUP = 1000  # POSTGRES_COPY_MAX_ROWS
ROUND_TRIP = 0.001  # seconds
FEW = 500  # rows, where each takes a millisecond or more
MERGE, INSERTS, FAR = "COPY and merge", "INSERT a row", ", 1 ms away"


def main() -> int:
    parser = runner.parser(__doc__, rounds=5)
    parser.add_argument("--stores", type=int, default=10_000, help="stores of a run (default 10000)")
    arguments = parser.parse_args()
    stores = make_stores(arguments.stores)
    with running_services() as services:
        cases = {
            MERGE: partial(merge, services.database_url, stores),
            INSERTS: partial(insert, services.database_url, stores[: arguments.stores // 4]),
            MERGE + FAR: partial(merge, services.database_url, stores, ROUND_TRIP),
            INSERTS + FAR: partial(insert, services.database_url, stores[:FEW], ROUND_TRIP),
        }
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    far = runner.ratio(runs, "new rows/s", of=MERGE + FAR, baseline=INSERTS + FAR)
    again = rows[MERGE]["again rows/s"] / rows[MERGE]["new rows/s"]
    goals = [
        runner.at_least("rows/s merged, all columns", rows[MERGE]["new rows/s"], 15_000),
        runner.at_least(f"rows/s, {MERGE} ÷ {INSERTS}, both 1 ms away", far, 20, INSERTS + FAR),
        runner.at_least("rows/s, unchanged ÷ new", again, 2, "new rows"),
    ]
    conditions = {"stores": arguments.stores, "group": GROUP, "rounds": arguments.rounds}
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


def merge(database_url: str, stores: list[Store], round_trip: float = 0.0) -> Figures:
    async def write(url: str) -> float:
        table = StoreTable(url, Clock(timedelta()))
        await table.open()
        began = monotonic()
        for first in range(0, len(stores), GROUP):
            await table.write(stores[first : first + GROUP])
        seconds = monotonic() - began
        await table.close()
        return len(stores) / seconds

    with empty_database(database_url) as empty, reached(empty, round_trip) as url:
        migrate_database(empty)
        return {"new rows/s": asyncio.run(write(url)), "again rows/s": asyncio.run(write(url))}


def insert(database_url: str, stores: list[Store], round_trip: float = 0.0) -> Figures:
    with empty_database(database_url) as empty, reached(empty, round_trip) as url:
        migrate_database(empty)
        figures = {}
        with psycopg.connect(url) as connection:
            for figure in ("new rows/s", "again rows/s"):
                began = monotonic()
                for store in stores:
                    connection.execute(INSERT, copy_row(store))
                    connection.commit()
                figures[figure] = len(stores) / (monotonic() - began)
        return figures


class reached:  # noqa: N801  # a context manager that reads as a word
    """The address of a server as seen from so far away; 0 = as it is."""

    def __init__(self, database_url: str, round_trip: float) -> None:
        self._url, self._round_trip = database_url, round_trip

    def __enter__(self) -> str:
        if not self._round_trip:
            return self._url
        parts = conninfo_to_dict(self._url)
        host, port = str(parts["host"]), parts.get("port", 5432)
        self._proxy = TcpProxy(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}")
        self._proxy.__enter__()
        self._proxy.delay(self._round_trip / 2)
        account = ":".join(quote(str(parts[part]), safe="") for part in ("user", "password") if part in parts)
        return f"postgresql://{account}@127.0.0.1:{self._proxy.port}/{parts['dbname']}"

    def __exit__(self, *error: object) -> None:
        if self._round_trip:
            self._proxy.__exit__(*error)


if __name__ == "__main__":
    sys.exit(main())
