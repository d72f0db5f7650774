"""The search: loose, capped, and ranked by the site's score rather than by what was asked."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from heapq import nsmallest
from math import cos, hypot, radians
from typing import TYPE_CHECKING
from zlib import crc32

from replica.bounded_cache import BoundedCache
from replica.gazetteer import neighbours
from replica.query import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from replica.query import Query
    from replica.store import Store

LOOSE_SHARE = 0.15  # of an answer: ordinary stores of the region that match in part at most
STRAY_SHARE = 0.05  # of an answer: stores of neighbouring districts
NOISE = 40  # points of score that chance may add to a rank
METRES_PER_DEGREE = 111_320
CACHED_STORES = 4_000_000  # references in kept answers: 8 bytes each
OVERHEAD = 50  # what an answer and its query take besides, counted in such references


class Search:
    """Finds stores. Every answer is a function of the city and the query.

    Words are looked for in the dongs that a query is about, never in the whole city for one of them.
    """

    def __init__(self, stores: Iterable[Store]) -> None:
        self.stores = tuple(stores)
        by_dong: defaultdict[str, list[Store]] = defaultdict(list)
        for store in self.stores:
            by_dong[store.dong.code].append(store)
        self._by_dong = dict(by_dong)
        self._matching = BoundedCache(self._find_matching, CACHED_STORES, _weigh_matching)
        self.rank = BoundedCache(self._rank, CACHED_STORES, _weigh_ranked)

    def generic(self) -> tuple[Store, ...]:
        """Return what the site shows when it understood nothing: the best known stores."""
        return tuple(nsmallest(20, self.stores, key=lambda store: (-store.standing.score, store.ref)))

    def _rank(self, query: Query) -> tuple[Store, ...]:
        """Return every store that answers the query, in the order the site lists them."""
        codes = frozenset(self._by_dong) if query.codes is None else query.codes
        hits = self._within(codes, query.words, query)
        if not hits:
            return ()
        seed = crc32(query.text.encode())
        found = {store.ref for store in hits}
        passed = [
            store for store in self._within(codes, (), query) if not store.concept.refill and store.ref not in found
        ]
        loose = _draw_loose(passed, query.words, _count(len(hits), LOOSE_SHARE, seed), seed)
        strays = self._draw_strays(query, codes, _count(len(hits), STRAY_SHARE, seed), seed)
        return tuple(sorted([*hits, *loose, *strays], key=_order(query, seed)))

    def _draw_strays(self, query: Query, codes: frozenset[str], count: int, seed: int) -> list[Store]:
        return _draw(self._within(neighbours(codes), query.words, query), count, seed) if count else []

    def _within(self, codes: frozenset[str], words: tuple[str, ...], query: Query) -> list[Store]:
        stores = [store for code in sorted(codes) for store in self._matching(code, words)]
        if query.rect:
            south, west, north, east = query.rect
            stores = [store for store in stores if south <= store.lat <= north and west <= store.lon <= east]
        return _near(stores, query)

    def _find_matching(self, code: str, words: tuple[str, ...]) -> list[Store]:
        """Return the stores of a dong whose text has all the words."""
        stores = self._by_dong.get(code, [])
        for word in words:
            stores = [store for store in stores if word in store.text]
        return stores


def _weigh_matching(found: Sequence[Store], _code: str, words: tuple[str, ...]) -> int:
    return len(found) + OVERHEAD + sum(map(len, words))


def _weigh_ranked(ranked: Sequence[Store], query: Query) -> int:
    return len(ranked) + OVERHEAD + 2 * len(query.text) + len(query.order)


def is_match(store: Store, text: str) -> bool:
    """Whether a search for this text, without a region, matches the store: the rule alone, no cap and no rank."""
    return all(word in store.text for word in _split_words(text))


_split_words = lru_cache(1024)(split_words)  # the same few for every store


def metres(center: tuple[float, float], store: Store) -> float:
    lat, lon = center
    return METRES_PER_DEGREE * hypot(store.lat - lat, (store.lon - lon) * cos(radians(lat)))


def _near(stores: list[Store], query: Query) -> list[Store]:
    """Return the stores inside the radius; with none inside, the site widens it without a word."""
    if not (query.center and query.radius):
        return stores
    distances = [(metres(query.center, store), store) for store in stores]
    nearest = min((distance for distance, _ in distances), default=0)
    radius = query.radius if nearest <= query.radius else nearest * 2
    return [store for distance, store in distances if distance <= radius]


def _order(query: Query, seed: int) -> Callable[[Store], tuple[float, str]]:
    center = query.center
    if query.order == "distance" and center:
        return lambda store: (metres(center, store), store.ref)
    if query.order == "review":
        return lambda store: (-store.standing.review_count, store.ref)
    if query.order == "score":
        return lambda store: (-store.standing.score, store.ref)
    return lambda store: (-store.standing.score - _chance(store, seed) % NOISE, store.ref)


def _count(hits: int, share: float, seed: int) -> int:
    """Return how many rows besides the hits are this share of the answer; chance rounds up or down."""
    exact = hits * share / (1 - LOOSE_SHARE - STRAY_SHARE)
    return int(exact + seed % 97 / 97)


def _draw_loose(stores: list[Store], words: Iterable[str], count: int, seed: int) -> list[Store]:
    """Draw from those that match the words in part, and from the others only when these are too few."""
    parts = {part for word in words for part in (word[:2], word[-2:])}
    partly = [store for store in stores if any(part in store.text for part in parts)] if count else []
    drawn = _draw(partly, count, seed)
    if len(drawn) == count:
        return drawn
    known = {store.ref for store in partly}
    return drawn + _draw([store for store in stores if store.ref not in known], count - len(drawn), seed)


def _draw(stores: list[Store], count: int, seed: int) -> list[Store]:
    return nsmallest(count, stores, key=lambda store: crc32(store.key, seed))


def _chance(store: Store, seed: int) -> int:
    return crc32(store.key, seed)
