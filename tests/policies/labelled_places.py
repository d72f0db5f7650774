"""A city's stores, and a list of some of them as people write lists, with what each entry truly is.

It knows nothing of how they are compared. A fifth of the stores is in the list and not in the crawl: their neighbours
of the same chain, name or building are.
"""

from __future__ import annotations

import math
import unicodedata
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from replica.city import build_city
from replica.rows import write_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Shop(NamedTuple):
    name: str
    branch: str | None
    lat: float
    lon: float
    addr: str
    road_addr: str | None


class Written(NamedTuple):
    """An entry of a list."""

    shop: int
    """Which it truly is."""
    name: str
    branch: str | None
    point: tuple[float, float] | None
    address: str | None


VOWELS = {"ᅢ": "ᅦ", "ᅦ": "ᅢ", "ᅩ": "ᅮ", "ᅡ": "ᅣ", "ᅥ": "ᅡ", "ᅵ": "ᅴ", "ᅮ": "ᅩ"}
NORTH = 111_000.0  # metres of a degree


def city(seed: int, *, refill: int, ordinary: int) -> list[Shop]:
    """Return the replica's city: names repeat in it as those of chains do."""
    return [
        Shop(store.concept.name, store.concept.branch, store.lat, store.lon, *write_addresses(store))
        for store in build_city(seed, refill_stores=refill, ordinary_stores=ordinary)
    ]


def crawled(shops: Iterable[Shop], seed: int) -> list[int]:
    """Return the numbers of those that a crawl has found: four of five."""
    chance = Random(f"crawled {seed}")  # noqa: S311  # no secret
    return [number for number, _ in enumerate(shops) if chance.random() < 0.8]


def _misspell(name: str, chance: Random) -> str:
    jamo = list(unicodedata.normalize("NFD", name))
    where = [place for place, letter in enumerate(jamo) if letter in VOWELS]
    if where and chance.random() < 0.6:
        place = chance.choice(where)
        jamo[place] = VOWELS[jamo[place]]
        return unicodedata.normalize("NFC", "".join(jamo))
    place = chance.randrange(len(name))
    return name[:place] + name[place + 1 :] if len(name) > 4 else name


def _divide(name: str, chance: Random) -> str:
    cut = chance.randrange(2, len(name) - 1) if len(name) > 4 else len(name)
    return f"{name[:cut]} {name[cut:]}".strip()


NAMES: list[tuple[int, Callable[[str, Random], str]]] = [
    (57, lambda name, _: name),
    (10, _misspell),
    (10, lambda name, _: name.replace(" ", "")),
    (5, lambda name, _: unicodedata.normalize("NFD", name)),
    (4, lambda name, _: f"(주){name}"),
    (4, lambda name, _: f"{name} 무한리필"),
    (3, lambda name, _: f"무한리필 {name}"),
    (3, _divide),
    (2, lambda name, _: f"{name}(구 옛날식당)"),
    (2, lambda name, _: f"[포장] {name}"),
]
"""How often of a hundred a name is written so."""
BRANCHES: list[tuple[int, Callable[[str, str], tuple[str, str | None]]]] = [
    (35, lambda name, branch: (f"{name} {branch}", None)),
    (20, lambda name, _: (name, None)),
    (15, lambda name, branch: (f"{name}{branch}", None)),
    (12, lambda name, branch: (f"{name}({branch})", None)),
    (10, lambda name, branch: (name, branch)),
    (8, lambda name, branch: (f"{name} {branch.removesuffix('점')}", None)),
]


def _write_name(shop: Shop, chance: Random) -> tuple[str, str | None]:
    (write,) = chance.choices([way for _, way in NAMES], [weight for weight, _ in NAMES])
    name = write(shop.name, chance)
    if shop.branch is None:
        return name, None
    branch = shop.branch.replace("역점", "점") if chance.random() < 0.5 else shop.branch
    (join,) = chance.choices([way for _, way in BRANCHES], [weight for weight, _ in BRANCHES])
    return join(name, branch)


def _write_where(shop: Shop, chance: Random) -> tuple[tuple[float, float] | None, str | None]:
    address = shop.addr if chance.random() < 0.3 or not shop.road_addr else shop.road_addr
    if chance.random() < 0.5:
        address = address.partition(",")[0].replace("서울특별시", "서울")
    draw = chance.random()
    if draw < 0.45:
        return _moved(shop, chance, 25), address if chance.random() < 0.5 else None
    if draw < 0.60:
        return _moved(shop, chance, 70), None
    if draw < 0.65:
        return (round(shop.lat, 3), round(shop.lon, 3)), address
    return None, address


def _moved(shop: Shop, chance: Random, metres: float) -> tuple[float, float]:
    north, east = chance.gauss(0, metres), chance.gauss(0, metres)
    return shop.lat + north / NORTH, shop.lon + east / (NORTH * math.cos(math.radians(shop.lat)))


def write_list(shops: list[Shop], seed: int, share: float = 0.5) -> list[Written]:
    """Return a list of some of the shops, each entry by another hand."""
    chance = Random(f"list {seed}")  # noqa: S311  # no secret
    chosen = [number for number, _ in enumerate(shops) if chance.random() < share]
    return [_write(number, shops[number], chance) for number in chosen]


def _write(number: int, shop: Shop, chance: Random) -> Written:
    name, branch = _write_name(shop, chance)
    point, address = _write_where(shop, chance)
    return Written(number, name, branch, point, address)


class Tally(NamedTuple):
    right: int
    wrong: int
    """Taken for another, or for one that is not in the crawl."""
    missed: int
    """In the crawl, and not taken for it."""

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


def tally(written: list[Written], known: list[int], found: Iterable[int | None]) -> Tally:
    """Count what was found for each entry, by its place in `known`; None: nothing."""
    taken_for = [None if number is None else known[number] for number in found]
    right = sum(one.shop == shop for one, shop in zip(written, taken_for, strict=True))
    there = set(known)
    return Tally(
        right, sum(shop is not None for shop in taken_for) - right, sum(one.shop in there for one in written) - right
    )
