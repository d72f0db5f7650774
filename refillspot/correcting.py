"""What somebody writes to put a store right, `phone=02-555-1234`, as the columns that it comes to.

A value is read as one of a page is, by the same parsers and types; one that cannot be is refused with what would do.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import msgspec

from refillspot.exceptions import ArgumentError
from refillspot.items import MenuItem, Price, RefillTerms, Verdict
from refillspot.language import did_you_mean, typed
from refillspot.language import gettext as _
from refillspot.parsing.category import find_cuisines, parse_categories
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.osm import write_osm
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import parse_price_krw
from refillspot.parsing.text import clean_text
from refillspot.postgres.columns import encode_json
from refillspot.postgres.corrections import OWN
from refillspot.regions import KOREA, SEOUL, parse_districts, parse_region
from refillspot.untrusted import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from refillspot.regions import Region

Columns = dict[str, Any]
"""{column of stores: value}, as JSON."""
STATUSES = ("operating", "missing", "gone")
NEVER_EMPTY = ("name", "refill_verdict", "source_url", "status")


def read_fields(given: Iterable[str], region_name: str | None = None) -> dict[str, Columns]:
    """Return {field: its columns} of `field=value`, each; an empty value says that there is none.

    `region_name`: the city of the store, whose districts are meant.

    Raises:
        ArgumentError: a field is unknown, twice there, or its value cannot be one.
    """
    fields: dict[str, Columns] = {}
    region = parse_region(region_name) if region_name else SEOUL
    for one in given:
        name, equals, value = one.partition("=")
        field, text = name.strip(), typed(value).strip()
        if not equals or field not in READERS:
            told = _("{given}: give field=value; the fields are {fields}.").format(given=one, fields=" ".join(READERS))
            raise ArgumentError(told + did_you_mean(field, READERS))
        if field in fields:
            raise ArgumentError(_("{field} is given twice").format(field=field))
        fields[field] = _read(field, text, region)
    return fields


def _read(field: str, text: str, region: Region) -> Columns:
    if not text and field in NEVER_EMPTY:
        raise ArgumentError(_("{field} cannot be empty").format(field=field))
    if not text:
        return dict.fromkeys(COLUMNS_OF.get(field, (field,)))
    read, example = READERS[field]
    columns = read(field, text, region)
    if columns is None:
        told = _("{field}={text} cannot be read: write it like {field}={example}")
        raise ArgumentError(told.format(field=field, text=text, example=example))
    told_as_json: Columns = msgspec.json.decode(encode_json(columns))  # as the table will have it
    return told_as_json


FieldReader = tuple["Callable[[str, str, Region], Columns | None]", str]
"""What reads a value, and how one is written."""


def _line(field: str, text: str, _region: Region) -> Columns | None:
    return {field: line} if (line := clean_text(text)) else None


def _one_of(names: Iterable[str]) -> Callable[[str, str, Region], Columns | None]:
    known = tuple(names)
    return lambda field, text, _region: {field: text} if text in known else None


def _district(_field: str, text: str, region: Region) -> Columns | None:
    chosen = parse_districts(text, region)
    if len(chosen) != 1:
        return None
    return {"district_code": chosen[0].code, "district": chosen[0].name, "region": chosen[0].sido}


def _degrees(field: str, text: str, _region: Region) -> Columns | None:
    bounds = (KOREA.south, KOREA.north) if field == "lat" else (KOREA.west, KOREA.east)
    try:
        degrees = float(text)
    except ValueError:
        return None
    return {field: degrees} if bounds[0] <= degrees <= bounds[1] else None


def _phone(field: str, text: str, _region: Region) -> Columns | None:
    return {field: phone} if (phone := parse_phone(text)) else None


def _won(field: str, text: str, _region: Region) -> Columns | None:
    return {field: won} if (won := parse_price_krw(text)) else None


def _categories(field: str, text: str, _region: Region) -> Columns | None:
    categories = parse_categories(text)
    return {field: categories, "cuisines": find_cuisines(categories).known} if categories else None


def _list(field: str, text: str, _region: Region) -> Columns | None:
    return {field: parts} if (parts := parse_categories(text)) else None


def _hours(field: str, text: str, _region: Region) -> Columns | None:
    hours = parse_hours(text)
    if hours is None or not hours.days:
        return None
    return {field: hours, "hours_text": text, "hours_osm": write_osm(hours) or None}


def _json(type_: Any) -> Callable[[str, str, Region], Columns | None]:
    def read(field: str, text: str, _region: Region) -> Columns | None:
        try:
            return {field: msgspec.json.decode(text, type=type_)}
        except UNREADABLE:
            return None

    return read


MENU = '[{"name": "삼겹살 무한리필", "price_krw": 15900}]'
PRICES = '[{"krw_min": 15900, "krw_max": 15900, "audience": "adult"}]'
READERS: Mapping[str, FieldReader] = {
    "name": (_line, "명륜진사갈비"),
    "branch": (_line, "강남점"),
    "addr": (_line, '"서울특별시 강남구 역삼동 1-1"'),
    "road_addr": (_line, '"서울특별시 강남구 테헤란로 1"'),
    "district": (_district, "강남구"),
    "dong": (_line, "역삼동"),
    "lat": (_degrees, "37.4979"),
    "lon": (_degrees, "127.0276"),
    "phone": (_phone, "02-555-1234"),
    "categories": (_categories, "고기,삼겹살"),
    "refill_verdict": (_one_of(get_args(Verdict)), "confirmed"),
    "refill_price_krw": (_won, "15900"),
    "refill_prices": (_json(list[Price]), PRICES),
    "refill_terms": (_json(RefillTerms), '{"time_limit_minutes": 100}'),
    "menu": (_json(list[MenuItem]), MENU),
    "hours": (_hours, '"매일 11:30 - 23:00"'),
    "tags": (_list, "회식,데이트"),
    "facilities": (_list, "주차,단체석"),
    "images": (_list, "https://…"),
    "source_url": (_line, "https://…"),
    "status": (_one_of(STATUSES), "gone"),
}
COLUMNS_OF = {
    "district": ("district_code", "district", "region"),
    "categories": ("categories", "cuisines"),
    "hours": ("hours", "hours_text", "hours_osm"),
}
"""Of fields that are several columns."""


def new_store(given: Iterable[str], now: datetime) -> Columns:
    """Return the columns of a store that no site has, of `field=value`, each.

    Raises:
        ArgumentError: as `read_fields`; or it has no name, or nothing that says where it is.
    """
    fields = read_fields(given)
    columns = {name: value for columns in fields.values() for name, value in columns.items() if value is not None}
    if missing := [field for field in ("name", "district") if field not in columns]:
        raise ArgumentError(_("a store needs {fields}: give field=value").format(fields=" ".join(missing)))
    ref = "own" + secrets.token_hex(5)  # 13 characters: no site's own
    place = quote(" ".join(filter(None, (columns["name"], columns.get("road_addr") or columns.get("addr")))), safe="")
    added = {
        "site": OWN, "ref": ref, "source_url": f"https://map.kakao.com/link/search/{place}",
        "refill_verdict": "confirmed", "refill_evidence": [], "status": "operating", "channel": "web",
        "first_seen_at": now.isoformat(), "last_seen_at": now.isoformat(),
    }  # fmt: skip
    return added | columns
