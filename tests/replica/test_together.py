"""What takes long holds up nobody: others are answered while it is under way, told by counting, not by a clock."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from tests.replica.asking import FORM, SEARCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start

ENOUGH = 4  # a server that lets nobody by answers one or two


@pytest.fixture(scope="module")
def busy(start_replica: Start) -> Iterator[Replica]:
    """A replica with a year behind it, whose changes and truth take a while to write."""
    with start_replica("--refill-stores", "800", "--ordinary-stores", "3200", "--odd", "0") as running:
        running.move(days=365)
        yield running


def ask_once(replica: Replica, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = replica.connect()
    connection.request(method, path, body, FORM)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


def count_answers_meanwhile(replica: Replica, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    """Return how many searches were answered from when the request was sent until its answer was whole."""
    answered = 0
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask_once, replica, method, path, body)
        while not slow.done():
            assert ask_once(replica, "POST", *SEARCH)[0] == 200
            answered += 1
    status, read = slow.result()
    assert status == 200
    return answered, read


@pytest.mark.parametrize("path", ["/_changes", "/_truth", "/_truth?at=2026-10-01"])
def test_a_long_answer_lets_others_by(busy: Replica, path: str) -> None:
    answered, read = count_answers_meanwhile(busy, "GET", path)

    assert json.loads(read)["synthetic"]
    assert answered > ENOUGH


def test_a_clock_that_moves_lets_others_by(busy: Replica) -> None:
    before = json.loads(busy.send("GET", "/_clock"))
    answered, read = count_answers_meanwhile(busy, "POST", "/_clock", '{"days": 200}')

    assert json.loads(read)["now"] > before["now"]
    assert answered > ENOUGH


def test_the_first_address_search_lets_others_by(busy: Replica) -> None:
    answered = 0
    query = urlencode({"query": "서울 강남구 역삼동 12-3"})
    with ThreadPoolExecutor(1) as pool:
        connection = busy.connect()
        headers = {"Authorization": "KakaoAK key"}
        connection.request("GET", f"/v2/local/search/address.json?{query}", headers=headers)
        slow = pool.submit(lambda: connection.getresponse().read())
        while not slow.done():
            assert ask_once(busy, "GET", "/robots.txt")[0] == 200
            answered += 1
        connection.close()

    assert json.loads(slow.result())["documents"]
    assert answered > ENOUGH


def test_two_moves_at_once_are_one_after_the_other(start_replica: Start) -> None:
    with start_replica("--refill-stores", "60", "--ordinary-stores", "140", "--odd", "0", "--seed", "9") as running:
        with ThreadPoolExecutor(4) as pool:
            moves = [pool.submit(ask_once, running, "POST", "/_clock", '{"days": 30}') for _ in range(4)]
        times = sorted(json.loads(move.result()[1])["now"] for move in moves)

        assert len(set(times)) == 4
        with start_replica("--refill-stores", "60", "--ordinary-stores", "140", "--odd", "0", "--seed", "9") as other:
            other.move(days=120)
            assert other.send("GET", "/_truth") == running.send("GET", "/_truth")


@pytest.mark.parametrize(
    "path",
    [
        f"/list.dc?query={quote('강남구')}",
        "/profile.php?rid=AAAAAAAAAAAA",
        "/robots.txt",
        "/v2/local/search/address.json?query=%EA%B0%95%EB%82%A8%EA%B5%AC",
    ],
)
def test_pages_and_kakao_are_as_late_as_the_api(late: Replica, path: str) -> None:
    ask_once(late, "GET", path)
    entry = late.log()[-1]

    assert entry["path"] == path.partition("?")[0]
    assert entry["ended"] - entry["arrived"] >= 0.19


@pytest.fixture(scope="module")
def late(start_replica: Start) -> Iterator[Replica]:
    with start_replica(
        "--refill-stores", "20", "--ordinary-stores", "80", "--odd", "0", "--latency-ms", "200"
    ) as running:
        yield running
