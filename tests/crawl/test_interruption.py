"""Ctrl-C at awkward moments: one sentence and 130, and nothing is lost."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.crawl.moments import wait_for_store_pages
from tests.programs import completed, spawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.crawl.conftest import Crawl, Faults, Site

DISTRICT = ("-a", "district=금천구")
AT_ONCE = "Interrupted at once; nothing is lost. The same command continues.\n"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_second_signal_ends_a_crawl_at_once(crawl: Crawl, site: Site, faults: Faults, database_url: str) -> None:
    faults.add(kind="delay", path="/API/profile/", seconds=600)
    with crawl.start(*DISTRICT) as process:
        wait_for_store_pages(site, 1)
        process.send_signal(signal.SIGINT)
        process.wait_for_line("Send again to force")
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()

    assert process.returncode == 130, log
    assert log.endswith(AT_ONCE)
    assert "Traceback" not in log
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM refillspot.crawls").fetchall() == [("running",)]


@pytest.mark.parametrize("command", ["crawl", "fleet", "doctor", "top", "shell"])
def test_a_signal_while_servers_are_waited_for(crawl: Crawl, silent_server: socket.socket, command: str) -> None:
    silent = f"redis://127.0.0.1:{silent_server.getsockname()[1]}"
    waiting = replace(crawl.other(command), environment=crawl.environment | {"REDIS_URL": silent})
    crawled = ["diningcode", *DISTRICT] if command in {"crawl", "fleet"} else []
    with waiting.start(*crawled) as process, silent_server.accept()[0]:
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()

    assert process.returncode == 130, log
    assert log.endswith("Interrupted.\n")
    assert "Traceback" not in log


def test_a_signal_while_python_imports(environment: dict[str, str]) -> None:
    telling = environment | {"PYTHONPROFILEIMPORTTIME": "1"}
    with spawn("scrapy", "crawl", "diningcode", *DISTRICT, environment=telling) as process:
        process.wait_for_line("refillspot.command")  # which all commands import, after their package
        process.send_signal(signal.SIGINT)
        result = completed(process)

    assert result.returncode == 130, result.stderr[-3000:]
    assert result.stderr.splitlines()[-1].startswith("Interrupted")
    assert "Traceback" not in result.stderr


FINALIZER = """
import signal, sys
from refillspot.interruption import tell_interrupts

class Interrupted:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

tell_interrupts()
Interrupted()  # whose last words nobody catches
sys.stdin.read()
"""


def test_a_signal_where_python_ignores_what_is_raised(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", FINALIZER]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.read() == b"Interrupted.\n"
        assert process.wait() == 130


LAST_WORDS = """
import os, signal, sys
from refillspot.interruption import tell_interrupts

class Late:
    def __del__(self, interrupt=signal.raise_signal, which=signal.SIGINT):
        interrupt(which)

tell_interrupts()
sys.modules["late"] = Late()  # gone when the modules are: all is done, and the exit code is known
sys.exit(3)
"""


def test_a_signal_when_all_is_done_changes_nothing(environment: dict[str, str]) -> None:
    ended = subprocess.run([sys.executable, "-c", LAST_WORDS], env=environment, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (3, b"")


def test_a_limit_that_the_user_set_is_no_failure(fleet: Crawl, crawl: Crawl, database_url: str) -> None:
    for command, arguments, limit, least in (
        (crawl, (), "CLOSESPIDER_ITEMCOUNT", 2),  # stores; lists have items of their own
        (fleet, ("-n", "1"), "CLOSESPIDER_PAGECOUNT", 0),
    ):
        limited = command.run(*arguments, *DISTRICT, "-s", f"{limit}=2", "-s", "CONCURRENT_REQUESTS=1")
        assert limited.returncode == 0, limited.stderr
        told = re.search(rf"Stopped at {limit}, with (\d+) stores", limited.stderr)
        assert told, limited.stderr
        assert int(told[1]) >= least
        assert "started again" not in limited.stderr
    assert "no worker is at work on it" in crawl.operate("pause").stdout
    assert "no worker is at work on it" in crawl.operate("resume").stdout
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM refillspot.crawls").fetchall() == [("running",)]
