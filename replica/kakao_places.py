"""What the Kakao stand-in knows: addresses of the city's stores, its districts and dongs, and the stores as places."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zlib import crc32

from refillspot.regions import REGIONS, districts
from replica.gazetteer import split_region
from replica.rows import write_addresses
from replica.search import metres
from replica.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refillspot.regions import District, Dong, Region

    Document = dict[str, Any]

CITIES = {spelling for region in REGIONS.values() for spelling in region.spellings}
# "강남구 역삼동 12-3" or "강남구 역삼로12길 3", without the city; what follows is no part of an address.
ADDRESS = re.compile(r"(?P<place>.*\S) (?P<number>(?P<main>\d+)(?:-(?P<sub>\d+))?)(?P<rest> .*)?")


class Places:
    def __init__(self, stores: Iterable[Store], city: Region) -> None:
        self._stores = tuple(stores)
        self._city = city

    def find_addresses(self, query: str, *, exact: bool) -> list[Document]:
        """Return the documents of an address; with a floor or unit behind it, none.

        An unknown number in a known dong stands for the dong, unless `exact`.
        """
        wanted = _without_city(query)
        found = self._addresses.get(wanted) or self._regions.get(wanted)
        parts = ADDRESS.fullmatch(wanted)
        if not found and not exact and parts and not parts["rest"]:
            found = self._regions.get(parts["place"])
        return [_write_address(one, query) if isinstance(one, Store) else one for one in found or ()]

    def find_places(
        self, query: str, around: tuple[tuple[float, float], float] | None, limit: int
    ) -> tuple[list[Document], int]:
        """Return the stores whose name or category has the query's words, in the region it names, and how many.

        `around` is a centre (lat, lon) and a radius in metres; with it the nearest come first.
        """
        codes, rest = split_region(query, self._city)
        wanted = [store for store in self._stores if codes is None or store.dong.code in codes]
        found = [store for store in wanted if _is_called(store, rest.split())]
        if not around:
            return [_write_place(store, None) for store in found[:limit]], len(found)
        center, radius = around
        away = {store.ref: metres(center, store) for store in found}
        near = sorted(
            (store for store in found if away[store.ref] <= radius), key=lambda store: (away[store.ref], store.ref)
        )
        return [_write_place(store, away[store.ref]) for store in near[:limit]], len(near)

    @cached_property
    def _addresses(self) -> dict[str, list[Store]]:
        """Return {lot or road address, with and without the district: its stores}, on first use."""
        known: defaultdict[str, list[Store]] = defaultdict(list)
        for store in self._stores:
            for address in write_addresses(store):
                parts = ADDRESS.fullmatch(_without_city(address or ""))
                if parts:
                    whole = f"{parts['place']} {parts['number']}"
                    known[whole].append(store)
                    known[whole.partition(" ")[2]].append(store)
        return known

    @cached_property
    def _regions(self) -> dict[str, list[Document]]:
        known: defaultdict[str, list[Document]] = defaultdict(list)
        for district in districts(self._city):
            known[district.name].append(_write_region(district, None))
            for dong in district.dongs:
                document = _write_region(district, dong)
                known[f"{district.name} {dong.name}"].append(document)
                known[dong.name].append(document)
        return known


def _without_city(address: str) -> str:
    words = address.split()
    return " ".join(words[1:] if words and words[0] in CITIES else words)


def _is_called(store: Store, words: Iterable[str]) -> bool:
    text = " ".join((store.concept.name, store.concept.branch or "", *store.concept.categories))
    return all(word in text for word in words)


def _write_address(store: Store, query: str) -> Document:
    """Return a document with both addresses; its type says which of them was asked for."""
    lot, road = write_addresses(store)
    point = {"x": str(store.lon), "y": str(store.lat)}
    asked_for_lot = f" {store.dong.name} " in f" {_without_city(query)} "
    lot_part = {**_write_part(store, lot), "b_code": _b_code(store.dong), "mountain_yn": "N", **point}
    road_part = {**_write_part(store, road), "building_name": "", **point} if road else None
    name = lot_part if asked_for_lot or not road_part else road_part
    return {
        "address_name": name["address_name"],
        "address_type": "REGION_ADDR" if asked_for_lot else "ROAD_ADDR",
        **point,
        "address": lot_part,
        "road_address": road_part,
    }


def _write_part(store: Store, address: str) -> Document:
    """Return an address in its parts; Kakao writes "서울" for the city, whatever the query says."""
    parts = ADDRESS.fullmatch(_without_city(address))
    sido = store.district.region.short
    place, number, main, sub = parts.group("place", "number", "main", "sub") if parts else ("", "", "", "")
    return {
        "address_name": f"{sido} {place} {number}",
        "region_1depth_name": sido,
        "region_2depth_name": store.district.name,
        "region_3depth_name": store.dong.name,
        "main_number": main,
        "sub_number": sub or "",
    }


def _write_region(district: District, dong: Dong | None) -> Document:
    name = f"{district.region.short} {district.name}" + (f" {dong.name}" if dong else "")
    lat, lon = (dong or district).center
    point = {"x": str(lon), "y": str(lat)}
    address = {
        "address_name": name,
        "region_1depth_name": district.region.short,
        "region_2depth_name": district.name,
        "region_3depth_name": dong.name if dong else "",
        "b_code": _b_code(dong or district),
        **point,
    }
    return {"address_name": name, "address_type": "REGION", **point, "address": address, "road_address": None}


def _b_code(region: Dong | District) -> str:
    """Return the ten digits of a legal dong; 00 closes a dong's eight, 00000 a district's five."""
    return region.code.ljust(10, "0")


def _write_place(store: Store, away: float | None) -> Document:
    city = store.district.region.short
    lot, road = (f"{city} {_without_city(address)}" if address else "" for address in write_addresses(store))
    number = str(crc32(store.ref.encode()))
    return {
        "id": number,
        "place_name": f"{store.concept.name} {store.concept.branch or ''}".strip(),
        "category_name": " > ".join(("음식점", *store.concept.categories)),
        "category_group_code": "FD6",
        "category_group_name": "음식점",
        "phone": store.phone or "",
        "address_name": lot,
        "road_address_name": road,
        "x": str(store.lon),
        "y": str(store.lat),
        "place_url": f"http://place.replica.invalid/{number}",
        "distance": "" if away is None else f"{away:.0f}",
    }
