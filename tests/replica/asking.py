"""A plain HTTP client for spoilt answers."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPResponse

    from tests.replica.conftest import Replica

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SEARCH = "/API/isearch/", f"query={quote('서울 강남구 무한리필')}&size=100"


@contextmanager
def fault(replica: Replica, kind: str, **options: Any) -> Iterator[int]:
    answer = replica.send("POST", "/_faults", json.dumps({"kind": kind, **options}))
    try:
        yield json.loads(answer)["ids"][0]
    finally:
        replica.send("DELETE", "/_faults")


def ask(replica: Replica, path: str = SEARCH[0], body: str = SEARCH[1]) -> tuple[HTTPResponse, bytes]:
    connection = replica.connect()
    connection.request("POST" if path.startswith("/API/") else "GET", path, body, FORM)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer, read


def ask_list(replica: Replica) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(replica)[1])
    return answer


def read_count(count: int | str) -> int:
    """Return a count that may be a text, "1,185" or "0,1185"."""
    return int(str(count).replace(",", ""))


def last_entry(replica: Replica) -> dict[str, Any]:
    return replica.log()[-1]


def wait_until(happened: Callable[[], bool]) -> None:
    """Ends at pytest's time-out if it never does."""
    while not happened():
        time.sleep(0.005)
