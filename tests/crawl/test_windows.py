"""What of Windows can be tried on Linux: see `tests/windows/sitecustomize.py`. Nobody has run it on Windows itself."""

from __future__ import annotations

import json
import pkgutil
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import refillspot.commands
from refillspot.planning import KEYWORDS
from refillspot.services.rerouting import rerouted, route_of
from replica.tcp_proxy import TcpProxy
from tests.crawl.moments import PACED, wait_for_store_pages
from tests.programs import PROJECT, completed, spawn
from tests.windows.absent import absent_on_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crawl.conftest import Crawl, Site

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is nothing to play there")

FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ](/|$)|(^|/)(con|prn|aux|nul|com\d|lpt\d)(\.|/|$)', re.IGNORECASE)
LONGEST = 120  # of the 260 characters that a path may have
WITH_SERVERS = ("services status", "db migrate", "crawls list", "doctor --offline", "schedule --print windows", "demo")
WITH_STORES = ("stores", "stores --json", "stats", "top --once", "crawls list")


@pytest.fixture
def as_on_windows(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a program that finds what Windows has: servers on ports, a home in Hangul with a space."""
    with ExitStack() as stack:
        servers = {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")}
        for name, url in servers.items():
            proxy = stack.enter_context(TcpProxy(route_of(url).target))
            servers[name] = rerouted(url, proxy.port)
        yield (
            environment
            | servers
            | {
                "ABSENT_ON_WINDOWS": json.dumps(absent_on_windows()),
                "PYTHONPATH": str(PROJECT / "tests/windows"),
                "PYTHONWARNDEFAULTENCODING": "1",
                "REFILLSPOT_HOME": str(tmp_path / "홍 길동"),
            }
        )


def walk(environment: dict[str, str], *arguments: str, lines: list[str]) -> list[Any]:
    """Return the modules that could be imported, where all are to be, and of each command exit code and output."""
    with spawn("tests.windows.walk", *arguments, environment=environment) as program:
        print(*(json.dumps(line.split()) for line in lines), sep="\n", file=program.stdin)
        done = completed(program)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(arguments) + len(lines)
    return told


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="no working tree of git")
def test_every_file_can_be_checked_out_there() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, encoding="utf-8")
    files = listed.stdout.rstrip("\0").split("\0")

    assert len({file.lower() for file in files}) == len(files)
    assert [file for file in files if FORBIDDEN.search(file) or len(file) > LONGEST] == []
    assert [file for file in files if file.endswith(".ps1") and not (PROJECT / file).read_bytes().isascii()] == []


def test_every_module_every_command_and_a_demo(as_on_windows: dict[str, str]) -> None:
    helps = [f"{found.name} -h" for found in pkgutil.iter_modules(refillspot.commands.__path__)]
    lines = [*helps, *WITH_SERVERS]
    modules, *ends = walk(as_on_windows, "all", lines=lines)

    assert {"refillspot.spiders.diningcode", "replica.tcp_proxy"} <= set(modules)
    assert [(line, end) for line, end in zip(lines, ends, strict=True) if end[0] != 0] == []


def test_ctrl_c_reaches_a_worker_as_a_break_and_linux_goes_on_where_it_ended(
    fleet: Crawl,
    crawl: Crawl,
    site: Site,
    as_on_windows: dict[str, str],
    rows: Callable[[], dict[str, Any]],
    key_prefix: str,
    tmp_path: Path,
) -> None:
    district = ("-a", "district=금천구")
    with replace(fleet, environment=as_on_windows).spawn("-n", "1", *district, *PACED) as process:
        wait_for_store_pages(site, 3)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()
    logs = [path.read_text("utf-8") for path in Path(as_on_windows["REFILLSPOT_HOME"]).glob("logs/*/worker-*.log")]

    assert process.returncode == 130, log
    assert [text.count("Spider closed (shutdown)") for text in logs] == [1]
    assert crawl.run(*district).returncode == 0
    truth = site.truth("금천구", ",".join(KEYWORDS))
    assert {store["ref"] for store in truth if store["reached_by"]} <= rows().keys()
    exports = [f"export -o {tmp_path}/무한리필.{ending}" for ending in ("csv", "sqlite", "csv --overwrite")]
    lines = [f"{line} -s REDIS_KEY_PREFIX={key_prefix}" for line in (*WITH_STORES, *exports)]
    ends = walk(as_on_windows, lines=lines)
    assert [(line, end) for line, end in zip(lines, ends, strict=True) if end[0] != 0 or not end[1]] == []
