"""Which entry of one list is the same place as which of another: by name, branch, point and address.

As tools that conflate maps do it: candidates by a grid, a likeness of names that has to be the greater the farther
apart two are, and each entry given away once, the best pairs first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Literal, NamedTuple

from refillspot.policies.place_names import Spoken, spoken

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

MatchState = Literal["same", "twice", "unclear", "none"]

METRES_PER_DEGREE = 111_195  # of latitude, on a sphere
CELL = 0.0025  # degrees: 280 m to the north, 220 m to the east
NEAR, FAR = 60.0, 400.0  # metres: within the first a name may be misspelt, at the second it has to be the same
LEAST_LIKENESS = 0.7  # of names within NEAR: two of the same street may begin with the same word
FARTHEST = 3000.0  # metres to a branch of the same name, whose point may be that of a dong; and to what is nearest
SAME_ADDRESS, SAME_DONG = 20.0, 250.0  # metres that stand for it where there is no point
ADJACENT = 100.0  # metres: within them a chain has one branch whatever it is called, and a corner has two addresses
SAME_CHAIN = 0.9  # likeness of names without their branches
LIKELY = 0.8  # likeness from which somebody should look, where nothing tells where a place is
COMMONEST = 200  # stores of a district that share two letters: with more of them these say nothing


@dataclass(slots=True, frozen=True)
class NamedPlace:
    """An entry of a list; of where it is, as much as is known."""

    name: str
    branch: str | None = None
    lat: float | None = None
    """WGS84 degrees; None: not known, `lon` too."""
    lon: float | None = None
    road: str | None = None
    """The building by its road address, written so that equal texts are equal addresses; `lot` by its lot."""
    lot: str | None = None
    district: str | None = None
    dong: str | None = None
    """Only with a district."""

    @property
    def is_anywhere(self) -> bool:
        """Nothing tells where it is more closely than its district."""
        return self.lat is None and not (self.road or self.lot or self.dong)


class Candidate(NamedTuple):
    """An entry of the other list that could be it."""

    likeness: float
    """Of the names: 0 nothing in common, 1 the same."""
    metres: float | None
    """None: nothing tells how far it is."""
    known: int
    """Its number in that list."""


@dataclass(slots=True, frozen=True)
class Match:
    """What has become of an entry."""

    state: MatchState
    """same: it is `nearest`. twice: another entry, `twice_as`, is that. unclear: several could be it. none: no one."""
    nearest: Candidate | None = None
    """What came closest to it."""
    twice_as: int | None = None


def metres_between(place: NamedPlace, other: NamedPlace) -> float:
    """Return how far two places with points are from each other; over a few kilometres the earth is flat."""
    assert place.lat is not None and place.lon is not None  # noqa: S101, PT018  # for mypy
    assert other.lat is not None and other.lon is not None  # noqa: S101, PT018
    north = other.lat - place.lat
    east = (other.lon - place.lon) * math.cos(math.radians((other.lat + place.lat) / 2))
    return METRES_PER_DEGREE * math.hypot(north, east)


def needed_likeness(metres: float) -> float:
    """Return how much alike the names of one place are at least, whose points are so far apart."""
    share = min(max((metres - NEAR) / (FAR - NEAR), 0.0), 1.0)
    return LEAST_LIKENESS + (1 - LEAST_LIKENESS) * share


class Search(NamedTuple):
    """What was found of one place."""

    fits: list[Candidate]
    """What could be it, the likeliest first."""
    nearest: Candidate | None
    """What comes closest to it."""
    is_unclear: bool
    """Something could be it, and nothing tells whether, or which."""


class KnownPlaces:
    """A list in which places are looked for, without looking at each of its entries."""

    def __init__(self, places: Sequence[NamedPlace]) -> None:
        self._places = places
        self._points = [(place.lat or 0.0, place.lon or 0.0) for place in places]
        self._names = [spoken(place.name, place.branch) for place in places]
        self._index: defaultdict[Hashable, list[int]] = defaultdict(list)
        for number, (place, name) in enumerate(zip(places, self._names, strict=True)):
            for key in (*_keys_of_place(place), *_keys_of_name(place, name)):
                self._index[key].append(number)

    def look_for(self, place: NamedPlace) -> Search:
        name = spoken(place.name, place.branch)
        near, nearest = self._look_near(place, name)
        if near:
            return Search(sorted(near, key=closeness), nearest, is_unclear=False)
        found = self._namesakes(place, name)
        if len(found) == 1:
            return Search(found, found[0], is_unclear=False)
        nearest = nearest or min(self._farther(place, name), key=closeness, default=None)
        is_likely = nearest is not None and nearest.likeness >= LIKELY and place.is_anywhere
        return Search([], nearest, is_unclear=bool(found) or is_likely)

    def _look_near(self, place: NamedPlace, name: Spoken) -> tuple[list[Candidate], Candidate | None]:
        """Return what near it is this place, and what of all there comes closest; as plain as it is often done."""
        near, best, least = [], None, math.inf
        for number, metres in self._near(place, FAR):
            likeness = name.likeness(self._names[number])
            far = FAR if metres is None else metres
            short = needed_likeness(far) - likeness
            if short + far / 1e4 < least:
                best, least = (likeness, metres, number), short + far / 1e4
            if short <= 0 and is_one_place(place, self._places[number], likeness, metres):
                near.append(Candidate(likeness, metres, number))
        return near, Candidate(*best) if best else None

    def _namesakes(self, place: NamedPlace, name: Spoken) -> list[Candidate]:
        """Return what has the name and the branch, whatever its point; or the name, where nothing tells the place."""
        numbers: Sequence[int] = self._index.get(("name", name.core), ()) if name.core else ()
        branches = [number for number in numbers if name.is_same_branch(self._names[number])]
        if not (branches or place.is_anywhere):
            return []
        found = (self._candidate(place, name, number) for number in branches or numbers)
        return [one for one in found if one.likeness and self._may_be_there(place, name, one)]

    def _farther(self, place: NamedPlace, name: Spoken) -> Iterator[Candidate]:
        for number, metres in self._near(place, FARTHEST):
            yield Candidate(name.likeness(self._names[number]), metres, number)
        if place.lat is None:
            yield from (self._candidate(place, name, number) for number in self._alike(place, name))

    def _candidate(self, place: NamedPlace, name: Spoken, number: int) -> Candidate:
        return Candidate(name.likeness(self._names[number]), _metres(place, self._places[number]), number)

    def _near(self, place: NamedPlace, within: float) -> Iterator[tuple[int, float | None]]:
        """Yield what is known to be within so many metres, or has an address in common, and how far away it is."""
        numbers = {number for key in _addresses(place) for number in self._index.get(key, ())}
        for number in numbers:
            yield number, _metres(place, self._places[number])
        for number, metres in self._around(place, within):
            if number not in numbers:
                yield number, metres

    def _around(self, place: NamedPlace, within: float) -> Iterator[tuple[int, float]]:
        """Yield what lies around a point, and how far from it; over a few kilometres the earth is flat."""
        if place.lat is None or place.lon is None:
            return
        shrink = math.cos(math.radians(place.lat))
        degrees = within / METRES_PER_DEGREE
        rows, columns = _cells(place.lat, degrees), _cells(place.lon, degrees / shrink)
        for key in product(rows, columns):
            for number in self._index.get(key, ()):
                lat, lon = self._points[number]
                metres = METRES_PER_DEGREE * math.hypot(lat - place.lat, (lon - place.lon) * shrink)
                if metres <= within:
                    yield number, metres

    def _alike(self, place: NamedPlace, name: Spoken) -> set[int]:
        """Return those of its district whose names share two letters that few names have."""
        lists = (self._index.get((place.district, pair), ()) for pair in map("".join, pairwise(name.whole)))
        return {number for having in lists if len(having) <= COMMONEST for number in having}

    def _is_of_its_district(self, place: NamedPlace, number: int) -> bool:
        return None in {place.district, theirs := self._places[number].district} or place.district == theirs

    def _may_be_there(self, place: NamedPlace, name: Spoken, one: Candidate) -> bool:
        if name.is_other_branch(self._names[one.known]):
            return False
        return self._is_of_its_district(place, one.known) if one.metres is None else one.metres <= FARTHEST


def is_one_place(place: NamedPlace, other: NamedPlace, likeness: float, metres: float | None) -> bool:
    """Tell whether two entries near each other are the same place, by how much alike and how far apart they are."""
    metres = FAR if metres is None else metres
    if metres > FAR or likeness < needed_likeness(metres):
        return False
    if metres > ADJACENT and is_elsewhere(place, other):
        return False
    name, its = spoken(place.name, place.branch), spoken(other.name, other.branch)
    if not name.is_other_branch(its):
        return True
    return metres <= ADJACENT and likeness >= SAME_CHAIN and not name.is_numbered


def is_elsewhere(place: NamedPlace, other: NamedPlace) -> bool:
    """Tell whether the addresses of two places are those of different buildings."""
    pairs = ((place.road, other.road), (place.lot, other.lot))
    return any(ours and theirs and ours != theirs for ours, theirs in pairs)


def _metres(place: NamedPlace, other: NamedPlace) -> float | None:
    if (place.road and place.road == other.road) or (place.lot and place.lot == other.lot):
        return SAME_ADDRESS
    if place.lat is not None and other.lat is not None:
        return metres_between(place, other)
    is_same_dong = place.dong and (place.district, place.dong) == (other.district, other.dong)
    return SAME_DONG if is_same_dong and not is_elsewhere(place, other) else None


def closeness(one: Candidate) -> tuple[float, float, int]:
    """Return what candidates are ordered by: how much the names fall short of what their distance asks for."""
    metres = FARTHEST if one.metres is None else min(one.metres, FARTHEST)
    return needed_likeness(metres) - one.likeness + metres / 1e4, metres, one.known


def _cells(degree: float, reach: float = 0) -> range:
    """Return the rows or columns of cells within `reach` degrees."""
    return range(math.floor((degree - reach) / CELL), math.floor((degree + reach) / CELL) + 1)


def _addresses(place: NamedPlace) -> Iterator[Hashable]:
    yield from filter(None, (place.road, place.lot))
    if place.dong and place.lat is None:
        yield place.district, place.dong


def _keys_of_place(place: NamedPlace) -> Iterator[Hashable]:
    if place.lat is not None and place.lon is not None:
        yield _cells(place.lat)[0], _cells(place.lon)[0]
    yield from filter(None, (place.road, place.lot))
    if place.dong:
        yield place.district, place.dong


def _keys_of_name(place: NamedPlace, name: Spoken) -> Iterator[Hashable]:
    yield "name", name.core
    pairs = set(map("".join, pairwise(name.whole)))
    yield from product({place.district, None}, pairs)  # None: of any district


def match_places(own: Sequence[NamedPlace], known: Sequence[NamedPlace]) -> list[Match]:
    """Return of each of our own places which known one it is; no known one is two of them.

    Of known ones that fit alike, the first is taken.
    """
    there = KnownPlaces(known)
    fitting: list[tuple[tuple[float, float, int], int, Candidate]] = []
    left: dict[int, Match] = {}
    for number, place in enumerate(own):
        found = there.look_for(place)
        fitting.extend((closeness(one), number, one) for one in found.fits)
        left[number] = Match("unclear" if found.is_unclear else "none", found.nearest)
    matches = left | _assign(own, sorted(fitting))
    return [matches[number] for number, _ in enumerate(own)]


def _assign(
    own: Sequence[NamedPlace], fitting: Iterable[tuple[tuple[float, float, int], int, Candidate]]
) -> dict[int, Match]:
    taken: dict[int, int] = {}
    matches: dict[int, Match] = {}
    for _, number, one in fitting:
        if number in matches and matches[number].state == "same":
            continue
        if one.known not in taken:
            taken[one.known] = number
            matches[number] = Match("same", one)
        elif number not in matches and is_said_twice(own[taken[one.known]], own[number]):
            matches[number] = Match("twice", one, taken[one.known])
    return matches


def is_said_twice(place: NamedPlace, other: NamedPlace) -> bool:
    """Tell whether two entries of one list are one place, though nothing may tell where it is."""
    name, its = spoken(place.name, place.branch), spoken(other.name, other.branch)
    metres = _metres(place, other)
    if metres is None:
        return name.whole == its.whole and place.district == other.district and not is_elsewhere(place, other)
    return metres <= ADJACENT and is_one_place(place, other, name.likeness(its), metres)
