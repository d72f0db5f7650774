"""`scrapy export` as its user types it: its files, its pipes, and what a kill leaves."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import TYPE_CHECKING

import duckdb
import pytest

from refillspot.exceptions import ArgumentError
from refillspot.export.formats import find_format
from refillspot.export.rows import SITE_VALUES
from refillspot.items import RefillVerdict
from refillspot.postgres.outward import COLUMNS
from tests.export.rereading import csv_of_python, jsonl_of_python
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from replica.tcp_proxy import TcpProxy
    from tests.programs import Launcher

    Export = Callable[..., subprocess.CompletedProcess[str]]

LIKELY = RefillVerdict("likely")


@pytest.fixture
def export(launcher: Launcher, environment: dict[str, str]) -> Export:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return launcher.run("scrapy", "export", *options, environment=environment)

    return run


def test_a_file_has_what_the_options_choose_and_its_manifest_says_so(
    export: Export, database_url: str, tmp_path: Path
) -> None:
    write(database_url, store("A"), store("B", refill=LIKELY), store("C", refill=RefillVerdict("unlikely")))
    path = tmp_path / "stores.csv"
    result = export("-o", str(path))

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (f"{path}: 2 stores (confirmed 1, likely 1). What is in it: stores.csv.manifest.json\n")
    assert [row["ref"] for row in csv_of_python(path)] == ["A", "B"]
    assert list(csv_of_python(path)[0]) == [name for name in COLUMNS if name not in SITE_VALUES]

    chosen = export("-o", str(path), "--verdict", "likely", "--district", "강남구", "--with-site-values", "--json")
    manifest = json.loads(path.with_name("stores.csv.manifest.json").read_text("utf-8"))
    assert json.loads(chosen.stdout) == manifest
    assert manifest["filters"] == {"district": "강남구", "verdict": "likely"}
    assert manifest["columns"] == list(COLUMNS) == list(csv_of_python(path)[0])
    assert manifest["crawls"] == []


def test_a_pipe_takes_text(export: Export, database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    (tmp_path / "stores.jsonl").write_text(export("-f", "jsonl", "-o", "-").stdout, "utf-8")

    assert [row["ref"] for row in jsonl_of_python(tmp_path / "stores.jsonl")] == ["A"]
    for options, why in (
        (("-f", "sqlite", "-o", "-"), "into a pipe"),
        (("-o", str(tmp_path / "stores.xlsx")), "geoparquet"),
        (("-o", str(tmp_path / "stores.jsonl")), "--overwrite"),
        ((), "-o stores.csv"),
    ):
        result = export(*options)
        assert (result.returncode, result.stdout) == (2, "")
        assert why in result.stderr


def test_without_pyarrow_one_format_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "refillspot.export.geoparquet", raising=False)

    with pytest.raises(ArgumentError, match="pip install pyarrow"):
        find_format(None, Path("stores.parquet"))


def test_a_kill_leaves_the_old_file_and_ctrl_c_nothing_beside_it(
    launcher: Launcher, export: Export, environment: dict[str, str], database_url: str,
    postgres_proxy: TcpProxy, proxied_database_url: str, tmp_path: Path,
) -> None:  # fmt: skip
    write(database_url, store("A"))
    path = tmp_path / "stores.parquet"
    export("-o", str(path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write(database_url, *(store(f"{number}", hours_text=os.urandom(2000).hex()) for number in range(300)))
    postgres_proxy.throttle(50_000)  # more than ten seconds for a megabyte
    slowly = environment | {"DATABASE_URL": proxied_database_url}

    for signal, code in ((SIGKILL, -SIGKILL), (SIGINT, 130)):
        with launcher.start("scrapy", "export", "-o", str(path), environment=slowly) as process:
            while process.poll() is None and not begun(tmp_path, process.pid):
                time.sleep(0.01)
            process.send_signal(signal)
            assert process.wait() == code
        assert {name: (tmp_path / name).read_bytes() for name in before} == before
        assert bool(begun(tmp_path, process.pid)) == (signal == SIGKILL)

    assert export("-o", str(path)).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == before.keys()
    assert duckdb.read_parquet(str(path)).count("ref").fetchall() == [(301,)]


def begun(directory: Path, pid: int | None) -> list[Path]:
    return list(directory.glob(f".*-{pid}.part"))
