"""Region words: which legal dongs 서울, 강남, 강남구, 역삼동 or 강남역 stand for."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from refillspot.regions import SEOUL, Dong, Region, districts, find_district
from replica.places import AREAS

NEIGHBOURS = 4


def split_region(text: str, city: Region) -> tuple[frozenset[str] | None, str]:
    """Return the codes of the dongs that a query names (None = it names no place) and the rest of its words.

    A site knows the places of its own city.
    """
    known = dongs_by_region_word(city)
    codes: frozenset[str] | None = None
    rest = []
    for word in text.split():
        if word not in known:
            rest.append(word)
        else:
            codes = known[word] if codes is None else codes & known[word]
    return codes, " ".join(rest)


@cache
def dongs_by_region_word(city: Region) -> dict[str, frozenset[str]]:
    """Return {region word: codes of its dongs}; a name in two districts stands for both."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for district in districts(city):
        own = {dong.code for dong in district.dongs}
        for word in (*city.spellings, district.name, *[district.name[:-1]] * (len(district.name) > 2)):
            codes[word] |= own
        for dong in district.dongs:
            codes[dong.name].add(dong.code)
    for area, around in _dongs_by_area().items() if city == SEOUL else ():
        for word in {area, area.removesuffix("역"), f"{area.removesuffix('역')}역"} - codes.keys():
            codes[word] = around  # a station named like a district never widens the district
    return {word: frozenset(own) for word, own in codes.items()}


def area_of(dong: Dong) -> str:
    """Return the area that people call a dong by; one without an area goes by its own name."""
    return _areas_by_dong().get(dong.code, dong.name)


@cache
def _areas_by_dong() -> dict[str, str]:
    return {code: area for area, around in _dongs_by_area().items() for code in around}


def neighbours(codes: frozenset[str]) -> frozenset[str]:
    """Return the dongs of the districts next to a region that lies in one district; none for anything larger."""
    own = {code[:5] for code in codes}  # a dong's code starts with its district's
    return _neighbours_of(own.pop()) if len(own) == 1 else frozenset()


@cache
def _neighbours_of(district: str) -> frozenset[str]:
    own = find_district(district)
    assert own is not None  # noqa: S101  # a dong of the map
    lat, lon = own.center
    others = districts(own.region)
    nearest = sorted(others, key=lambda other: (other.center[0] - lat) ** 2 + (other.center[1] - lon) ** 2)
    return frozenset(dong.code for district in nearest[1 : NEIGHBOURS + 1] for dong in district.dongs)


def _dongs_by_area() -> dict[str, set[str]]:
    """Return {area: codes of its dongs}; areas are drawn for Seoul only."""
    codes = {f"{district.name} {dong.name}": dong.code for district in districts() for dong in district.dongs}
    return {area: {codes[place] for place in places.split(",")} for area, places in AREAS.items()}
