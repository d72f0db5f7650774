"""Stores a second into PostgreSQL, near and far."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from refillspot.planning import KEYWORDS
from refillspot.postgres.speed import inserted_per_second, merged_per_second, round_trip
from refillspot.regions import SEOUL, districts
from refillspot.sandbox.scratch import clean_ground
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.forms import search_form, store_form
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import Store
    from refillspot.sandbox.site import SyntheticSite
    from refillspot.services import ServiceAddresses

ROUNDS = 3
FEW = 200  # rows, where each takes milliseconds


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
        with clean_ground(servers, "perf") as ground:
            merged.append(merged_per_second(ground.servers.database_url, stores, group))
        with clean_ground(servers, "perf") as ground:
            inserted.append(inserted_per_second(ground.servers.database_url, stores[:FEW]))
    return Storage(median(merged), median(inserted), len(stores), ROUNDS, round_trip(servers.database_url))
