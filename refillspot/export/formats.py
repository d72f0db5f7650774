"""The formats of files for others: each is written of one snapshot in bounded memory, and read again by a library.

GeoParquet, which needs one that is large, is in `refillspot/export/geoparquet.py`.
"""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol

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
BLOCK = 1 << 16  # bytes of a text before they are read again: less than a server sends ahead


class FileFormat(Protocol):
    def write(self, stores: Chosen, path: Path) -> int:
        """Write the file, which is there and empty, read all of it again, and return how many stores it has.

        Raises:
            ValueError: it cannot be read.
        """

    def count(self, path: Path) -> int:
        """Read all of a file, and return how many stores it has; raises the same."""


class TextFile:
    """Written from its beginning to its end, so that it can also be written into a pipe."""

    FRAME = 0
    """How many of the records of a file are no stores."""

    def records(self, stores: Chosen) -> Iterator[bytes]:
        """Yield what the file consists of, each with its end."""
        raise NotImplementedError

    def open(self, path: Path) -> IO[Any]:
        return path.open("rb")

    def read(self, file: IO[Any]) -> Iterator[object]:
        """Yield the records of a file; after the last one, those that have been written since."""
        raise NotImplementedError

    def write(self, stores: Chosen, path: Path) -> int:
        """Read again, from the file, what is written: meanwhile the server makes what comes next."""
        with path.open("wb", buffering=2 * BLOCK) as file, self.open(path) as written:
            again, found, unread = self.read(written), 0, 0
            for record in self.records(stores):
                unread += file.write(record)
                if unread >= BLOCK:
                    file.flush()
                    found, unread = found + _count(again), 0
            file.flush()
            return found + _count(again) - self.FRAME

    def pour(self, stores: Chosen, file: BinaryIO) -> None:
        file.writelines(self.records(stores))

    def count(self, path: Path) -> int:
        with self.open(path) as file:
            return _count(self.read(file)) - self.FRAME


class CsvFile(TextFile):
    """RFC 4180 as Excel opens it: a BOM, CRLF, an apostrophe before what it would change."""

    FRAME = 1  # the names of the columns

    def records(self, stores: Chosen) -> Iterator[bytes]:
        yield f"{BOM}{','.join(stores.columns)}\r\n".encode()
        for record in stores.snapshot.records(stores.wanted, csv_cells(stores.columns)):
            yield record + b"\r\n"

    def open(self, path: Path) -> IO[Any]:
        return path.open(encoding="utf-8-sig", newline="\r\n")  # another one outside of a cell is an error

    def read(self, file: IO[Any]) -> Iterator[object]:
        return csv.reader(file, strict=True)


class JsonLinesFile(TextFile):
    """A store a line."""

    def records(self, stores: Chosen) -> Iterator[bytes]:
        for line in stores.lines():
            yield line + b"\n"

    def read(self, file: IO[Any]) -> Iterator[object]:
        return map(msgspec.json.Decoder().decode, file)


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

    HEAD, TAIL = b'{"type":"FeatureCollection","features":[\n', b"]}\n"
    FRAME = 2  # these
    _point, _json = msgspec.json.Decoder(Point), msgspec.json.Decoder()

    def records(self, stores: Chosen) -> Iterator[bytes]:
        yield self.HEAD
        features = map(self._feature, stores.lines())
        last = next(features, b"")
        for feature in features:
            yield last + b",\n"
            last = feature
        yield last and last + b"\n"
        yield self.TAIL

    def read(self, file: IO[Any]) -> Iterator[object]:
        return map(self._read_line, file)

    def _feature(self, line: bytes) -> bytes:
        geometry = self._point.decode(line).geometry()
        return b'{"type":"Feature","geometry":%b,"properties":%b}' % (geometry, line)

    def _read_line(self, line: bytes) -> object:
        return line if line in {self.HEAD, self.TAIL} else self._json.decode(line.rstrip().removesuffix(b","))


class SqliteFile:
    """A table `stores` with typed columns, nested values as JSON, and an index on (site, ref)."""

    def write(self, stores: Chosen, path: Path) -> int:
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
        return self.count(path)

    def count(self, path: Path) -> int:
        with closing(sqlite3.connect(path)) as database:
            found = [verdict for (verdict,) in database.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                raise ValueError("; ".join(found))
            return int(database.execute("SELECT count(*) FROM stores").fetchone()[0])


def _count(records: Iterator[object]) -> int:
    try:
        return sum(1 for _ in records)
    except csv.Error as error:
        raise ValueError(str(error)) from error


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
