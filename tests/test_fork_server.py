"""A program that was forked is what it would be if it had been started."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.programs import completed, spawn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher, Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

PROGRAM = """
import asyncio, gc, json, locale, os, signal, sys, threading
print(json.dumps({
    "arguments": sys.argv,
    "environment": {name: value for name, value in os.environ.items() if name != "LC_CTYPE"},
    "directory": os.getcwd(),
    "first on the path": sys.path[0],
    "streams": [(s.encoding, s.errors, s.line_buffering, s.fileno()) for s in (sys.stdin, sys.stdout, sys.stderr)],
    "locale": locale.setlocale(locale.LC_CTYPE),
    "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)],
    "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:3],
    "how many": len(os.listdir("/proc/self/fd")),
    "threads": threading.active_count(),
    "reactor": "twisted.internet.reactor" in sys.modules,
    "name": __name__,
    "collector": gc.get_threshold(),
}))
"""


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    (tmp_path / "probe.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def test_it_is_what_a_start_makes_of_it(launcher: Launcher, probe: Path, environment: dict[str, str]) -> None:
    own = {name: value for name, value in environment.items() if not name.startswith("PYTHON")} | {"GREETING": "안녕"}
    forked = launcher.run("probe", "one", "둘", environment=own, directory=probe)
    with spawn("probe", "one", "둘", environment=own, directory=probe) as process:
        started = completed(process)

    assert (forked.returncode, started.returncode) == (0, 0), forked.stderr + started.stderr
    assert json.loads(forked.stdout) == json.loads(started.stdout)
    assert json.loads(forked.stdout)["environment"]["GREETING"] == "안녕"


@pytest.fixture
def sleeper(launcher: Launcher, tmp_path: Path, environment: dict[str, str]) -> Program:
    code = "import time\nprint('there', flush=True)\ntime.sleep(3600)\n"
    (tmp_path / "sleeper.py").write_text(code, encoding="utf-8")
    return launcher.start("sleeper", environment=environment, directory=tmp_path)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_signal_ends_it_and_is_its_status(sleeper: Program, name: str) -> None:
    number = signal.Signals[name]
    with sleeper:
        assert sleeper.stdout
        sleeper.stdout.readline()
        assert sleeper.poll() is None
        sleeper.send_signal(number)

        assert sleeper.wait() == -number
        assert sleeper.poll() == -number
        sleeper.kill()  # too late, and no error


def test_the_status_is_that_of_the_program(launcher: Launcher, tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "seven.py").write_text("import sys\nprint('said', file=sys.stderr)\nsys.exit(7)\n", encoding="utf-8")
    (tmp_path / "fails.py").write_text("raise ValueError('why')\n", encoding="utf-8")
    seven, fails = (launcher.run(name, environment=environment, directory=tmp_path) for name in ("seven", "fails"))

    assert (seven.returncode, seven.stdout, seven.stderr) == (7, "", "said\n")
    assert fails.returncode == 1
    assert fails.stderr.endswith("ValueError: why\n")


ENDING = """
import atexit, sys, threading
class Forgotten:
    def __init__(self): self.myself = self
    def __del__(self): print("forgotten")
def later(): main.join(); print("thread"); sys.stdout.write("not flushed ")
main, own = threading.main_thread(), threading.Thread(target=later)
atexit.register(lambda: (own.is_alive() or print("at exit"), sys.stderr.write("complained\\n")))
own.start()
Forgotten()
if len(sys.argv) > 1: sys.exit({"none": None, "text": "why", "large": 257, "less": -1}[sys.argv[1]])
"""


THAWING = """
import gc
gc.freeze()
gc.unfreeze()
frozen, after = gc.get_freeze_count(), len(gc.get_objects())
class Forgotten:
    def __init__(self): self.myself = self
    def __del__(self): print("forgotten")
Forgotten()
print(frozen > after)
"""


def test_it_collects_what_is_its_own_and_thaws_nothing_else(
    launcher: Launcher, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "thawing.py").write_text(THAWING, encoding="utf-8")
    ended = launcher.run("thawing", environment=environment, directory=tmp_path)

    assert ended.stdout == "True\nforgotten\n", ended.stderr


@pytest.mark.parametrize("how", ["", "none", "text", "large", "less"])
def test_it_ends_as_what_was_started_does(
    launcher: Launcher, tmp_path: Path, environment: dict[str, str], how: str
) -> None:
    (tmp_path / "ending.py").write_text(ENDING, encoding="utf-8")
    arguments = ["ending", *how.split()]
    forked = launcher.run(*arguments, environment=environment, directory=tmp_path)
    with spawn(*arguments, environment=environment, directory=tmp_path) as process:
        started = completed(process)

    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)
    assert forked.stdout == "thread\nnot flushed at exit\nforgotten\n"


def test_it_is_forked_where_the_system_can(sleeper: Program) -> None:
    with sleeper:
        assert "tests.fork_server" in psutil.Process(sleeper.pid).cmdline()
        sleeper.kill()
