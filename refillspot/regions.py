"""Seoul's 25 districts and 467 legal dongs: codes, names, centres and bounding boxes.

A district is known by its code: 중구 and 강서구 exist in other cities, 신사동 and 신정동 in two districts of Seoul.
Data: `data/regions.json`, written by `tools/generate_regions.py`.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from refillspot.exceptions import ArgumentError

ALL = "all"


@dataclass(slots=True, frozen=True)
class BoundingBox:
    """A rectangle on the map, WGS84 degrees."""

    south: float
    west: float
    north: float
    east: float

    def contains(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


@dataclass(slots=True, frozen=True)
class Dong:
    """A legal dong: code "11680101", name "역삼동", a point inside it (lat, lon) and its bounding box."""

    code: str
    name: str
    center: tuple[float, float]
    bbox: BoundingBox


@dataclass(slots=True, frozen=True)
class District:
    """A district (구): code "11680", name "강남구", the sido it belongs to, and its dongs."""

    code: str
    name: str
    sido: str
    center: tuple[float, float]
    bbox: BoundingBox
    dongs: tuple[Dong, ...]


@cache
def districts() -> tuple[District, ...]:
    """Return all districts, in order of their codes."""
    rows = json.loads(files("refillspot").joinpath("data/regions.json").read_text(encoding="utf-8"))
    return tuple(_district(row) for row in rows)


@cache
def districts_by_code() -> dict[str, District]:
    return {district.code: district for district in districts()}


@cache
def district_codes_by_name() -> dict[tuple[str, str], str]:
    """Return {(sido, name): code}, e.g. ("서울특별시", "강남구") -> "11680"."""
    return {(district.sido, district.name): district.code for district in districts()}


def parse_districts(text: str) -> tuple[District, ...]:
    """Return the districts that an argument names: "강남구", "강남구,서초구", "11680" or "all", each once.

    Accepts any Unicode normal form, spaces and a leading "서울".

    Raises:
        ArgumentError: a name is unknown, or there is none; lists the names that are right.
    """
    wanted = [name.strip() for name in unicodedata.normalize("NFC", text).split(",") if name.strip()]
    if [name.lower() for name in wanted] == [ALL]:
        return districts()
    known = {district.name: district for district in districts()} | districts_by_code()
    chosen = [known.get(name.rsplit(maxsplit=1)[-1]) for name in wanted]
    unknown = [name for name, district in zip(wanted, chosen, strict=True) if district is None]
    if unknown or not chosen:
        what = f"unknown district {', '.join(unknown)}" if unknown else "no district given"
        names = " ".join(district.name for district in districts())
        raise ArgumentError(f"{what}: use one of these, several with commas, or all: {names}")
    return tuple(dict.fromkeys(district for district in chosen if district))


def _district(row: dict[str, Any]) -> District:
    dongs = tuple(Dong(d["code"], d["name"], tuple(d["center"]), BoundingBox(*d["bbox"])) for d in row["dongs"])
    return District(row["code"], row["name"], row["sido"], tuple(row["center"]), BoundingBox(*row["bbox"]), dongs)
