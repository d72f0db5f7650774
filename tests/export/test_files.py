"""A file takes its place whole or not at all, and no file of somebody else's goes."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from refillspot.exceptions import ArgumentError, ExportError
from refillspot.export.files import ExportFile, describe
from refillspot.export.formats import FORMATS, find_format
from refillspot.export.rows import Chosen
from refillspot.items import MenuItem
from refillspot.postgres.outward import COLUMNS, StoreFilter, snapshot
from refillspot.postgres.readers import grant_reader
from refillspot.whole_files import beside
from tests.export.rereading import READERS
from tests.postgres.test_readers import account
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@contextmanager
def chosen(database_url: str) -> Iterator[Chosen]:
    with snapshot(database_url, json_as_text=True) as stores:
        yield Chosen(stores, StoreFilter(), COLUMNS)


def export(database_url: str, path: Path, *, overwrite: bool = False) -> dict[str, Any]:
    file = ExportFile(path)
    file.check(overwrite=overwrite)
    with chosen(database_url) as stores:
        return file.write(find_format(None, path)[1], stores, describe(stores, NOW))


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a disk that is full, for this process: to write beyond `size` bytes of a file fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_full_disk_leaves_the_old_file(database_url: str, tmp_path: Path, form: str) -> None:
    path = tmp_path / {"geoparquet": "stores.parquet"}.get(form, f"stores.{form}")
    write(database_url, store("A"))
    export(database_url, path)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    write(database_url, *(store(f"{number}", hours_text=os.urandom(200).hex()) for number in range(100)))

    with largest_file(8192), pytest.raises(ExportError, match=f"{path.name} cannot be written: .+ is as it was"):
        export(database_url, path)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_a_file_is_replaced_if_it_is_an_export_as_it_was_left(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    path, manifest = tmp_path / "stores.csv", tmp_path / "stores.csv.manifest.json"
    path.write_text("")  # as mktemp makes it
    path.chmod(0o640)
    export(database_url, path)
    export(database_url, path)

    assert path.stat().st_mode & 0o777 == 0o640
    told = json.loads(manifest.read_text("utf-8"))
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["bytes"] == path.stat().st_size
    assert (told["stores"], told["verdicts"], told["columns"]) == (1, {"confirmed": 1}, list(COLUMNS))

    path.write_text("my own notes")
    for left in (manifest.read_text("utf-8"), "{}", "[1", ""):
        manifest.write_text(left)
        with pytest.raises(ArgumentError, match="--overwrite"):
            export(database_url, path)
        assert path.read_text("utf-8") == "my own notes"
    export(database_url, path, overwrite=True)
    export(database_url, path)


def test_a_kill_between_the_two_renames_does_not_lock_the_file(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    path, manifest = tmp_path / "stores.csv", tmp_path / "stores.csv.manifest.json"
    export(database_url, path)
    with beside(manifest) as part:
        name = part.name
    (tmp_path / name.replace(f"-{os.getpid()}", f"-{dead_process()}")).write_bytes(manifest.read_bytes())
    manifest.write_text('{"sha256": "of the file before"}')

    export(database_url, path)
    assert names(tmp_path) == {path.name, manifest.name}


def dead_process() -> int:
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_what_can_be_no_file_is_said(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    (tmp_path / "stores.csv-wal").touch()
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for path, why in (
        (tmp_path / "stores.csv", "stores.csv-wal"),
        (tmp_path, "no file"),
        (tmp_path / "none/stores.csv", "a directory that is there"),
    ):
        with pytest.raises(ArgumentError, match=why):
            ExportFile(path).check(overwrite=True)
    for path in (tmp_path / "loop.csv", tmp_path / f"{'가' * 84}.csv"):
        with pytest.raises(ExportError, match=r"cannot be written"):
            export(database_url, path)
    with pytest.raises(ArgumentError, match="-o -"):
        ExportFile(tmp_path.joinpath("/dev/null")).check(overwrite=True)


def test_a_link_is_written_through(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    link, target = tmp_path / "here/stores.csv", tmp_path / "there/real.csv"
    link.symlink_to(target)
    export(database_url, link)

    assert link.is_symlink()
    assert names(tmp_path / "there") == {"real.csv", "real.csv.manifest.json"}


def test_no_store_is_no_file(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no store"):
        export(database_url, tmp_path / "stores.csv")
    assert not names(tmp_path)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_what_is_committed_meanwhile_is_in_no_file(database_url: str, tmp_path: Path, form: str) -> None:
    path = tmp_path / "file"
    path.touch()
    write(database_url, store("A"), store("B"))
    with chosen(database_url) as stores:
        facts = describe(stores, NOW)
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.stores SET name = 'another' WHERE ref = 'A'")
        write(database_url, store("C"))
        find_format(form, path)[1].write(stores, path)

    for read in READERS[form]:
        assert [(row["ref"], row["name"]) for row in read(path)] == [("A", "행복한고기"), ("B", "행복한고기")]
    assert facts["stores"] == 2


def test_an_account_that_may_only_read_exports_too(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    with account(database_url, f"reader-{uuid.uuid4().hex[:8]}") as url:
        grant_reader(database_url, str(conninfo_to_dict(url)["user"]))
        for form in ("stores.csv", "stores.jsonl", "stores.sqlite"):
            assert (told := export(url, tmp_path / form))["stores"] == 1
            assert told["crawls"] is None


def test_the_crawls_are_those_that_saw_the_stores(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    with psycopg.connect(database_url) as connection:
        for name, spider, start, end in (
            ("seen", "diningcode", "-1 hour", "1 hour"), ("open", "diningcode", "-1 hour", None),
            ("before", "diningcode", "-2 hours", "-1 hour"), ("other", "tiny", "-1 hour", "1 hour"),
        ):  # fmt: skip
            connection.execute(
                "INSERT INTO refillspot.crawls (id, spider, arguments, started_at, ended_at)"
                " VALUES (%s, %s, '{}', now() + %s::interval, now() + %s::interval)",
                [name, spider, start, end],
            )

    assert {crawl["id"] for crawl in export(database_url, tmp_path / "stores.csv")["crawls"]} == {"seen", "open"}


def test_a_part_of_a_value_that_is_not_known_is_no_parquet(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A", menu=[MenuItem("갈비")]))
    with psycopg.connect(database_url) as connection:
        connection.execute("""UPDATE refillspot.stores SET menu = '[{"name": "갈비", "calories": 900}]'""")

    with pytest.raises(ExportError, match="scrapy db reparse --all"):
        export(database_url, tmp_path / "stores.parquet")
    assert not names(tmp_path)
