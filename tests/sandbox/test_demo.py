from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
import redis

from refillspot.sandbox.demo import DemoResult

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.programs import Launcher

    Demo = Callable[..., subprocess.CompletedProcess[str]]

SERVERS = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")


@pytest.fixture
def demo(launcher: Launcher, environment: dict[str, str]) -> Demo:
    return lambda *options: launcher.run("scrapy", "demo", *options, environment=environment, children_too=True)


def processes_of(directory: Path) -> Iterator[str]:
    """Yield what runs in `directory` or names it in its command line."""
    for process in psutil.process_iter(["cmdline", "pid"]):
        if any(str(directory) in part for part in process.info["cmdline"] or ()):
            yield " ".join(process.info["cmdline"])


@pytest.fixture
def home(environment: dict[str, str], short_directory: Path) -> Path:
    """A machine where nothing is configured and nothing runs."""
    directory = short_directory / "demo"
    for name in SERVERS:
        del environment[name]
    environment["REFILLSPOT_HOME"] = str(directory)
    return directory


def test_on_an_empty_machine_it_finds_every_reachable_store_and_leaves_nothing(demo: Demo, home: Path) -> None:
    result = demo("--seed", "11")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "missing" not in result.stdout
    assert "원" in result.stdout
    assert list(processes_of(home)) == []


def test_configured_servers_are_left_as_they_were(demo: Demo, database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection, redis.Redis.from_url(redis_url) as client:
        names = "SELECT count(*) FROM pg_database WHERE datname LIKE 'refillspot_demo%'"
        before = connection.execute(names).fetchone()
        result = demo()

        assert result.returncode == 0, result.stdout + result.stderr
        assert connection.execute(names).fetchone() == before
        assert list(client.scan_iter("refillspot-demo-*")) == []


def test_missing_and_misjudged_stores_are_told_apart() -> None:
    stores = [{"ref": "a", "refill_verdict": "confirmed"}, {"ref": "b", "refill_verdict": "unlikely"}]
    truth = [{"ref": "a"}, {"ref": "b"}, {"ref": "c"}]
    result = DemoResult(stores, truth, crawl_exit_code=0, crawl_seconds=1.0, log=Path("demo.log"))

    assert result.refill_stores == [stores[0]]
    assert result.misjudged == [stores[1]]
    assert result.missing == [{"ref": "c"}]


def test_wrong_usage_is_told(demo: Demo) -> None:
    assert demo("강남구").returncode == 2
