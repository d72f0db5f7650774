"""A list of places that somebody keeps: a CSV as Excel and public offices write it, or rows of a table elsewhere.

Whatever of it cannot be used is told with its line; the rest is compared all the same.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.parsing.address import parse_address
from refillspot.policies.same_place import NamedPlace
from refillspot.readable import one_line
from refillspot.regions import KOREA, SEOUL, Region, find_district_code
from refillspot.retelling import system_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

COLUMNS = {
    "name": "상호 상호명 업소명 업체명 사업장명 점포명 가게명 가게이름 매장명 매장이름 식당명 식당이름 음식점명 시설명"
    " 장소명 이름 명칭 name storename shopname placename restaurantname store shop restaurant title bizesnm",
    "branch": "지점 지점명 분점 branch branchname brchnm",
    "road_addr": "도로명주소 도로명 도로명전체주소 소재지도로명주소 도로명소재지 신주소 소재지도로명"
    " roadaddr roadaddress roadaddressname newaddress rdnmadr rdnwhladdr",
    "addr": "주소 지번 지번주소 소재지 소재지주소 소재지지번 소재지지번주소 소재지전체주소 지번소재지 구주소 전체주소"
    " 업소주소 사업장주소 addr address addrfull fulladdress jibunaddress addressname streetaddress lnoadr sitewhladdr",
    "lat": "위도 lat latitude y ycoord y좌표 좌표y",
    "lon": "경도 lon lng long longitude x xcoord x좌표 좌표x",
}
"""What columns are called, as `_heading` writes it: in Korean spreadsheets, in files of public offices, by maps."""
ROLES = {heading: role for role, headings in COLUMNS.items() for heading in headings.split()}
DELIMITERS = ",;\t|"
HEADING_WITHIN = 10  # lines: files of offices begin with a title
MOST_BYTES = 256 * 1024 * 1024  # a country's shops have 60 MB a city
OTHERS = {b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xls", b"%PDF": "PDF"}
LOT = re.compile(r"산?\s*\d+(?:-\d+)?")
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


@dataclass(slots=True, frozen=True)
class OwnPlace:
    line: int
    """Where it begins, the first is 1; of a table the number of its row."""
    place: NamedPlace
    name: str
    """As it is written there, the branch with it."""
    address: str | None


@dataclass(slots=True, frozen=True)
class OddLine:
    line: int
    why: str
    is_left_out: bool
    """Nothing of the line is compared; else all but what is told."""


@dataclass(slots=True, frozen=True)
class OwnList:
    entries: list[OwnPlace]
    oddities: list[OddLine]


CsvRow = tuple[int, list[str]]
LatLon = tuple[float, float]


def read_file(path: str, columns: Mapping[str, str], region: Region = SEOUL) -> OwnList:
    """Read a CSV; `columns` says for a role of COLUMNS what its column is called, where that is not known.

    Raises:
        ArgumentError: it cannot be read, or has no column of names.
    """
    return read_text(read_file_text(path), path, columns, region)


def read_columns(given: Iterable[str]) -> dict[str, str]:
    """Return {role: column} of texts such as "name=가게".

    Raises:
        ArgumentError: one is none.
    """
    columns = dict(one.partition("=")[::2] for one in given)
    if all(role in COLUMNS and column for role, column in columns.items()):
        return columns
    told = _("--columns says what a column is called, such as name=가게; the first part is one of these: {roles}")
    raise ArgumentError(told.format(roles=" ".join(COLUMNS)))


def read_text(text: str, source: str, columns: Mapping[str, str], region: Region = SEOUL) -> OwnList:
    """Read the text of a CSV; else as `read_file`."""
    first, rest = text.partition("\n")[::2]
    if first.strip().strip('"').lower().startswith("sep="):  # as Excel is told
        return _read_text(rest, 1, source, columns, region)
    return _read_text(text, 0, source, columns, region)


def _read_text(text: str, skipped: int, path: str, columns: Mapping[str, str], region: Region) -> OwnList:
    found = ((len(roles), -DELIMITERS.index(delimiter), delimiter, number, roles)
             for delimiter in DELIMITERS for number, roles in _headings(text, delimiter, columns))  # fmt: skip
    best = max(found, default=None)
    if best is None:
        raise _no_names(path, text, columns)
    _count, _rank, delimiter, number, roles = best
    rows = ((line + skipped, cells) for line, cells in _records(text, delimiter, path, skipped))
    width, body = 0, []
    for place, row in enumerate(rows):
        if place == number:
            width = len(row[1])
        elif place > number and any(cell.strip() for cell in row[1]):
            body.append(row)
    return read_rows(body, roles, width, region)


def _bytes_of(path: str) -> bytes:
    file = Path(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ArgumentError(_("{file} is larger than {most} MB: split it").format(file=path, most=MOST_BYTES >> 20))
        body = file.read_bytes()
    except OSError as error:
        told = _("{file} cannot be read: {reason}")
        raise ArgumentError(told.format(file=path, reason=system_words(error))) from error
    for magic, kind in OTHERS.items():
        if body.startswith(magic):
            told = _("{file} is a file of {kind}, not a CSV: save it as “CSV UTF-8” in Excel, and give that")
            raise ArgumentError(told.format(file=path, kind=kind))
    if not body.strip():
        raise ArgumentError(_("{file} is empty").format(file=path))
    return body


def read_file_text(path: str) -> str:
    """Return the text of what Excel writes: UTF-8 with or without its mark, UTF-16, or Korean Windows' CP949."""
    body = _bytes_of(path)
    is_wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    place = 0
    for encoding in ["utf-16"] if is_wide else ["utf-8-sig", "cp949"]:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            place = max(place, error.start)  # where the one that is meant has come to
    line = body.count(b"\n", 0, place) + 1
    told = _("{file}, line {line}: neither UTF-8 nor CP949. Save it as “CSV UTF-8” in Excel, and give that")
    raise ArgumentError(told.format(file=path, line=line))


