"""Draws the city: so many stores of each sort, in every district, each reproducible from the seed alone."""

from __future__ import annotations

import string
from functools import cache
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from refillspot.regions import SEOUL, districts, find_district
from replica.concepts import draw_ordinary, draw_refill
from replica.hours import draw_status, draw_week
from replica.places import AREA_CODES, FULLNESS
from replica.store import Standing, Store
from replica.vocabulary import BRANCH_ENDS, BUILDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refillspot.regions import District, Dong, Region
    from replica.store import Concept

REF_LETTERS = string.ascii_letters + string.digits
BRANCH_SHARE = 0.08
# Of 1,000 phones: 0507 numbers, office numbers, mobiles, none; the rest are the city's own, Seoul's 02.
PHONES = {
    "0507-1{:03d}-{:04d}": 280, "1577-{1:04d}": 12, "010-{:04d}-{:04d}": 30, "": 17, "{area}-{:03d}-{:04d}": 661,
}  # fmt: skip
SIGMA_SHARE = 0.2
"""Spread of the stores around a dong's centre, against the size of its bounding box."""


def build_city(seed: int, *, refill_stores: int, ordinary_stores: int, city: Region = SEOUL) -> tuple[Store, ...]:
    """Return the stores, district by district. A store's own draws depend on the seed and its number only."""
    stores: dict[str, Store] = {}
    for number, (district, draw) in enumerate(_plots(city, refill_stores, ordinary_stores)):
        store_seed = seed * 1_000_003 + number
        rng = Random(store_seed)  # noqa: S311  # invented data
        store = build_store(store_seed, district, draw(rng), rng)
        while store.ref in stores:
            store = replace(store, ref=_draw_ref(rng))
        stores[store.ref] = store
    return tuple(stores.values())


def _plots(
    city: Region, refill_stores: int, ordinary_stores: int
) -> Iterator[tuple[District, Callable[[Random], Concept]]]:
    for draw, total in ((draw_refill, refill_stores), (draw_ordinary, ordinary_stores)):
        built, share, whole = 0, 0.0, sum(map(_fullness, districts(city)))
        for district in districts(city):
            share += _fullness(district)
            until = round(total * share / whole)  # cumulative, so that the parts add up to the total
            yield from ((district, draw) for _ in range(until - built))
            built = until


def _fullness(district: District) -> float:
    return FULLNESS.get(district.name, 1.0) if district.region == SEOUL else 1.0


def build_store(seed: int, district: District, concept: Concept, rng: Random) -> Store:
    """Return a store of this concept, at some place of the district."""
    dong = _draw_dong(district, rng)
    lat, lon = _draw_point(dong, rng)
    status = draw_status(rng)
    return Store(
        ref=_draw_ref(rng),
        seed=seed,
        concept=_settle(concept, dong, rng),
        district=district,
        dong=dong,
        lat=lat,
        lon=lon,
        phone=_draw_phone(district.region, rng),
        standing=_draw_standing(rng),
        open_status=status,
        week=draw_week(status, rng),
    )


def _settle(concept: Concept, dong: Dong, rng: Random) -> Concept:
    branch, building = concept.branch, concept.building or rng.choice(BUILDINGS)
    if branch is None and rng.random() < BRANCH_SHARE:
        end = rng.choice(BRANCH_ENDS)
        branch = end if end in {"본점", "직영점", "2호점"} else dong.name + end
    return replace(concept, branch=branch, building=building)


def _draw_dong(district: District, rng: Random) -> Dong:
    """Return a dong; the first ones of an order of its own fill up more than the last."""
    order, weights = _order_dongs(district.code)
    return rng.choices(order, cum_weights=weights)[0]


@cache
def _order_dongs(code: str) -> tuple[list[Dong], list[float]]:
    district = find_district(code)
    dongs = district.dongs if district else ()
    order = Random(code).sample(dongs, len(dongs))  # noqa: S311  # invented data
    return order, list(accumulate(1 / (rank + 4) for rank in range(len(order))))


def _draw_point(dong: Dong, rng: Random) -> tuple[float, float]:
    box, (lat, lon) = dong.bbox, dong.center
    north = rng.gauss(lat, (box.north - box.south) * SIGMA_SHARE)
    east = rng.gauss(lon, (box.east - box.west) * SIGMA_SHARE)
    return round(min(max(north, box.south), box.north), 7), round(min(max(east, box.west), box.east), 7)


def _draw_ref(rng: Random) -> str:
    return "".join(rng.choices(REF_LETTERS, k=12))


def _draw_phone(city: Region, rng: Random) -> str | None:
    form = rng.choices(list(PHONES), list(PHONES.values()))[0]
    return form.format(rng.randint(200, 999), rng.randint(0, 9999), area=AREA_CODES[city.name]) or None


def _draw_standing(rng: Random) -> Standing:
    if rng.random() < 0.182:
        return Standing(score=25 if rng.random() < 0.6 else rng.randint(26, 50), user_score=0, review_count=0)
    score = min(98, max(26, round(rng.gauss(66, 13))))
    return Standing(score, min(5.0, max(1.0, round(rng.gauss(4.1, 0.5), 1))), max(1, int(rng.lognormvariate(2.8, 1.3))))
