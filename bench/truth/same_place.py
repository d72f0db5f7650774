"""Lists of a city's stores, written as people write them, compared with a crawl that has four of five."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from bench.truth.captured import read_rows
from refillspot.listing.own_list import write_place
from refillspot.policies.same_place import match_places
from tests.policies.labelled_places import Shop, Tally, city, crawled, tally, write_list

if TYPE_CHECKING:
    from refillspot.policies.same_place import Match, NamedPlace

MANY_OWN, MANY_KNOWN = 100_000, 10_000


def report(seed: int) -> None:
    print("\nsame place: lists as people write them; a fifth of the stores is not in the crawl")
    _print("the replica's city", _measure(city(seed, refill=3000, ordinary=6000), seed, share=0.5))
    if shops := _captured():
        _print("stores of the captures", _measure(shops, seed, share=0.9))
    _report_speed(seed)


def _measure(shops: list[Shop], seed: int, *, share: float) -> Tally:
    known, written = crawled(shops, seed), write_list(shops, seed, share)
    own = [write_place(one.name, one.branch, one.point, [one.address]) for one in written]
    there = [_place_of(shops[number]) for number in known]
    return tally(written, known, map(_found, match_places(own, there)))


def _place_of(shop: Shop) -> NamedPlace:
    return write_place(shop.name, shop.branch, (shop.lat, shop.lon), [shop.road_addr, shop.addr])


def _found(match: Match) -> int | None:
    return match.nearest.known if match.nearest and match.state in {"same", "twice"} else None


def _print(title: str, counted: Tally) -> None:
    print(f"{title}: precision {counted.precision:.2%}, recall {counted.recall:.2%} {json.dumps(counted._asdict())}")


def _captured() -> list[Shop]:
    rows = {row["v_rid"]: row for row in read_rows() if row.get("nm") and row.get("lat") and row.get("addr")}
    return [
        Shop(
            row["nm"],
            row.get("branch") or None,
            float(row["lat"]),
            float(row["lng"]),
            row["addr"],
            row.get("road_addr"),
        )
        for row in rows.values()
    ]


def _report_speed(seed: int) -> None:
    shops = city(seed, refill=30_000, ordinary=MANY_OWN - 30_000)
    own = [write_place(one.name, one.branch, one.point, [one.address]) for one in write_list(shops, seed, share=1)]
    known = [_place_of(shop) for shop in shops[:: MANY_OWN // MANY_KNOWN]]
    began = time.process_time()
    match_places(own, known)
    print(f"{len(own):,} places against {len(known):,}: {time.process_time() - began:.1f} s of processor time")
