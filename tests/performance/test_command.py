from __future__ import annotations

import json
import time
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

import psycopg
import pytest

from refillspot.commands.perf import milliseconds

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.programs import Launcher

    Perf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def perf(launcher: Launcher, environment: dict[str, str]) -> Perf:
    return lambda *options: launcher.run("scrapy", "perf", *options, environment=environment, children_too=True)


def test_some_rows_as_json_and_nothing_is_left(perf: Perf, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:

        def databases() -> set[tuple[str]]:
            return set(connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'refillspot_perf%'"))

        before = databases()
        result = perf("--only", "database", "--json", "--round-trip-ms", "2")
        new = databases() - before
        while new & databases():  # those of other tests go too; ends at pytest's time-out if one stays
            time.sleep(0.1)
    rows = json.loads(result.stdout)
    assert [row["key"] for row in rows] == ["database"] * len(rows)
    assert rows[0]["value"] > 0
    assert result.returncode == (0 if all(row["is_met"] for row in rows) else 3)


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
