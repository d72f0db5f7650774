"""The metropolitan cities, their districts and legal dongs: codes, names, centres and bounding boxes.

A district is known by its code: 중구 and 강서구 exist in several cities, 신사동 and 신정동 in two districts of Seoul.
Data: `data/regions/<code>.json`, one a city, read when it is first asked for; written by `tools/generate_regions.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean, typed
from refillspot.language import gettext as _

ALL = "all"
DONG_MARGIN = 0.002  # degrees, about 200 m: a point may lie on the other side of a boundary street
# The map is older than the town of Magok: building it moved the boundaries between these dongs by up to a kilometre.
REDRAWN = {"11500": {"마곡동", "가양동", "공항동", "방화동", "내발산동", "외발산동"}}
DONG_MARGIN_REDRAWN = 0.009


@dataclass(slots=True, frozen=True)
class Region:
    """A metropolitan city: code "11", official name "서울특별시", and what people say, "서울"."""

    code: str
    name: str
    short: str

    @property
    def spellings(self) -> tuple[str, str, str]:
        return self.name, f"{self.short}시", self.short


SEOUL = Region("11", "서울특별시", "서울")
REGIONS = {
    region.name: region
    for region in (
        SEOUL,
        Region("26", "부산광역시", "부산"),
        Region("27", "대구광역시", "대구"),
        Region("28", "인천광역시", "인천"),
        Region("29", "광주광역시", "광주"),
        Region("30", "대전광역시", "대전"),
        Region("31", "울산광역시", "울산"),
    )
}


@dataclass(slots=True, frozen=True)
class BoundingBox:
    """A rectangle on the map, WGS84 degrees."""

    south: float
    west: float
    north: float
    east: float

    def contains(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


KOREA = BoundingBox(33.0, 124.0, 39.0, 132.0)
"""Islands included."""


@dataclass(slots=True, frozen=True)
class Dong:
    """A legal dong, 읍 or 면: code "11680101", name "역삼동", a point inside it (lat, lon) and its bounding box."""

    code: str
    name: str
    center: tuple[float, float]
    bbox: BoundingBox


@dataclass(slots=True, frozen=True)
class District:
    """A district (구, 군): code "11680", name "강남구", the sido it belongs to, and its dongs."""

    code: str
    name: str
    sido: str
    center: tuple[float, float]
    bbox: BoundingBox
    dongs: tuple[Dong, ...]

    @property
    def region(self) -> Region:
        return REGIONS[self.sido]


@cache
def districts(region: Region = SEOUL) -> tuple[District, ...]:
    """Return all districts of a city, in order of their codes."""
    rows = json.loads(files("refillspot").joinpath(f"data/regions/{region.code}.json").read_text(encoding="utf-8"))
    return tuple(_district(row) for row in rows)


@cache
def districts_by_name(region: Region = SEOUL) -> dict[str, District]:
    return {district.name: district for district in districts(region)}


@cache
def find_district(code: str) -> District | None:
    """Return the district of a code, "11680", in whichever city; None if there is no such one on the maps."""
    for region in REGIONS.values():
        if code.startswith(region.code):
            return next((district for district in districts(region) if district.code == code), None)
    return None


def find_district_code(sido: str, name: str) -> str | None:
    """Return the code of ("서울특별시", "강남구"), "11680"; None if there is no such district on the maps."""
    region = REGIONS.get(sido)
    district = districts_by_name(region).get(name) if region else None
    return district.code if district else None


def is_in_dong(district_code: str, dong: str, lat: float, lon: float) -> bool | None:
    """Tell whether a point (WGS84 degrees) lies in or close by a dong; None if there is no such dong on the maps."""
    box = _boxes(district_code).get(dong)
    return box.contains(lat, lon) if box else None


@cache
def _boxes(district_code: str) -> dict[str, BoundingBox]:
    """Return {dong: its bounding box, wider by a margin}; names repeat between districts."""
    district = find_district(district_code)
    redrawn = REDRAWN.get(district_code, set())
    return {
        dong.name: _widen(dong.bbox, DONG_MARGIN_REDRAWN if dong.name in redrawn else DONG_MARGIN)
        for dong in (district.dongs if district else ())
    }


def _widen(box: BoundingBox, margin: float) -> BoundingBox:
    return BoundingBox(box.south - margin, box.west - margin, box.north + margin, box.east + margin)


def parse_region(text: str) -> Region:
    """Return the city that an argument names: "부산광역시", "부산시", "부산", in any Unicode normal form.

    Raises:
        ArgumentError: there is no map of it; lists those that there are.
    """
    name = typed(text).strip()
    for region in REGIONS.values():
        if name in region.spellings:
            return region
    told = _("region={name}: only the metropolitan cities with districts have maps: {names}.").format(
        name=name, names=" ".join(REGIONS)
    )
    known = {spelling for region in REGIONS.values() for spelling in region.spellings}
    raise ArgumentError(told + did_you_mean(name, sorted(known)))


def parse_districts(text: str, region: Region = SEOUL) -> tuple[District, ...]:
    """Return the districts of a city that an argument names, each once.

    "강남구", "강남구,서초구", "11680" or "all". Accepts any Unicode normal form, spaces and the city before a name.

    Raises:
        ArgumentError: a name is unknown, or there is none; lists the names that are right.
    """
    wanted = [name.strip() for name in typed(text).split(",") if name.strip()]
    if [name.lower() for name in wanted] == [ALL]:
        return districts(region)
    chosen = [_find(name, region) for name in wanted]
    unknown = [name for name, district in zip(wanted, chosen, strict=True) if district is None]
    if unknown or not chosen:
        what = _("unknown district {unknown}").format(unknown=", ".join(unknown)) if unknown else _("no district given")
        names = [district.name for district in districts(region)]
        told = _(
            "{what}: use one of these in {city}, several with commas, or all: {names} (-a region= names another city)."
        ).format(what=what, city=region.name, names=" ".join(names))
        raise ArgumentError(told + "".join(did_you_mean(name, [*names, ALL]) for name in unknown))
    return tuple(dict.fromkeys(district for district in chosen if district))


def _find(text: str, region: Region) -> District | None:
    """Return the district that "강남구", "서울 강남구" or "11680" names in this city."""
    *city, name = text.split()
    if not all(word in region.spellings for word in city):
        return None
    district = find_district(name) if name.isdecimal() else districts_by_name(region).get(name)
    return district if district and district.sido == region.name else None


def _district(row: dict[str, Any]) -> District:
    dongs = tuple(Dong(d["code"], d["name"], tuple(d["center"]), BoundingBox(*d["bbox"])) for d in row["dongs"])
    return District(row["code"], row["name"], row["sido"], tuple(row["center"]), BoundingBox(*row["bbox"]), dongs)
