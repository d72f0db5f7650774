"""Region words: which legal dongs 서울, 강남, 강남구, 역삼동 or 강남역 stand for."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from refillspot.regions import districts, districts_by_code
from replica.places import AREAS

SEOUL = ("서울", "서울시", "서울특별시")
NEIGHBOURS = 4


def split_region(text: str) -> tuple[frozenset[str] | None, str]:
    """Return the codes of the dongs that a query names (None = it names no region) and the rest of its words."""
    known = dongs_by_region_word()
    codes: frozenset[str] | None = None
    rest = []
    for word in text.split():
        if word not in known:
            rest.append(word)
        else:
            codes = known[word] if codes is None else codes & known[word]
    return codes, " ".join(rest)


@cache
def dongs_by_region_word() -> dict[str, frozenset[str]]:
    """Return {region word: codes of its dongs}; a name in two districts stands for both."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for district in districts():
        own = {dong.code for dong in district.dongs}
        for word in (*SEOUL, district.name, *[district.name[:-1]] * (len(district.name) > 2)):
            codes[word] |= own
        for dong in district.dongs:
            codes[dong.name].add(dong.code)
    for area, around in _dongs_by_area().items():
        for word in {area, area.removesuffix("역"), f"{area.removesuffix('역')}역"} - codes.keys():
            codes[word] = around  # a station named like a district never widens the district
    return {word: frozenset(own) for word, own in codes.items()}


@cache
def areas_by_dong() -> dict[str, str]:
    """Return {dong code: the area that people call it by}; dongs without one go by their own name."""
    areas = {dong.code: dong.name for district in districts() for dong in district.dongs}
    return areas | {code: area for area, around in _dongs_by_area().items() for code in around}


def neighbours(codes: frozenset[str]) -> frozenset[str]:
    """Return the dongs of the districts next to a region that lies in one district; none for anything larger."""
    own = {code[:5] for code in codes}  # a dong's code starts with its district's
    return _neighbours_of(own.pop()) if len(own) == 1 else frozenset()


@cache
def _neighbours_of(district: str) -> frozenset[str]:
    lat, lon = districts_by_code()[district].center
    nearest = sorted(districts(), key=lambda other: (other.center[0] - lat) ** 2 + (other.center[1] - lon) ** 2)
    return frozenset(dong.code for district in nearest[1 : NEIGHBOURS + 1] for dong in district.dongs)


def _dongs_by_area() -> dict[str, set[str]]:
    codes = {f"{district.name} {dong.name}": dong.code for district in districts() for dong in district.dongs}
    return {area: {codes[place] for place in places.split(",")} for area, places in AREAS.items()}
