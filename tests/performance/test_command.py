from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

PROJECT = Path(__file__).parents[2]


def perf(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "perf", *options], cwd=PROJECT, env=environment, capture_output=True,
        encoding="utf-8", timeout=110, check=False,
    )  # fmt: skip


def test_some_rows_as_json_and_nothing_is_left(environment: dict[str, str], database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        names = "SELECT count(*) FROM pg_database WHERE datname LIKE 'refillspot_perf%'"
        before = connection.execute(names).fetchone()
        result = perf(environment, "--only", "database", "--json", "--round-trip-ms", "2")

        assert connection.execute(names).fetchone() == before
    rows = json.loads(result.stdout)
    assert [row["key"] for row in rows] == ["database"] * len(rows)
    assert rows[0]["value"] > 0
    assert result.returncode == (0 if all(row["is_met"] for row in rows) else 3)


@pytest.mark.parametrize("options", [("--only", "speed"), ("--only", ""), ("now",), ("--fast",)])
def test_wrong_usage_is_told(environment: dict[str, str], options: tuple[str, ...]) -> None:
    result = perf(environment, *options)

    assert result.returncode == 2
    assert "throughput,seoul,memory" in result.stderr
