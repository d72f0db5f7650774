"""A backup that was damaged in whatever way is refused before anything is touched; tools of others read a whole one."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pyarrow as pa
import pytest

from refillspot.exceptions import BackupError, SchemaVersionError
from refillspot.postgres.archive import BLOCK, MANIFEST, ArchiveWriter, open_archive
from refillspot.postgres.restoring import restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOBODY = "postgresql://nobody@127.0.0.1:1/nowhere"  # who is asked all the same answers with another error
ROWS = {
    "crawls": [b"1\t{}\n"],
    "stores": [b"A\t\\N\t\xea\xb0\x80\n", b"B\ttwo\\nlines\t\n"],
    "unread_pages": [],
}


@dataclass
class Written:
    path: Path
    content: bytes

    def damaged(self, content: bytes) -> Path:
        path = self.path.with_name("damaged.zip")
        path.write_bytes(content)
        return path

    def zipped_anew(self, change: Callable[[dict[str, bytes]], None]) -> Path:
        """Return what somebody makes of it who unpacks it, changes something, and packs it again."""
        with ZipFile(self.path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        path = self.path.with_name("edited.zip")
        with ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path


def write(path: Path, **facts: object) -> None:
    known = {"schema_version": 12, "postgres": "18.0", "database": "x", "taken_at": datetime(2026, 11, 28, tzinfo=UTC)}
    with path.open("wb") as file, ArchiveWriter(file) as writer:
        for name, rows in ROWS.items():
            writer.add(name, ["a", "b", "c"], rows, {})
        writer.finish(**known | facts)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    path = tmp_path / "backup.zip"
    write(path)
    return Written(path, path.read_bytes())


def refused(path: Path) -> str:
    with pytest.raises(BackupError) as told:
        restore(NOBODY, path)
    return str(told.value)


def test_what_was_written_is_read_and_others_read_it_too(written: Written) -> None:
    with open_archive(written.path) as archive, ZipFile(written.path) as plain:
        archive.check()
        for table in archive.manifest.tables:
            ours = b"".join(archive.read(table))
            theirs = pa.input_stream(io.BytesIO(plain.read(f"tables/{table.name}.copy.zst")), compression="zstd").read()
            assert ours == theirs == b"".join(ROWS[table.name])
            assert (table.rows, table.bytes) == (len(ROWS[table.name]), len(ours))
        assert plain.testzip() is None
        assert plain.namelist()[-1] == MANIFEST


def test_one_that_is_cut_off_anywhere_is_refused(written: Written) -> None:
    for length in range(0, len(written.content), 7):  # the parts are longer
        assert "no backup that can be restored" in refused(written.damaged(written.content[:length]))


def test_one_with_a_changed_bit_is_refused_or_says_the_same(written: Written) -> None:
    with open_archive(written.path) as archive:
        whole = archive.manifest
    unharmed, places = 0, range(0, len(written.content), 3)
    for at in places:
        content = bytearray(written.content)
        content[at] ^= 1 << at % 8
        try:
            with open_archive(written.damaged(bytes(content))) as archive:
                archive.check()
                assert archive.manifest == whole
                unharmed += 1
        except BackupError:
            pass
    assert unharmed < len(places) / 2  # what ZIP says of dates and systems is of no account


def test_a_block_that_is_missing_or_changed_is_noticed_in_a_large_table(tmp_path: Path) -> None:
    path, noise = tmp_path / "backup.zip", Random(1).randbytes(3 * BLOCK).hex().encode()  # noqa: S311
    rows = [noise[at : at + 1000] + b"\n" for at in range(0, len(noise), 1000)]
    with path.open("wb") as file, ArchiveWriter(file) as writer:
        writer.add("stores", ["a"], rows, {})
        writer.finish(schema_version=1, postgres="", database="", taken_at=datetime.now(UTC))
    with open_archive(path) as archive:
        read = list(archive.read(archive.manifest.tables[0]))
    assert b"".join(read) == b"".join(rows)
    assert max(map(len, read)) <= BLOCK

    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    assert "no backup" in refused(path)


def edit_row(members: dict[str, bytes]) -> None:
    members["tables/stores.copy.zst"] = pa.compress(b"A\t\\N\tx\nB\ty\tz\n", codec="zstd", asbytes=True)


def edit_count(members: dict[str, bytes]) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["tables"][1]["rows"] = 3
    members[MANIFEST] = json.dumps(manifest).encode()


def drop_table(members: dict[str, bytes]) -> None:
    del members["tables/crawls.copy.zst"]


def add_table(members: dict[str, bytes]) -> None:
    members["tables/more.copy.zst"] = members.pop("tables/stores.copy.zst")


def drop_manifest(members: dict[str, bytes]) -> None:
    del members[MANIFEST]


def no_json(members: dict[str, bytes]) -> None:
    members[MANIFEST] = b"{"


def another_table(members: dict[str, bytes]) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["tables"][0]["name"] = '"; DROP SCHEMA public'
    members[MANIFEST] = json.dumps(manifest).encode()


def not_compressed(members: dict[str, bytes]) -> None:
    members["tables/stores.copy.zst"] = b"".join(ROWS["stores"])


def more_than_said(members: dict[str, bytes]) -> None:
    members["tables/stores.copy.zst"] = pa.compress(bytes(64 * BLOCK), codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    "change",
    [edit_row, edit_count, drop_table, add_table, drop_manifest, no_json, another_table,
     not_compressed, more_than_said],
)  # fmt: skip
def test_one_that_somebody_has_edited_is_refused(written: Written, change: Callable[[dict[str, bytes]], None]) -> None:
    assert "no backup that can be restored" in refused(written.zipped_anew(change))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PGDMP\x01\x10\x00", "another tool (pg_dump)"),
        (b"-- PostgreSQL database dump\n", "another tool (pg_dump, SQL)"),
        (gzip.compress(b"x", mtime=0), "another tool (gzip)"),
        (b"", "cut off, damaged, or something else"),
        (b"name,address\n", "cut off, damaged, or something else"),
    ],
)
def test_a_file_of_something_else_is_named(written: Written, content: bytes, told: str) -> None:
    assert told in refused(written.damaged(content))


def test_what_is_no_file_and_what_is_newer_is_said(tmp_path: Path, written: Written) -> None:
    assert "cannot be read" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "none.zip")

    def newer(members: dict[str, bytes]) -> None:
        members[MANIFEST] = json.dumps(json.loads(members[MANIFEST]) | {"format": 2, "tables": None}).encode()

    assert "of a newer refillspot" in refused(written.zipped_anew(newer))
    write(written.path, schema_version=9999)
    with pytest.raises(SchemaVersionError, match="schema version 9999"):
        restore(NOBODY, written.path)
