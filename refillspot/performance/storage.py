"""Stores a second into PostgreSQL, near and far: in groups, and as most programs store them. Into empty tables only."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from refillspot.clock import Clock
from refillspot.planning import KEYWORDS
from refillspot.postgres.columns import COLUMNS, KEY_LIST, encode_json
from refillspot.postgres.connection import open_connection, run
from refillspot.postgres.database import migrate_database
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import StoreTable
from refillspot.regions import SEOUL, districts
from refillspot.sandbox.scratch import scratch_space
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.forms import search_form, store_form
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import Store
    from refillspot.sandbox.replica import SyntheticSite
    from refillspot.services import ServiceAddresses

ROUNDS = 3
FEW = 200  # rows, where each takes milliseconds
ROUND_TRIPS = 25
NAMES = [column.name for column in COLUMNS]
INSERT = (
    f"INSERT INTO refillspot.stores ({', '.join(NAMES)}, first_seen_at, last_seen_at) "
    f"VALUES ({', '.join(['%s'] * len(NAMES))}, now(), now()) "
    f"ON CONFLICT ({KEY_LIST}) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in NAMES)}"
)


@dataclass(slots=True, frozen=True)
class Storage:
    """Rows a second, medians of the rounds."""

    merged: float
    inserted: float
    rows: int
    rounds: int
    round_trip: float
    """Seconds to PostgreSQL and back."""


def read_stores_of(site: SyntheticSite) -> list[Store]:
    """Return the stores that one keyword finds in each district, as a crawl reads them."""
    rows = {
        row.v_rid: row
        for district in districts()
        for row in decode_search(site.ask(search_form(f"{SEOUL.short} {district.name} {KEYWORDS[0]}"))).rows
    }
    return [build_store(row, decode_store(site.ask(store_form(ref))), site.url) for ref, row in rows.items()]


def measure_storage(servers: ServiceAddresses, stores: Sequence[Store], group: int) -> Storage:
    """Store them in groups and row by row, by turns, each time in an empty database."""
    merged, inserted = [], []
    for _round in range(ROUNDS):
        with scratch_space(servers, "perf") as scratch:
            merged.append(merged_per_second(scratch.servers.database_url, stores, group))
        with scratch_space(servers, "perf") as scratch:
            inserted.append(inserted_per_second(scratch.servers.database_url, stores[:FEW]))
    return Storage(median(merged), median(inserted), len(stores), ROUNDS, round_trip(servers.database_url))


def insert_values(store: Store) -> list[Any]:
    """Return the parameters of INSERT."""
    return [
        encode_json(value).decode() if column.type == "jsonb" and value is not None else value
        for column, value in zip(COLUMNS, StoreRow.of(store).values(), strict=True)
    ]


def round_trip(database_url: str) -> float:
    """Return the seconds that a question takes which is no work, the median of some."""
    with open_connection(database_url, autocommit=True) as connection:
        took = []
        for _number in range(ROUND_TRIPS):
            began = monotonic()
            connection.execute("SELECT 1")
            took.append(monotonic() - began)
    return median(took)


def merged_per_second(database_url: str, stores: Sequence[Store], group: int) -> float:
    """Return rows a second by COPY and merge, `group` of them in a transaction."""

    async def write() -> float:
        table = StoreTable(database_url, Clock())
        await table.open()
        began = monotonic()
        for first in range(0, len(stores), group):
            await table.write(stores[first : first + group])
        seconds = monotonic() - began
        await table.close()
        return len(stores) / seconds

    return run(write())


def inserted_per_second(database_url: str, stores: Sequence[Store]) -> float:
    """Return rows a second by one INSERT and one COMMIT a row."""
    migrate_database(database_url)
    with open_connection(database_url) as connection:
        began = monotonic()
        for store in stores:
            connection.execute(INSERT, insert_values(store))
            connection.commit()
        return len(stores) / (monotonic() - began)
