"""Whole crawls: the real command, against the real replica and the real servers."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
import pytest
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

PROJECT = Path(__file__).parents[2]
LATENCY_MS = 20  # so that requests overlap


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
def start_site(*options: str) -> Iterator[Site]:
    command = [sys.executable, "-m", "replica", "--latency-ms", str(LATENCY_MS), "--until-stdin-closes", *options]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Site(next(word for word in process.stdout.readline().split() if word.startswith("http://")))
        process.stdin.close()


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    with start_site() as site:
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


class Program(subprocess.Popen[str]):
    """Killed when the test fails that uses it: who waits for it would wait longer than pytest's time-out."""

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, value, traceback)

    def wait_for_line(self, text: str) -> None:
        """Read its log up to a line with `text`."""
        assert self.stderr
        assert any(text in line for line in self.stderr), f"ended without a line of {text!r}"


@dataclass(frozen=True)
class Crawl:
    """`scrapy crawl diningcode` with this test's servers."""

    command: list[str]
    environment: dict[str, str]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *options], cwd=PROJECT, env=self.environment, capture_output=True, encoding="utf-8",
            timeout=90, check=False,
        )  # fmt: skip

    def operate(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run another command of this project with the same servers and settings."""
        start = self.command.index("crawl")
        return Crawl([*self.command[:start], command, *self.command[start + 2 :]], self.environment).run(*options)

    def start(self, *options: str) -> Program:
        return Program(
            [*self.command, *options], cwd=PROJECT, env=self.environment, stderr=subprocess.PIPE, encoding="utf-8"
        )


@pytest.fixture
def crawl(site: Site, environment: dict[str, str], key_prefix: str) -> Crawl:
    settings = {
        "DININGCODE_API_URL": site.url,
        "DININGCODE_WEB_URL": site.url,
        "POLITENESS_REQUESTS_PER_SECOND": "0",
        "REDIS_KEY_PREFIX": key_prefix,
        "UNLIKELY_SAMPLE_SHARE": "1",  # the truth says which stores are found, and all of them are to be there
        "FALLBACK_ENABLED": "False",  # many tests spoil the API, and look at what becomes of it
        "CACHE_ENABLED": "False",  # what is fetched again is what many tests look at; `cached_crawl` has the cache
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return Crawl([sys.executable, "-m", "scrapy", "crawl", "diningcode", *options], environment)


@pytest.fixture
def cached_crawl(crawl: Crawl) -> Crawl:
    return Crawl([*crawl.command, "-s", "CACHE_ENABLED=True"], crawl.environment)


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
    command = [part if part != "crawl" else "fleet" for part in crawl.command]
    return Crawl(command, crawl.environment | {"REFILLSPOT_HOME": str(tmp_path / "home")})
