"""A city larger than the default, long answers in pieces, and memory that stays bounded."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from replica.bounded_cache import BoundedCache
from replica.request_log import RequestLog
from replica.streaming import LINES, write_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start


@pytest.fixture(scope="module")
def large(start_replica: Start) -> Iterator[Replica]:
    with start_replica("--refill-stores", "2000", "--ordinary-stores", "8000", "--odd", "0") as running:
        yield running


def fill(log: RequestLog, count: int) -> None:
    for number in range(count):
        with log.record("GET", f"/{number}", "robots", "tests"):
            pass


def read_log(log: RequestLog, *cut: float) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(log.write(0, *cut)).splitlines()]


def test_ten_thousand_stores_answer(large: Replica) -> None:
    rows = large.rows("서울 강남구 무한리필")

    assert "10000 stores" in large.first_line
    assert len(rows) == 100
    assert large.profile(rows[0]["v_rid"])["restaurant"]["rn"] == rows[0]["nm"].strip()


@pytest.mark.parametrize("path", ["/_truth", "/_log"])
def test_long_answers_come_in_pieces(large: Replica, path: str) -> None:
    large.rows("서울 강남구 무한리필")
    connection = large.connect()
    connection.request("GET", path)
    with connection.getresponse() as answer:
        first = answer.read1()
        rest = answer.read()

        assert answer.getheader("Transfer-Encoding") == "chunked"
        assert answer.getheader("Content-Length") is None
    connection.close()
    if path == "/_truth":
        assert first
        assert len(json.loads(first + rest)["stores"]) == 10_000


def test_others_are_served_while_a_truth_is_read(large: Replica) -> None:
    connection = large.connect()
    connection.request("GET", "/_truth")
    with connection.getresponse() as answer:
        assert answer.read(1000)
        assert large.rows("서울 마포구 무한리필")  # the truth waits in the server, unread
        assert answer.read().endswith(b"]}")
    connection.close()


@pytest.mark.parametrize("items", [[], [{"ref": "a"}], [1, "둘", None]])
def test_an_object_is_written_piece_by_piece(items: list[object]) -> None:
    pieces = list(write_object({"synthetic": True, "seed": 7}, "stores", items))

    assert len(pieces) == len(items) + 2
    assert json.loads(b"".join(pieces)) == {"synthetic": True, "seed": 7, "stores": items}


def test_the_log_is_written_piece_by_piece_as_it_was_when_asked() -> None:
    log = RequestLog(max_entries=2 * LINES + 1)
    fill(log, 3 * LINES)
    pieces = log.write()
    first = next(pieces)
    fill(log, 1)

    assert len(first.splitlines()) == LINES
    assert [len(piece.splitlines()) for piece in pieces] == [LINES, 1]
    assert log.dropped == LINES


def test_the_log_is_cut_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    log = RequestLog()
    fill(log, 5)  # each arrives at an even second and ends at the next

    assert [entry["arrived"] for entry in read_log(log, 2, 6)] == [2, 4]
    assert [entry["arrived"] for entry in read_log(log, 5)] == [6, 8]
    assert [entry["seq"] for entry in map(json.loads, b"".join(log.write(3, 0, 8)).splitlines())] == [4]


def test_the_log_is_cut_by_time_over_http(large: Replica) -> None:
    large.send("DELETE", "/_log")
    large.send("GET", "/robots.txt")
    large.send("GET", "/robots.txt")
    first, second = large.log()

    def cut(query: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in large.send("GET", f"/_log?{query}").splitlines()]

    assert cut(f"from={second['arrived']!r}") == [second]
    assert cut(f"to={second['arrived']!r}") == [first]
    assert cut(f"since={first['seq']}&from=0&to={second['arrived'] + 1!r}") == [second]


def test_a_cache_forgets_what_was_asked_longest_ago() -> None:
    asked: list[str] = []

    def answer(letter: str) -> bytes:
        asked.append(letter)
        return letter.encode() * 10

    cache = BoundedCache(answer, 28, lambda answer, asked: len(answer + asked.encode()))
    answers = [cache(letter) for letter in "abacab"]

    assert answers == [letter.encode() * 10 for letter in "abacab"]
    assert asked == ["a", "b", "c", "b"]
    assert cache.weight == 22
    cache.cache_clear()
    assert (cache.weight, cache("a"), asked[-1]) == (0, b"a" * 10, "a")


def test_an_answer_heavier_than_the_cache_is_not_kept() -> None:
    cache = BoundedCache(bytes, 10, lambda answer, _asked: len(answer))

    assert cache(100) == bytes(100)
    assert cache.weight == 0
