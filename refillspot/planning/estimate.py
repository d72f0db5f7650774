"""How many requests a crawl will take: from what crawls before it asked, else from the tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import msgspec

from refillspot.planning.keywords import KINDS
from refillspot.planning.search_plan import SearchPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from refillspot.planning.arguments import CrawlArguments
    from refillspot.planning.keywords import KeywordYield
    from refillspot.planning.search_plan import Query
    from refillspot.regions import District

ROBOTS = 1  # a request for the rules


class _Expected(msgspec.Struct):
    """`data/expected.toml`."""

    stores_per_district: float
    pages_per_store: float
    rows_shown: int
    rows_per_store: dict[str, float]
    crowding: dict[str, float]


@dataclass(slots=True, frozen=True)
class Estimate:
    lists: int
    store_pages: int
    basis: Literal["tables", "learnt", "both"]
    resting: int
    """(district, keyword) pairs that are left out this time."""

    @property
    def requests(self) -> int:
        return self.lists + self.store_pages + ROBOTS

    def minutes(self, per_second: float) -> float | None:
        """Return how long they take at so many a second; None where there is no limit (0)."""
        return self.requests / per_second / 60 if per_second else None


def estimate(arguments: CrawlArguments, yields: Sequence[KeywordYield], now: datetime) -> Estimate:
    """Return what a crawl with these arguments will ask if nothing is cached; `yields` is what is known of its places.

    Districts that no crawl has been to are estimated from `data/expected.toml`.
    """
    plan = SearchPlan(arguments, page_size=_expected().rows_shown)
    plan.learn(yields, now)
    known = {one.district_code for one in yields if one.keyword in arguments.keywords}
    awake = [
        one for one in yields
        if one.keyword in arguments.keywords and (one.district_code, one.keyword) not in plan.resting
    ]  # fmt: skip
    unknown = [district for district in arguments.districts if district.code not in known]
    asked_before = {one.keyword for one in yields}
    lists = len({query for one in awake for query in one.queries})
    lists += sum(_lists(plan, seed, unknown) for seed in plan.seeds() if _is_new(seed, unknown, asked_before))
    pages = len({ref for one in awake for ref in one.refs}) + round(_stores(unknown) * _expected().pages_per_store)
    if arguments.limit is not None:
        pages = min(pages, arguments.limit)
    basis: Literal["tables", "learnt", "both"] = "tables" if not known else "both" if unknown else "learnt"
    return Estimate(lists, pages, basis, len(plan.resting))


def _is_new(seed: Query, unknown: Sequence[District], asked_before: set[str]) -> bool:
    return seed.keyword not in asked_before or any(seed.is_about(district.code) for district in unknown)


def _lists(plan: SearchPlan, query: Query, unknown: Sequence[District]) -> int:
    """Return how many lists a query leads to: one, and those of its parts where more is expected than is shown."""
    table = _expected()
    kind = KINDS.get(query.keyword, "other")
    share = table.rows_per_store.get(query.keyword, table.rows_per_store[kind])
    rows = share * _stores_in(query, plan.districts)
    if rows <= table.rows_shown or plan.is_narrow(query.keyword):
        return 1
    parts = [part for part in plan.split(query) if _is_of(part, unknown)]
    return 1 + sum(_lists(plan, part, unknown) for part in parts)


def _is_of(query: Query, unknown: Sequence[District]) -> bool:
    return not unknown or any(query.is_about(district.code) for district in unknown)


def _stores_in(query: Query, districts: Sequence[District]) -> float:
    about = [district for district in districts if query.is_about(district.code)]
    if query.district_code == query.place or query.district_code is None:
        return _stores(about)
    return sum(_stores([district]) / len(district.dongs) for district in about)


def _stores(districts: Sequence[District]) -> float:
    table = _expected()
    return sum(table.stores_per_district * table.crowding.get(district.name, 1.0) for district in districts)


@cache
def _expected() -> _Expected:
    return msgspec.toml.decode(files("refillspot").joinpath("data/expected.toml").read_bytes(), type=_Expected)
