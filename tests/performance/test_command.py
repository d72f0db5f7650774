from __future__ import annotations

import argparse
import json
import time
from argparse import ArgumentTypeError
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from scrapy.utils.project import get_project_settings

from refillspot.commands.perf import Command, milliseconds
from refillspot.performance.conditions import City, Conditions

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.programs import Launcher

    Perf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def perf(launcher: Launcher, environment: dict[str, str]) -> Perf:
    return lambda *options: launcher.run("scrapy", "perf", *options, environment=environment, children_too=True)


def test_some_rows_as_json_and_nothing_is_left(
    launcher: Launcher,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Below the process, where the city may be a small one."""
    for name, value in (environment | {"REFILLSPOT_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("refillspot.performance.storage.ROUNDS", 1)
    monkeypatch.setattr("refillspot.performance.conditions.Conditions", partial(Conditions, city=City(60, 60)))
    command, parser = Command(), argparse.ArgumentParser()
    command.settings = get_project_settings()
    command.add_options(parser)
    options = parser.parse_args(["--only", "database", "--json", "--round-trip-ms", "2"])
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:

        def databases() -> set[tuple[str]]:
            return set(connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'refillspot_perf%'"))

        before = databases()
        with launcher.forking():
            command.act([], options)
        new = databases() - before
        while new & databases():  # those of other tests go too; ends at pytest's time-out if one stays
            time.sleep(0.1)
    rows = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in rows] == ["database"] * len(rows)
    assert rows[0]["value"] > 0
    assert command.exitcode == (0 if all(row["is_met"] for row in rows) else 3)


@pytest.mark.parametrize("options", [("--only", "speed"), ("--only", ""), ("now",)])
def test_wrong_usage_is_told(perf: Perf, options: tuple[str, ...]) -> None:
    result = perf(*options)

    assert result.returncode == 2
    assert "throughput,seoul,memory" in result.stderr


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "x", "", "60001", "1e9"])
def test_a_delay_is_a_number_of_milliseconds(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a number of milliseconds from 0 to 60000"):
        milliseconds(text)

    assert milliseconds("0.5") == 0.5


def test_an_unknown_option_is_refused(perf: Perf) -> None:
    result = perf("--fast")

    assert result.returncode == 2
    assert "unknown option --fast" in result.stderr
