"""Whole crawls: the real command, against the real replica and the real servers."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.programs import completed, spawn

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.programs import Launcher, Program

LATENCY_MS = 20  # so that requests overlap
BUSY_SECONDS = 30  # that a server of ours may take on a busy machine


@dataclass(frozen=True)
class Site:
    """A running replica."""

    url: str

    def truth(self, district: str, keywords: str) -> list[dict[str, Any]]:
        query = urlencode({"district": district, "keywords": keywords})
        with urlopen(f"{self.url}/_truth?{query}") as answer:
            stores: list[dict[str, Any]] = json.load(answer)["stores"]
        return stores

    def log(self) -> list[dict[str, Any]]:
        with urlopen(f"{self.url}/_log") as answer:
            return [json.loads(line) for line in answer if line.strip()]

    def clear_log(self) -> None:
        with urlopen(Request(f"{self.url}/_log", method="DELETE")):
            pass


@contextmanager
def start_site(launcher: Launcher, *options: str) -> Iterator[Site]:
    options = ("--latency-ms", str(LATENCY_MS), "--until-stdin-closes", *options)
    with launcher.start("replica", *options, environment=os.environ) as process:
        assert process.stdin
        assert process.stdout
        yield Site(next(word for word in process.stdout.readline().split() if word.startswith("http://")))
        process.stdin.close()


@pytest.fixture(scope="session")
def running_site(launcher: Launcher) -> Iterator[Site]:
    with start_site(launcher) as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.clear_log()
    return running_site


@dataclass(frozen=True)
class Faults:
    """What the replica does wrong, see docs/replica.md."""

    url: str

    def add(self, **fault: Any) -> None:
        with urlopen(Request(f"{self.url}/_faults", data=json.dumps(fault).encode(), method="POST")):
            pass

    def fired(self) -> list[int]:
        """Return how many answers each one spoilt, in the order in which they were added."""
        with urlopen(f"{self.url}/_faults") as answer:
            return [active["fired"] for active in json.load(answer)]

    def clear(self) -> None:
        with urlopen(Request(f"{self.url}/_faults", method="DELETE")):
            pass


@pytest.fixture
def faults(site: Site) -> Iterator[Faults]:
    faults = Faults(site.url)
    yield faults
    faults.clear()


@dataclass(frozen=True)
class Crawl:
    """`scrapy crawl diningcode` with this test's servers."""

    launcher: Launcher
    command: list[str]
    environment: dict[str, str]
    children_too: bool = False
    """Whether what it starts is forked as it is itself."""

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        with self.start(*options) as program:
            return completed(program)

    def start(self, *options: str) -> Program:
        command = (*self.command, *options)
        return self.launcher.start("scrapy", *command, environment=self.environment, children_too=self.children_too)

    def spawn(self, *options: str) -> Program:
        """Start it as a user does."""
        return spawn("scrapy", *self.command, *options, environment=self.environment)

    def having(self, *options: str) -> Crawl:
        """Return the same with some options more."""
        return replace(self, command=[*self.command, *options])

    def operate(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run another command of this project with the same servers and settings."""
        return self.other(command).run(*options)

    def other(self, command: str) -> Crawl:
        """Return another command of this project with the same servers and settings."""
        return replace(self, command=[command, *self.command[2:]])


@pytest.fixture
def crawl(launcher: Launcher, site: Site, environment: dict[str, str], key_prefix: str) -> Crawl:
    settings = {
        "DININGCODE_API_URL": site.url,
        "DININGCODE_WEB_URL": site.url,
        "POLITENESS_REQUESTS_PER_SECOND": "0",
        "REDIS_KEY_PREFIX": key_prefix,
        "UNLIKELY_SAMPLE_SHARE": "1",  # the truth says which stores are found, and all of them are to be there
        "FALLBACK_ENABLED": "False",  # many tests spoil the API, and look at what becomes of it
        "CACHE_ENABLED": "False",  # what is fetched again is what many tests look at; `cached_crawl` has the cache
        "LOG_LEVEL": "INFO",  # all of the log to stderr, where tests read it
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return Crawl(launcher, ["crawl", "diningcode", *options], environment)


@pytest.fixture
def cached_crawl(crawl: Crawl) -> Crawl:
    return crawl.having("-s", "CACHE_ENABLED=True", "-s", f"CACHE_ANSWER_SECONDS={BUSY_SECONDS}")


@pytest.fixture
def rows(database_url: str) -> Callable[[], dict[str, dict[str, Any]]]:
    """Return the stores of this test's database, by ref."""

    def read() -> dict[str, dict[str, Any]]:
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            return {row["ref"]: row for row in connection.execute("SELECT * FROM refillspot.stores")}

    return read


@pytest.fixture
def fleet(crawl: Crawl, tmp_path: Path) -> Crawl:
    """`scrapy fleet diningcode`, with its logs in a directory of this test."""
    environment = crawl.environment | {"REFILLSPOT_HOME": str(tmp_path / "home")}
    return replace(crawl, command=["fleet", *crawl.command[1:]], environment=environment, children_too=True)
