"""Real replicas in processes of their own, asked by plain HTTP."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import pytest

from refillspot.regions import districts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.programs import Launcher, Program

    Start = Callable[..., AbstractContextManager["Replica"]]

FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "tests/replica"}


@dataclass
class Replica:
    """A running replica and one keep-alive connection to it. (JSON of bytes may begin with a byte-order mark.)"""

    process: Program
    first_line: str

    def __post_init__(self) -> None:
        self.url = next(word for word in self.first_line.split() if word.startswith("http://"))
        self.connection = self.connect()

    def connect(self) -> HTTPConnection:
        return HTTPConnection(urlsplit(self.url).netloc)

    def send(self, method: str, path: str, body: str | None = None) -> bytes:
        self.connection.request(method, path, body, FORM)
        answer = self.connection.getresponse()
        assert answer.status < 300, f"{method} {path}: {answer.status}"
        return answer.read()

    def post(self, path: str, **form: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.send("POST", path, urlencode(form)))
        return answer

    def search(self, query: str, **form: object) -> dict[str, Any]:
        """Return the `poi_section` of a search."""
        section: dict[str, Any] = self.post("/API/isearch/", query=query, **form)["result_data"]["poi_section"]
        return section

    def rows(self, query: str, **form: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.search(query, **{"size": 100, **form})["list"]
        return rows

    def profile(self, ref: str) -> dict[str, dict[str, Any]]:
        """Return the sections of a store page by key."""
        return {section["key"]: section for section in self.post("/API/profile/", v_rid=ref)["result_data"]}

    def truth(self, **query: str) -> list[dict[str, Any]]:
        stores: list[dict[str, Any]] = msgspec.json.decode(self.send("GET", f"/_truth?{urlencode(query)}"))["stores"]
        return stores

    def move(self, **to: object) -> dict[str, Any]:
        """Move the clock and return what it says then."""
        answer: dict[str, Any] = json.loads(self.send("POST", "/_clock", json.dumps(to)))
        return answer

    def changes(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = msgspec.json.decode(self.send("GET", f"/_changes?{urlencode(query)}"))["changes"]
        return found

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.send("GET", f"/_log?since={since}").splitlines()]


@contextmanager
def _run_replica(launcher: Launcher, *options: str) -> Iterator[Replica]:
    with launcher.start("replica", "--until-stdin-closes", *options, environment=os.environ) as process:
        assert process.stdin
        assert process.stdout
        replica = Replica(process, process.stdout.readline())
        yield replica
        replica.connection.close()
        process.stdin.close()


@pytest.fixture(scope="session")
def start_replica(launcher: Launcher) -> Start:
    return partial(_run_replica, launcher)


@pytest.fixture(scope="session")
def replica(start_replica: Start) -> Iterator[Replica]:
    """Both generations, without odd parts: these have tests of their own."""
    with start_replica("--odd", "0") as running:
        yield running


@pytest.fixture(scope="session")
def spoilt(start_replica: Start) -> Iterator[Replica]:
    """A small replica for faults; each test takes its own back."""
    with start_replica("--refill-stores", "300", "--ordinary-stores", "700", "--odd", "0") as running:
        yield running


@pytest.fixture(scope="session")
def truth(replica: Replica) -> list[dict[str, Any]]:
    return replica.truth()


@pytest.fixture(scope="session")
def all_rows(replica: Replica) -> list[dict[str, Any]]:
    """Every row that a walk over all dongs can see, each store once."""
    places = [f"서울 {district.name} {dong.name}" for district in districts() for dong in district.dongs]
    rows: dict[str, dict[str, Any]] = {}
    for place in places:
        found = replica.send("POST", "/API/isearch/", f"query={quote(place)}&size=100&page=1")
        section = json.loads(found)["result_data"].get("poi_section", {"list": []})
        rows |= {row["v_rid"]: row for row in section["list"]}
    return list(rows.values())
