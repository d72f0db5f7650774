"""A backup as a file: a ZIP of one text COPY (zstd) a table, `tables/<name>.copy.zst`, and manifest.json, written last.

Tools of others read it: `unzip -p FILE tables/stores.copy.zst | zstd -d`. The manifest has the SHA-256 of each text.
"""

from __future__ import annotations

import hashlib
import re
import sys
from contextlib import contextmanager
from datetime import datetime  # noqa: TC003  # msgspec reads it
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from refillspot.exceptions import BackupError
from refillspot.language import gettext as _
from refillspot.retelling import system_words

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO, Self

    Buffer = bytes | bytearray | memoryview

FORMAT = 1  # of the file; a new one for each change that an older program could misread
MANIFEST = "manifest.json"
LONGEST_MANIFEST = 16 * 1024 * 1024  # bytes; 3 kB in earnest
BLOCK = 1024 * 1024  # bytes that are compressed, or handed on, at once
OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
}
OTHERS = {
    b"PGDMP": "pg_dump",
    b"-- ": "pg_dump, SQL",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"SQLite format 3": "SQLite",
}
"""How files of other tools begin."""
UNREADABLE = (BadZipFile, zstd.ZstdError, msgspec.MsgspecError, EOFError, KeyError, NotImplementedError, RuntimeError,
              ValueError)  # fmt: skip  # what damage makes of a ZIP
NAME = re.compile(r"[a-z_][a-z0-9_]*")


class Dumped(msgspec.Struct, frozen=True):
    """A table of a backup."""

    name: str
    columns: list[str]
    rows: int
    bytes: int
    """Of the text, before it was compressed."""
    sha256: str
    """Of the text."""
    last_ids: dict[str, int] = {}
    """By column: the last one that was given, where PostgreSQL counts."""


class Manifest(msgspec.Struct, frozen=True):
    format: int
    schema_version: int
    postgres: str
    """Version of the server."""
    database: str
    taken_at: datetime
    """When the snapshot was taken, by the server's clock."""
    tables: list[Dumped]
    """In an order in which each comes after those that it refers to."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told


class ArchiveWriter:
    """Writes table after table into a file, which is no archive before `finish`, and never one after an error."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self._tables: list[Dumped] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._zip.fp = None  # else it would be written to its end by the garbage collector

    def add(self, name: str, columns: list[str], rows: Iterable[Buffer], last_ids: dict[str, int]) -> None:
        """Add a table; `rows` are the text that COPY gives."""
        compressor, digest, size, count = zstd.ZstdCompressor(options=OPTIONS), hashlib.sha256(), 0, 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as member:
            for block in _blocks(rows):
                digest.update(block)
                size += len(block)
                count += block.count(b"\n")  # one ends each row; those of values are written \n
                member.write(compressor.compress(block))
            member.write(compressor.flush())
        self._tables.append(Dumped(name, columns, count, size, digest.hexdigest(), last_ids))

    def finish(self, **facts: Any) -> Manifest:
        """Write the manifest, of `facts` and the tables, and the directory of the ZIP."""
        manifest = Manifest(format=FORMAT, tables=self._tables, **facts)
        self._zip.writestr(ZipInfo(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        self._zip.close()
        return manifest


class Archive:
    """A backup that is there whole, as far as can be seen before it is read."""

    def __init__(self, path: Path, archive: ZipFile, manifest: Manifest) -> None:
        self.path = path
        self._zip = archive
        self.manifest = manifest

    def read(self, table: Dumped) -> Iterator[bytes]:
        """Yield the text of a table in blocks.

        Raises:
            BackupError: it is not what was written; said at its end at the latest.
        """
        reader, digest, size, rows = zstd.ZstdDecompressor(), hashlib.sha256(), 0, 0
        with damage_told(self.path), self._zip.open(_entry(table.name).filename) as member:
            while not reader.eof:
                fed = member.read(BLOCK) if reader.needs_input else b""
                if reader.needs_input and not fed:
                    raise EOFError(_("{name} ends too early").format(name=table.name))
                block = reader.decompress(fed, max_length=BLOCK)
                digest.update(block)
                size, rows = size + len(block), rows + block.count(b"\n")
                if size > table.bytes:
                    break
                yield block
            if (rows, size, digest.hexdigest()) != (table.rows, table.bytes, table.sha256):
                raise ValueError(_("{name} is not what was written").format(name=table.name))

    def check(self) -> None:
        """Read all of it.

        Raises:
            BackupError: it is not what was written.
        """
        for table in self.manifest.tables:
            for _block in self.read(table):
                pass


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a backup.

    Raises:
        BackupError: it is none, or damaged, or of a newer refillspot, or cannot be read.
    """
    with damage_told(path):
        archive = ZipFile(path)
    with archive:
        with damage_told(path):
            manifest = _read_manifest(archive)
        yield Archive(path, archive, manifest)


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Let whatever a damaged file makes of its reader be a BackupError."""
    try:
        yield
    except OSError as error:
        why = system_words(error)
        raise BackupError(_("{path} cannot be read: {error}").format(path=path, error=why)) from error
    except UNREADABLE as error:
        raise BackupError(
            _("{path} is no backup that can be restored: {why}.").format(path=path, why=_what_it_is(path, error)),
            _("Nothing was changed. Take another one: `scrapy db backup` keeps older ones beside it."),
        ) from error


def _read_manifest(archive: ZipFile) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
        raise ValueError(_("its manifest is too long"))
    text = archive.read(MANIFEST)
    if (form := msgspec.json.decode(text, type=_Format).format) > FORMAT:
        raise ValueError(_("it has format {format}, of a newer refillspot: update this one").format(format=form))
    manifest = msgspec.json.decode(text, type=Manifest)
    names = [table.name for table in manifest.tables]
    due = [*(_entry(name).filename for name in names), MANIFEST]
    if archive.namelist() != due or not all(map(NAME.fullmatch, names)):
        raise ValueError(_("it does not hold what its manifest names"))
    return manifest


class _Format(msgspec.Struct):
    format: int


def _what_it_is(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    for magic, tool in OTHERS.items():
        if start.startswith(magic):
            return _("it is a file of another tool ({tool})").format(tool=tool)
    if isinstance(error, BadZipFile):
        return _("it is cut off, damaged, or something else")
    return str(error.args[0] if isinstance(error, KeyError) else error)


def _entry(name: str) -> ZipInfo:
    return ZipInfo(f"tables/{name}.copy.zst")


def _blocks(rows: Iterable[Buffer]) -> Iterator[bytes]:
    collected: list[Buffer] = []
    size = 0
    for row in rows:
        collected.append(row)
        size += len(row)
        if size >= BLOCK:
            yield b"".join(collected)
            collected, size = [], 0
    yield b"".join(collected)
