"""Files of an export as other libraries read them, then what docs/export.md says to do: rows as the view has them."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from datetime import datetime
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import duckdb
import geojson
import psycopg
from psycopg.rows import dict_row

from refillspot.export.rows import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Row = dict[str, Any]
SCALARS = (str, int, float, bool, datetime)


def kind_of(column: str) -> type:
    """Return str, int, float, bool or datetime; list for what is nested."""
    hint = TYPES[column]
    if get_origin(hint) in {Union, UnionType}:
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        return str
    return hint if hint in SCALARS else list


def from_text(column: str, text: str | None) -> Any:
    """Return the value of a cell whose format knows text alone."""
    kind = kind_of(column)
    if text is None or kind is str:
        return text and text.removeprefix("'")
    return datetime.fromisoformat(text) if kind is datetime else json.loads(text)


def csv_of_duckdb(path: Path) -> list[Row]:
    table = duckdb.read_csv(  # NULL is a cell of nothing, "" an empty text
        str(path), header=True, all_varchar=True, delimiter=",", quotechar='"', escapechar='"', parallel=False,
        allow_quoted_nulls=False, max_line_size=10_000_000,
    )  # fmt: skip
    return [
        {name: from_text(name, cell) for name, cell in zip(table.columns, row, strict=True)} for row in table.fetchall()
    ]


def csv_of_python(path: Path) -> list[Row]:
    """As Excel and most readers do: what is empty is empty, whether it is text or nothing."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {name: from_text(name, cell or None) for name, cell in row.items()}
            for row in csv.DictReader(file, strict=True)
        ]


def jsonl_of_python(path: Path) -> list[Row]:
    return [with_times(json.loads(line)) for line in path.read_text("utf-8").split("\n")[:-1]]


def geojson_of_geojson(path: Path) -> list[Row]:
    """The library judges; it rounds what it reads."""
    found = geojson.loads(path.read_text("utf-8"))
    assert found.is_valid, found.errors()
    rows = []
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        row = with_times(feature["properties"])
        point = [row["lon"], row["lat"]]
        assert feature["geometry"] == (
            None if None in point else {"type": "Point", "coordinates": [round(degrees, 7) for degrees in point]}
        )
        rows.append(row)
    return rows


def sqlite_of_sqlite(path: Path) -> list[Row]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute("SELECT * FROM stores")]
    read: dict[type, Callable[[Any], Any]] = {list: json.loads, bool: bool, datetime: datetime.fromisoformat}
    return [
        {
            name: value if value is None else read.get(kind_of(name), lambda same: same)(value)
            for name, value in row.items()
        }
        for row in found
    ]


def parquet_of_duckdb(path: Path) -> list[Row]:
    table = duckdb.read_parquet(str(path)).project("*, geometry::VARCHAR AS point")
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    assert kinds["geometry"] == "GEOMETRY('OGC:CRS84')"
    for row in rows:
        box, point, _ = row.pop("bbox"), row.pop("point"), row.pop("geometry")
        place = [] if None in {row["lat"], row["lon"]} else [row["lon"], row["lat"]]
        assert [float(degrees) for degrees in re.findall(r"[\d.]+", point or "")] == place
        assert ([] if box is None else list(box.values())) == place * 2
        for part in ("days", "closed_weeks") if row["hours"] else ():
            row["hours"][part] = {day: value for day, value in row["hours"][part].items() if value is not None}
    assert bounds_of_duckdb(path) == bounds_of(rows)
    return rows


def bounds_of_duckdb(path: Path) -> list[float] | None:
    asked = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'geo'"
    found = duckdb.execute(asked, [str(path)]).fetchall()
    box: list[float] | None = json.loads(found[0][0])["columns"]["geometry"].get("bbox")
    return box


def bounds_of(rows: list[Row]) -> list[float] | None:
    points = [(row["lon"], row["lat"]) for row in rows if None not in {row["lon"], row["lat"]}]
    return [*map(min, zip(*points, strict=True)), *map(max, zip(*points, strict=True))] if points else None


def with_times(row: Row) -> Row:
    return row | {
        name: datetime.fromisoformat(value) for name, value in row.items() if value and kind_of(name) is datetime
    }


READERS: Mapping[str, tuple[Callable[[Path], list[Row]], ...]] = {
    "csv": (csv_of_duckdb, csv_of_python),
    "jsonl": (jsonl_of_python,),
    "geojson": (geojson_of_geojson,),
    "sqlite": (sqlite_of_sqlite,),
    "geoparquet": (parquet_of_duckdb,),
}


def view(database_url: str) -> list[Row]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return connection.execute("SELECT * FROM refillspot.v_stores ORDER BY site, ref").fetchall()


def without_empty_text(row: Row) -> Row:
    return {name: None if value == "" else value for name, value in row.items()}
