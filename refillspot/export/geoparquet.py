"""GeoParquet 1.1: points as WKB with a bounding box for each, and nested values as what they are.

pyarrow reads the lines of JSON that PostgreSQL wrote, in types that are made of those in `refillspot.items`.
"""

from __future__ import annotations

import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import is_dataclass
from datetime import datetime
from itertools import islice
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
from pyarrow import compute, parquet
from pyarrow import json as pyarrow_json

from refillspot.export.rows import TYPES
from refillspot.items import WEEKDAYS
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from refillspot.export.rows import Chosen

ROWS = 5_000  # stores of a row group, about 15 MB of JSON: two of them are in memory at once
BLOCK = 2 << 20  # bytes of JSON that pyarrow reads at once: fewer than a group, which stay in the processor's cache
POINT = struct.pack("=BI", sys.byteorder == "little", 1)  # WKB: the order of bytes, and what follows: x, y
DOUBLE = pa.binary(8)
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

    def write(self, stores: Chosen, path: Path) -> int:
        schema = pa.schema([(name, arrow_type(TYPES[name])) for name in stores.columns])
        whole = schema.append(pa.field("geometry", pa.binary())).append(pa.field("bbox", BBOX))
        bounds = Bounds()

        def add(lines: list[bytes]) -> None:
            table = _read(schema, lines)
            geometry, boxes = _points(table)
            bounds.add(boxes)
            writer.write_table(table.append_column("geometry", geometry).append_column("bbox", boxes))

        with parquet.ParquetWriter(path, whole, compression="zstd", write_page_checksum=True) as writer:
            _pour(stores.lines(), add)
            columns = {"geometry": GEOMETRY | bounds.described()}
            geo = {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
            writer.add_key_value_metadata({"geo": msgspec.json.encode(geo).decode()})
        return self.count(path)

    def count(self, path: Path) -> int:
        try:
            with parquet.ParquetFile(path, page_checksum_verification=True) as file:
                return int(file.scan_contents(batch_size=ROWS))  # decoded, but no table is made of them
        except pa.ArrowException as error:
            raise ValueError(str(error)) from error


class Bounds:
    """What all points of a file lie within."""

    def __init__(self) -> None:
        self._added: list[tuple[float, ...]] = []

    def add(self, boxes: pa.StructArray) -> None:
        lon, lat = (compute.min_max(compute.struct_field(boxes, corner)).as_py() for corner in CORNERS[:2])
        if lon["min"] is not None:
            self._added.append((lon["min"], lat["min"], lon["max"], lat["max"]))

    def described(self) -> dict[str, list[float]]:
        corners = zip((min, min, max, max), zip(*self._added, strict=True), strict=True)
        return {"bbox": [outermost(found) for outermost, found in corners]} if self._added else {}


def _pour(lines: Iterator[bytes], add: Callable[[list[bytes]], None]) -> None:
    """Add lines in groups, while the server makes those of the next one."""
    with ThreadPoolExecutor(1) as pool:
        adding: Future[None] | None = None
        while group := list(islice(lines, ROWS)):
            if adding:
                adding.result()
            adding = pool.submit(add, group)
        if adding:
            adding.result()


def _read(schema: pa.Schema, lines: Sequence[bytes]) -> pa.Table:
    """Return a table of stores; a part of a nested value that `refillspot.items` does not know is an error."""
    how = pyarrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    longest = max(map(len, lines)) + 1  # a store is not to lie in three blocks
    blocks = pyarrow_json.ReadOptions(use_threads=False, block_size=max(BLOCK, longest))
    try:
        return pyarrow_json.read_json(pa.BufferReader(b"\n".join(lines)), blocks, how)
    except pa.ArrowInvalid as error:
        told = _("{error}; what another version has read differs: scrapy db reparse --all, or another format")
        raise ValueError(told.format(error=error)) from error


def _points(stores: pa.Table) -> tuple[pa.Array, pa.StructArray]:
    """Return the point of each store as WKB, and as its bounding box; null where a half of it is."""
    lon, lat = (stores[name].combine_chunks() for name in ("lon", "lat"))
    x, y = (degrees.view(DOUBLE).cast(pa.binary()) for degrees in (lon, lat))
    head = pa.Array.from_buffers(pa.binary(len(POINT)), len(lon), [None, pa.py_buffer(POINT * len(lon))])
    wkb = compute.binary_join_element_wise(head.cast(pa.binary()), y, x)  # the last one joins: head, x, y
    return wkb, pa.StructArray.from_arrays([lon, lat, lon, lat], fields=list(BBOX), mask=wkb.is_null())