def _records(text: str, delimiter: str, path: str, skipped: int = 0) -> Iterator[CsvRow]:
    """Yield each record with the line that it begins on.

    Raises:
        ArgumentError: a quotation mark is not closed, or something follows one.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        told = _("{file}, line {line}: the quotation marks of what begins there do not fit together. Mend it")
        raise ArgumentError(told.format(file=path, line=line + skipped)) from error


def _headings(text: str, delimiter: str, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, list[int]]]]:
    """Yield each of the first records that names a column of names, by number, with the columns of each role."""
    with_names = _roles(columns)
    try:
        for number, (_line, cells) in enumerate(_records(text, delimiter, "")):
            if number >= HEADING_WITHIN:
                return
            roles: dict[str, list[int]] = {}
            for column, cell in enumerate(cells):
                if role := with_names.get(_heading(cell)):
                    roles.setdefault(role, []).append(column)
            if "name" in roles:
                yield number, roles
    except ArgumentError:
        return  # told once it is known that this is how it is delimited


def _roles(columns: Mapping[str, str]) -> dict[str, str]:
    given = {_heading(heading): role for role, heading in columns.items()}
    return {heading: role for heading, role in ROLES.items() if role not in columns} | given


def _heading(text: str) -> str:
    """Return a heading as COLUMNS has it: "소재지(도로명)" is 소재지도로명, "Road_Address" roadaddress."""
    text = re.sub(r"\((?:wgs ?84|도|필수|decimal)\)", "", normalize("NFKC", text).casefold())
    return "".join(filter(str.isalnum, text))


def _no_names(path: str, text: str, columns: Mapping[str, str]) -> ArgumentError:
    first = next((line for line in text.splitlines() if line.strip()), "")
    told = _(
        "{file}: no column of names among the first lines. It begins with: {first}. Name one 상호, 업소명 or name, or "
        "say what it is called: --columns name=…"
    )
    near = did_you_mean(columns["name"], first.split(",")) if "name" in columns else ""
    return ArgumentError(told.format(file=path, first=one_line(first[:80])) + near)


# --- rows


def read_rows(
    rows: Iterable[CsvRow], roles: Mapping[str, Sequence[int]], width: int, region: Region = SEOUL
) -> OwnList:
    """Read the rows of a list; `roles` says which columns have what, and `width` how many there are."""
    entries: list[OwnPlace] = []
    oddities: list[OddLine] = []
    for line, cells in rows:
        if any(cell.strip() for cell in cells[width:]):
            told = _("has {count} fields, and there are {width} columns: is a comma not in quotation marks?")
            oddities.append(OddLine(line, told.format(count=len(cells), width=width), is_left_out=True))
            continue
        values = {role: _first(cells, columns) for role, columns in roles.items()}
        if not values["name"]:
            oddities.append(OddLine(line, _("has no name"), is_left_out=True))
            continue
        point, why = _read_point(values.get("lat"), values.get("lon"))
        if why:
            oddities.append(OddLine(line, why, is_left_out=False))
        entries.append(_entry(line, values, point, region))
    return OwnList(entries, oddities)


def _first(cells: Sequence[str], columns: Iterable[int]) -> str | None:
    """Return what the first of the columns says that says something."""
    said = (" ".join(normalize("NFC", cells[column]).split()) for column in columns if column < len(cells))
    return next(filter(None, said), None)


def _entry(line: int, values: Mapping[str, str | None], point: LatLon | None, region: Region) -> OwnPlace:
    name, branch = values["name"] or "", values.get("branch")
    addresses = [values.get("road_addr"), values.get("addr")]
    return OwnPlace(
        line=line,
        place=write_place(name, branch, point, addresses, region),
        name=" ".join(filter(None, (name, branch))),
        address=next(filter(None, addresses), None),
    )


def _read_point(lat: str | None, lon: str | None) -> tuple[LatLon | None, str | None]:
    """Return a point and None; or what is wrong with it, where there is one."""
    if not (lat or lon):
        return None, None
    north, east = _number(lat), _number(lon)
    if north == east == 0:
        return None, None  # as some write that they do not know
    if KOREA.contains(north, east):
        return (north, east), None
    if KOREA.contains(east, north):
        return (east, north), None  # x and y, as they are on a page of paper
    told = _("{lat}, {lon} is no point in Korea in degrees, such as 37.4979, 127.0276: compared without it")
    return None, told.format(lat=one_line(lat or "?"), lon=one_line(lon or "?"))


def _number(text: str | None) -> float:
    text = (text or "").strip(" °'NEne")
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else math.nan


def write_place(
    name: str, branch: str | None, point: LatLon | None, addresses: Iterable[str | None], region: Region = SEOUL
) -> NamedPlace:
    """Return a place as it is compared; an address that names no city is one of `region`."""
    read = [parsed for text in addresses if text and (parsed := parse_address(text))]
    codes = [find_district_code(one.sido or region.name, one.sigungu or "") or one.sigungu for one in read]
    road = lot = None
    for one, code in zip(read, codes, strict=True):
        if one.road:
            road = road or f"{code} {one.road}"
        elif one.dong and (number := LOT.match(one.detail or "")):
            lot = lot or f"{code} {one.dong} {number[0]}"
    lat, lon = point or (None, None)
    district = next(filter(None, codes), None)
    dong = next((one.dong for one in read if one.dong), None) if district else None
    return NamedPlace(name, branch, lat, lon, road, lot, district, dong)


def place_of(row: Mapping[str, Any]) -> NamedPlace:
    """Return a row of `refillspot.v_stores` as it is compared."""
    point = None if row["lat"] is None or row["lon"] is None else (row["lat"], row["lon"])
    place = write_place(row["name"], row["branch"], point, [row["road_addr"], row["addr"]])
    return replace(place, district=row["district_code"] or place.district, dong=row["dong"] or place.dong)
