"""GeoParquet 1.1: points as WKB with a bounding box for each, and nested values as what they are.

pyarrow reads the lines of JSON that PostgreSQL wrote, in types that are made of those in `refillspot.items`.
"""

from __future__ import annotations

import io
import struct
from dataclasses import is_dataclass
from datetime import datetime
from itertools import islice
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
from pyarrow import json as pyarrow_json
from pyarrow import parquet

from refillspot.export.rows import TYPES
from refillspot.items import WEEKDAYS
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from refillspot.export.rows import Chosen

Points = list[tuple[float, float] | None]
"""Longitude and latitude, in the order of WKB."""
ROWS = 5_000  # stores of a row group, about 15 MB of JSON: so much is in memory at once
POINT = struct.Struct("<BIdd")  # WKB: little-endian, type, x, y
LITTLE_ENDIAN, WKB_POINT = 1, 1
SCALARS = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", "UTC"),
}
CORNERS = ("xmin", "ymin", "xmax", "ymax")
BBOX = pa.struct([(corner, pa.float64()) for corner in CORNERS])
GEOMETRY: dict[str, Any] = {
    "encoding": "WKB",
    "geometry_types": ["Point"],  # no `crs`: then it is OGC:CRS84, WGS84 with the longitude first
    "covering": {"bbox": {corner: ["bbox", corner] for corner in CORNERS}},
}


def arrow_type(hint: Any) -> pa.DataType:
    """Return the type of a column for that of an item: a mapping by weekday is a structure with the fields 0 to 6."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return arrow_type(next(part for part in parts if part is not type(None)))
    if origin is Literal:
        return pa.string()
    if origin in {list, tuple}:
        return pa.list_(arrow_type(parts[0]))
    if origin is dict:
        return pa.struct([(str(day), arrow_type(parts[1])) for day in range(len(WEEKDAYS))])
    if is_dataclass(hint):
        return pa.struct([(name, arrow_type(part)) for name, part in get_type_hints(hint).items()])
    return SCALARS[hint]


class GeoParquetFile:
    """Row groups of a bounded size, zstd, a checksum a page."""

    def write(self, stores: Chosen, path: Path) -> None:
        schema = pa.schema([(name, arrow_type(TYPES[name])) for name in stores.columns])
        whole = schema.append(pa.field("geometry", pa.binary())).append(pa.field("bbox", BBOX))
        lines, bounds = stores.lines(), Bounds()
        with parquet.ParquetWriter(path, whole, compression="zstd", write_page_checksum=True) as writer:
            while batch := list(islice(lines, ROWS)):
                points: Points = [(lon, lat) if lat and lon else None for lat, lon, _line in batch]
                bounds.add(points)
                writer.write_table(_read(schema, [line for _lat, _lon, line in batch], points))
            columns = {"geometry": GEOMETRY | bounds.described()}
            geo = {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
            writer.add_key_value_metadata({"geo": msgspec.json.encode(geo).decode()})

    def count(self, path: Path) -> int:
        try:
            with parquet.ParquetFile(path, page_checksum_verification=True) as file:
                return sum(batch.num_rows for batch in file.iter_batches(ROWS))
        except pa.ArrowException as error:
            raise ValueError(str(error)) from error


class Bounds:
    """What all points of a file lie within."""

    def __init__(self) -> None:
        self._lon: list[float] = []
        self._lat: list[float] = []

    def add(self, points: Points) -> None:
        found = [point for point in points if point]
        lons, lats = [*self._lon, *(lon for lon, _lat in found)], [*self._lat, *(lat for _lon, lat in found)]
        if found:
            self._lon, self._lat = [min(lons), max(lons)], [min(lats), max(lats)]

    def described(self) -> dict[str, list[float]]:
        return {"bbox": [self._lon[0], self._lat[0], self._lon[1], self._lat[1]]} if self._lon else {}


def _read(schema: pa.Schema, lines: Sequence[str], points: Points) -> pa.Table:
    """Return a table of stores; a part of a nested value that `refillspot.items` does not know is an error."""
    text = "\n".join(lines).encode()
    how = pyarrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    in_one = pyarrow_json.ReadOptions(block_size=len(text) + 1)  # a store is not to lie in two blocks
    try:
        table = pyarrow_json.read_json(io.BytesIO(text), in_one, how)
    except pa.ArrowInvalid as error:
        told = _("{error}; what another version has read differs: scrapy db reparse --all, or another format")
        raise ValueError(told.format(error=error)) from error
    wkb = [point and POINT.pack(LITTLE_ENDIAN, WKB_POINT, *point) for point in points]
    boxes = [point and dict(zip(CORNERS, (*point, *point), strict=True)) for point in points]
    return table.append_column("geometry", pa.array(wkb, pa.binary())).append_column("bbox", pa.array(boxes, BBOX))
