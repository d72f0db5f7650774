"""Requests that no crawler of ours sends: they are answered, logged, and leave the connection in step."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from replica.request_log import MAX_TEXT
from tests.replica.asking import FORM, fault, last_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start


def ask_twice(replica: Replica, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    """Ask, then ask for robots.txt on the same connection: an answer out of step would be read as the second."""
    connection = replica.connect()
    connection.request(method, path, body, FORM)
    answer = connection.getresponse()
    read = answer.read()
    connection.request("GET", "/robots.txt")
    second = connection.getresponse()
    assert second.status == 200
    assert second.read().removeprefix(BOM_UTF8).startswith(b"# Synthetic")
    connection.close()
    return answer.status, read


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/favicon.ico", 404),
        ("PUT", "/API/isearch/", 404),
        ("HEAD", "/API/profile/", 404),
        ("HEAD", "/list.dc?query=x", 200),
    ],
)
def test_what_is_not_there_is_logged_too(spoilt: Replica, method: str, path: str, status: int) -> None:
    assert ask_twice(spoilt, method, path)[0] == status
    entry = spoilt.log()[-2]
    assert (entry["method"], entry["path"], entry["status"]) == (method, path.partition("?")[0], status)


@pytest.mark.parametrize("path", ["/_truth", "/_log", "/_changes", "/_faults/violations"])
def test_the_head_of_a_long_answer_has_no_body(spoilt: Replica, path: str) -> None:
    assert ask_twice(spoilt, "HEAD", path) == (200, b"")


@pytest.mark.parametrize("path", ["/_log?since=x", "/_log?from=yesterday", "/_changes?to=x"])
def test_a_wrong_cut_is_refused(spoilt: Replica, path: str) -> None:
    assert ask_twice(spoilt, "GET", path)[0] == 400


def test_a_body_too_long_is_refused_and_logged(spoilt: Replica) -> None:
    assert ask_twice(spoilt, "POST", "/API/isearch/", "query=" + "x" * 2_000_000)[0] == 413
    assert spoilt.log()[-2]["status"] == 413


def test_the_log_keeps_the_beginning_of_a_long_question(spoilt: Replica) -> None:
    spoilt.send("POST", "/API/isearch/", f"query={quote('가나' * 5000)}")

    assert last_entry(spoilt)["asked"] == ("가나" * 5000)[:MAX_TEXT]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [
        ("drip", {"bytes_per_second": 100_000}, 404),
        ("truncated", {}, 404),
        ("delay", {"seconds": 0}, 404),
        ("huge", {"megabytes": 1}, 200),
        ("huge", {"megabytes": 1, "announced": False}, 200),
        ("html", {"status": 204}, 204),
    ],
)
def test_a_fault_leaves_the_connection_in_step(
    spoilt: Replica, method: str, kind: str, options: dict[str, object], status: int
) -> None:
    with fault(spoilt, kind, first=1, **options):
        assert ask_twice(spoilt, method, "/nowhere")[0] == status


@pytest.fixture(scope="module")
def deserted(start_replica: Start) -> Iterator[Replica]:
    with start_replica("--refill-stores", "0", "--ordinary-stores", "0") as running:
        yield running


@pytest.mark.parametrize("query", ["서울 무한리필", "강남구", "\ufffd"])
def test_a_city_without_stores_has_no_hits(deserted: Replica, query: str) -> None:
    assert deserted.post("/API/isearch/", query=query)["result_data"].keys() == {"params"}
    assert ask_twice(deserted, "GET", f"/list.dc?query={quote(query)}")[0] == 200
    assert deserted.move(days=30)["stores"] == 0
