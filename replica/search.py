"""The search: loose, capped, and ranked by the site's score rather than by what was asked."""

from __future__ import annotations

from collections import defaultdict
from heapq import nsmallest
from math import cos, hypot, radians
from typing import TYPE_CHECKING
from zlib import crc32

from replica.bounded_cache import BoundedCache
from replica.query import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from replica.query import Query
    from replica.store import Store

LOOSE_SHARE = 0.15  # of an answer: ordinary stores of the region that match in part at most
STRAY_SHARE = 0.05  # of an answer: stores of neighbouring districts
NOISE = 40  # points of score that chance may add to a rank
METRES_PER_DEGREE = 111_320
CACHED_STORES = 4_000_000  # references in kept answers: 8 bytes each
OVERHEAD = 100  # what an answer and its query take besides, counted in such references


class Search:
    """Finds stores. Every answer is a function of the city and the query."""

    def __init__(self, stores: Iterable[Store], neighbours: Callable[[frozenset[str]], frozenset[str]]) -> None:
        self.stores = tuple(stores)
        self._neighbours = neighbours
        self._everywhere = frozenset(store.dong.code for store in self.stores)
        self._matching = BoundedCache(
            self._find_matching, CACHED_STORES, lambda by_dong: sum(map(len, by_dong.values()))
        )
        self.rank = BoundedCache(self._rank, CACHED_STORES, lambda ranked: len(ranked) + OVERHEAD)

    def over(self, stores: Iterable[Store]) -> Search:
        return Search(stores, self._neighbours)

    def generic(self) -> tuple[Store, ...]:
        """Return what the site shows when it understood nothing: the best known stores."""
        return tuple(nsmallest(20, self.stores, key=lambda store: (-store.standing.score, store.ref)))

    def _rank(self, query: Query) -> tuple[Store, ...]:
        """Return every store that answers the query, in the order the site lists them."""
        codes = self._everywhere if query.codes is None else query.codes
        hits = self._within(codes, query.words, query)
        if not hits:
            return ()
        seed = crc32(query.text.encode())
        found = {store.ref for store in hits}
        passed = [
            store for store in self._within(codes, (), query) if not store.concept.refill and store.ref not in found
        ]
        loose = _draw_loose(passed, query.words, _count(len(hits), LOOSE_SHARE, seed), seed)
        near = self._within(self._neighbours(codes), query.words, query)
        strays = _draw(near, _count(len(hits), STRAY_SHARE, seed), seed)
        return tuple(sorted([*hits, *loose, *strays], key=_order(query, seed)))

    def _within(self, codes: frozenset[str], words: tuple[str, ...], query: Query) -> list[Store]:
        by_dong = self._matching(words)
        stores = [store for code in sorted(codes) for store in by_dong.get(code, ())]
        if query.rect:
            south, west, north, east = query.rect
            stores = [store for store in stores if south <= store.lat <= north and west <= store.lon <= east]
        return _near(stores, query) if query.center and query.radius else stores

    def _find_matching(self, words: tuple[str, ...]) -> dict[str, list[Store]]:
        """Return the stores whose text has all the words, by dong."""
        by_dong: defaultdict[str, list[Store]] = defaultdict(list)
        for store in self.stores:
            if has_words(store, words):
                by_dong[store.dong.code].append(store)
        return by_dong


def _weigh(by_dong: dict[str, list[Store]]) -> int:
    return sum(len(stores) + OVERHEAD for stores in by_dong.values()) + OVERHEAD


def has_words(store: Store, words: Iterable[str]) -> bool:
    return all(word in store.text for word in words)


def is_match(store: Store, text: str) -> bool:
    """Whether a search for this text, without a region, matches the store: the rule alone, no cap and no rank."""
    return has_words(store, split_words(text))


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
