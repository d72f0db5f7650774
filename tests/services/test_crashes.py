"""Death at any moment, of any process, and what the next start makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import redis

from refillspot.services import embedded
from tests.conftest import PROJECT_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psutil

    from refillspot.services import ServiceAddresses
    from tests.programs import Launcher

    Processes = Callable[[Path], list[psutil.Process]]
    Execute = Callable[[ServiceAddresses, str], list[tuple[object, ...]]]
    Up = Callable[[Path], subprocess.Popen[str]]

ALL_UP = {"postgres": True, "redis": True, "redis-cache": True}


def wait_until(condition: Callable[[], bool]) -> None:
    """Ends at pytest's time-out if it never is so."""
    while not condition():
        time.sleep(0.01)


@pytest.fixture
def start_up(launcher: Launcher, tmp_path: Path) -> Up:
    """Start `refillspot services up --json` for a home, in a session of its own."""

    def start(home: Path) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PROJECT_PREFIXES)}
        command = [sys.executable, "-m", "refillspot", "services", "up", "--json"]
        with launcher.forking():
            return subprocess.Popen(
                command,
                cwd=tmp_path,
                env=environment | {"REFILLSPOT_HOME": str(home)},
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )

    return start


def test_kill_9_of_every_server_loses_nothing(home: Path, processes: Processes, execute: Execute) -> None:
    addresses = embedded.up(home)
    execute(addresses, "CREATE TABLE kept AS SELECT 'row' AS what")
    with redis.Redis.from_url(addresses.redis_url) as client:
        client.set("kept", "key")
    killed = processes(home)
    for process in killed:
        process.kill()
    wait_until(lambda: not any(process in killed for process in processes(home)))

    again = embedded.up(home)

    assert again == addresses
    assert execute(addresses, "SELECT what FROM kept") == [("row",)]
    with redis.Redis.from_url(addresses.redis_url) as client:
        assert client.get("kept") == b"key"
    assert len(processes(home)) == 3


def test_a_dead_server_is_down_and_the_others_are_left_alone(home: Path, processes: Processes) -> None:
    embedded.up(home)
    before = {process.pid for process in processes(home)}
    postmaster = int((home / "postgres/data/postmaster.pid").read_text(encoding="ascii").split()[0])
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: not embedded.is_locked(home / "postgres"))

    assert embedded.status(home) == ALL_UP | {"postgres": False}

    embedded.up(home)

    assert len({process.pid for process in processes(home)} & before) == 2


def test_eight_first_starts_at_once_give_one_set_of_servers(home: Path, start_up: Up, processes: Processes) -> None:
    starters = [start_up(home) for _ in range(8)]
    printed = {starter.communicate()[0] for starter in starters}

    assert [starter.returncode for starter in starters] == [0] * 8
    assert len(printed) == 1
    assert len(json.loads(printed.pop())) == 3
    assert len(processes(home)) == 3


@pytest.mark.parametrize(
    "reached", ["postgres/lock", "postgres/data.new/base", "postgres/data", "redis/lock", "redis-cache/lock"]
)
def test_a_start_killed_half_way_can_be_repeated(home: Path, start_up: Up, reached: str, processes: Processes) -> None:
    with start_up(home) as starter:
        wait_until((home / reached).exists)
        os.killpg(starter.pid, signal.SIGKILL)

    embedded.up(home)

    assert embedded.status(home) == ALL_UP
    assert len(processes(home)) == 3


def test_pid_files_of_another_living_process_do_not_matter(home: Path) -> None:
    embedded.up(home)
    embedded.down(home)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as innocent:
        lines = f"{innocent.pid}\n{home}/postgres/data\n1\n5432\n{home}/postgres\n\n"
        for name in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            (home / "postgres" / name).write_text(lines, encoding="ascii")

        embedded.down(home)
        embedded.up(home)

        assert embedded.status(home) == ALL_UP
        embedded.down(home)
        assert innocent.poll() is None
        innocent.kill()
