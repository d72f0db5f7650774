from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
import redis
from rich.cells import cell_len

from refillspot.sandbox.demo import DemoResult
from tests.crawl.moments import LOOK_SECONDS
from tests.english import english_in
from tests.fork_server import NAME_OF_THE_SERVER
from tests.one_run import private_directory

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.programs import Launcher, Program

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
    """A machine where nothing is configured, nothing runs, and nobody has been before."""
    directory = private_directory(short_directory)
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


def test_configured_servers_are_left_as_they_were(
    launcher: Launcher, environment: dict[str, str], database_url: str, redis_url: str
) -> None:
    """The same, on a terminal of 80 columns, in Korean."""
    korean = environment | {"REFILLSPOT_LANG": "ko", "TERM": "dumb"}
    with psycopg.connect(database_url) as connection, redis.Redis.from_url(redis_url) as client:
        names = "SELECT count(*) FROM pg_database WHERE datname LIKE 'refillspot_demo%'"
        before = connection.execute(names).fetchone()
        shown = launcher.show("scrapy", "demo", environment=korean, children_too=True).decode()

        assert "만에 끝났습니다. " in shown
        assert [line for line in shown.splitlines() if cell_len(line) > 80] == []
        assert english_in(shown) == []
        assert connection.execute(names).fetchone() == before
        assert list(client.scan_iter("refillspot-demo-*")) == []


def interrupted(program: Program, home: Path, logs: str) -> tuple[str, list[psutil.Process]]:
    """Press Ctrl-C once its crawl is under way, as a terminal does; return its stderr, and what it had started."""
    while not any("Spider opened" in log.read_text("utf-8") for log in home.glob(logs)):
        assert program.poll() is None
        time.sleep(LOOK_SECONDS)
    started = psutil.Process(program.pid).children(recursive=True)
    in_front = [one for one in started if os.getpgid(one.pid) == os.getpgid(program.pid)]
    for pid in (program.pid, *(child.pid for child in in_front if child.name() != NAME_OF_THE_SERVER)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    return program.communicate()[1], started


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes")
def test_ctrl_c_ends_the_demo_and_its_servers(launcher: Launcher, environment: dict[str, str], home: Path) -> None:
    with launcher.start("scrapy", "demo", environment=environment, children_too=True) as program:
        told, started = interrupted(program, home, "*.log")

    assert (program.returncode, told) == (130, "Interrupted.\n")
    assert psutil.wait_procs(started)[1] == []
    assert list(processes_of(home)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes")
def test_ctrl_c_ends_perf_and_leaves_no_database(
    launcher: Launcher, environment: dict[str, str], tmp_path: Path, database_url: str
) -> None:
    there = environment | {"REFILLSPOT_HOME": str(tmp_path)}
    with psycopg.connect(database_url, autocommit=True) as connection:
        names = "SELECT datname FROM pg_database WHERE datname LIKE 'refillspot_perf%'"
        before = set(connection.execute(names))
        command = ("perf", "--only", "availability")
        with launcher.start("scrapy", *command, environment=there, children_too=True) as program:
            told, started = interrupted(program, tmp_path, "perf/**/*.log")

        assert (program.returncode, told.splitlines()[1:]) == (130, ["Interrupted."])
        assert psutil.wait_procs(started)[1] == []
        new = set(connection.execute(names)) - before
        while new & set(
            connection.execute(names)
        ):  # those of other tests go too; ends at pytest's time-out if one stays
            time.sleep(0.1)


def test_missing_and_misjudged_stores_are_told_apart() -> None:
    stores = [{"ref": "a", "refill_verdict": "confirmed"}, {"ref": "b", "refill_verdict": "unlikely"}]
    truth = [{"ref": "a"}, {"ref": "b"}, {"ref": "c"}]
    result = DemoResult(stores, truth, crawl_exit_code=0, crawl_seconds=1.0, log=Path("demo.log"))

    assert result.refill_stores == [stores[0]]
    assert result.misjudged == [stores[1]]
    assert result.missing == [{"ref": "c"}]


def test_wrong_usage_is_told(demo: Demo) -> None:
    assert demo("강남구").returncode == 2
