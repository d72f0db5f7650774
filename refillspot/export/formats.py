"""The formats of files for others: each is written of one snapshot in bounded memory, and read again by a library.

GeoParquet, which needs one that is large, is in `refillspot/export/geoparquet.py`.
"""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import msgspec

from refillspot.exceptions import ArgumentError
from refillspot.export.rows import TYPES, csv_cells, kind_of, plain_text
from refillspot.language import gettext as _
from refillspot.postgres.database import known_migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from refillspot.export.rows import Chosen

DEGREES = 7  # decimals of a coordinate: a centimetre, and what RFC 7946 calls reasonable
BOM = "\ufeff"  # by which Excel knows UTF-8
BLOCK = 1 << 20  # bytes handed to a file at once


class FileFormat(Protocol):
    def write(self, stores: Chosen, path: Path) -> None:
        """Write the file, which is there and empty."""

    def count(self, path: Path) -> int:
        """Read all of the file, and return how many stores it has.

        Raises:
            ValueError: it cannot be read.
        """


class TextFile:
    """Written from its beginning to its end, so that it can also be written into a pipe."""

    def parts(self, stores: Chosen) -> Iterator[bytes]:
        raise NotImplementedError

    def write(self, stores: Chosen, path: Path) -> None:
        with path.open("wb", buffering=BLOCK) as file:
            self.pour(stores, file)

    def pour(self, stores: Chosen, file: BinaryIO) -> None:
        file.writelines(self.parts(stores))


class CsvFile(TextFile):
    """RFC 4180 as Excel opens it: a BOM, CRLF, an apostrophe before what it would change."""

    def parts(self, stores: Chosen) -> Iterator[bytes]:
        yield f"{BOM}{','.join(stores.columns)}\r\n".encode()
        for record in stores.snapshot.records(stores.wanted, csv_cells(stores.columns)):
            yield record + b"\r\n"

    def count(self, path: Path) -> int:
        with path.open(encoding="utf-8-sig", newline="\r\n") as file:  # another one outside of a cell is an error
            try:
                return sum(1 for _ in csv.reader(file, strict=True)) - 1  # the names of the columns
            except csv.Error as error:
                raise ValueError(str(error)) from error


class JsonLinesFile(TextFile):
    """A store a line."""

    def parts(self, stores: Chosen) -> Iterator[bytes]:
        for line in stores.lines():
            yield line + b"\n"

    def count(self, path: Path) -> int:
        with path.open("rb") as file:
            return sum(1 for _ in map(msgspec.json.Decoder().decode, file))


class Point(msgspec.Struct):
    """Of a store in JSON, WGS84 degrees."""

    lat: float | None
    lon: float | None

    def geometry(self) -> bytes:
        if self.lat is None or self.lon is None:
            return b"null"
        return f'{{"type":"Point","coordinates":[{round(self.lon, DEGREES)},{round(self.lat, DEGREES)}]}}'.encode()


class GeoJsonFile(TextFile):
    """RFC 7946, a feature a line. A store whose point is not known has the geometry null."""

    HEAD, TAIL = b'{"type":"FeatureCollection","features":[\n', b"\n]}\n"

    def parts(self, stores: Chosen) -> Iterator[bytes]:
        before, point = self.HEAD, msgspec.json.Decoder(Point)
        for line in stores.lines():
            geometry = point.decode(line).geometry()
            yield b'%b{"type":"Feature","geometry":%b,"properties":%b}' % (before, geometry, line)
            before = b",\n"
        yield self.TAIL

    def count(self, path: Path) -> int:
        decoder = msgspec.json.Decoder()
        with path.open("rb") as file:
            head, tail, count = file.readline(), b"", 0
            for line in file:
                if line.startswith(b"{"):
                    decoder.decode(line.rstrip().removesuffix(b","))
                    count += 1
                tail = line
        if (head, tail) != (self.HEAD, self.TAIL.lstrip()):
            raise ValueError("it has no beginning or no end")
        return count


class SqliteFile:
    """A table `stores` with typed columns, nested values as JSON, and an index on (site, ref)."""

    def write(self, stores: Chosen, path: Path) -> None:
        columns = ", ".join(f"{name} {sqlite_type(TYPES[name])}" for name in stores.columns)
        places = ", ".join("?" * len(stores.columns))
        steps = (
            "PRAGMA journal_mode = OFF",  # what breaks off is thrown away whole
            "PRAGMA synchronous = OFF",  # the file is synced when it is there
            f"PRAGMA user_version = {schema_version()}",
            "BEGIN",
            f"CREATE TABLE stores ({columns})",
        )
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            try:
                for step in steps:
                    database.execute(step)
                database.executemany(f"INSERT INTO stores VALUES ({places})", map(sqlite_row, stores.values()))
                database.execute("CREATE UNIQUE INDEX stores_key ON stores (site, ref)")
                database.execute("COMMIT")
            except sqlite3.OperationalError as error:  # such as a disk that is full
                raise OSError(str(error)) from error

    def count(self, path: Path) -> int:
        with closing(sqlite3.connect(path)) as database:
            found = [verdict for (verdict,) in database.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                raise ValueError("; ".join(found))
            return int(database.execute("SELECT count(*) FROM stores").fetchone()[0])


def _geoparquet() -> FileFormat:
    try:
        from refillspot.export.geoparquet import GeoParquetFile  # noqa: PLC0415  # large, and need not be installed
    except ImportError as error:
        told = _("geoparquet needs pyarrow, which is not installed here: pip install pyarrow")
        raise ArgumentError(told) from error
    return GeoParquetFile()


def sqlite_type(hint: Any) -> str:
    return {int: "INTEGER", bool: "INTEGER", float: "REAL"}.get(kind_of(hint), "TEXT")


def sqlite_row(values: Sequence[Any]) -> list[Any]:
    return [plain_text(value) if isinstance(value, list | datetime) else value for value in values]


def schema_version() -> int:
    """Return which migration the columns are of, those of this program."""
    return known_migrations()[-1].number


SUFFIXES = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".geojson": "geojson",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".parquet": "geoparquet",
    ".geoparquet": "geoparquet",
}
FORMATS: dict[str, Callable[[], FileFormat]] = {
    "csv": CsvFile,
    "jsonl": JsonLinesFile,
    "geojson": GeoJsonFile,
    "sqlite": SqliteFile,
    "geoparquet": _geoparquet,
}


def find_format(name: str | None, path: Path) -> tuple[str, FileFormat]:
    """Return the format that is asked for by name, else by the suffix of the file, with its name.

    Raises:
        ArgumentError: neither says one, or what it needs is not installed.
    """
    chosen = name or SUFFIXES.get(path.suffix.lower())
    if chosen not in FORMATS:
        told = _("name a format, as in -f csv, or a file that says it, as in -o stores.csv: {names}")
        raise ArgumentError(told.format(names=" ".join(FORMATS)))
    return chosen, FORMATS[chosen]()
