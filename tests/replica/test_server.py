from __future__ import annotations

import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from protego import Protego

from replica.request_log import RequestLog

if TYPE_CHECKING:
    from tests.replica.conftest import Replica, Start

SMALL = ("--refill-stores", "60", "--ordinary-stores", "140", "--odd", "0")
QUESTIONS = [
    ("/API/isearch/", f"query={quote('서울 무한리필')}&size=100"),
    ("/API/isearch/", "query=%EA%B0%95%EB%82%A8"),
]


def answers(replica: Replica) -> list[bytes]:
    lists = [replica.send("POST", path, body) for path, body in QUESTIONS]
    first = json.loads(lists[0])["result_data"]["poi_section"]["list"][0]["v_rid"]
    return [*lists, replica.send("POST", "/API/profile/", f"v_rid={first}"), replica.send("GET", "/_truth")]


def test_one_seed_is_one_city_to_the_byte(start_replica: Start) -> None:
    with (
        start_replica(*SMALL, "--seed", "3") as one,
        start_replica(*SMALL, "--seed", "3") as same,
        start_replica(*SMALL, "--seed", "4") as other,
    ):
        mine = answers(one)

        assert answers(same) == mine
        assert not set(answers(other)) & set(mine)


def test_the_first_line_says_where_and_what(start_replica: Start) -> None:
    with start_replica(*SMALL, "--seed", "5") as running:
        assert running.first_line == f"replica: synthetic Diningcode on {running.url} (seed 5, 200 stores)\n"


def test_the_cap_is_an_argument(start_replica: Start) -> None:
    with start_replica(*SMALL, "--cap", "20") as running:
        assert len(running.rows("서울 무한리필")) == 20


def test_it_ends_with_its_parent(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        pass

    assert running.process.wait() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a process at once there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(start_replica: Start, number: signal.Signals) -> None:
    with start_replica(*SMALL) as running:
        running.process.send_signal(number)

        assert running.process.wait() == 0


def test_active_counts_the_requests_under_way(start_replica: Start) -> None:
    with start_replica(*SMALL, "--latency-ms", "2000") as running:

        def ask(_number: int) -> None:
            connection = running.connect()
            connection.request("POST", *QUESTIONS[0])
            connection.getresponse().read()
            connection.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))
        entries = running.log()

        assert [entry["active"] for entry in entries] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert all(entry["ended"] - entry["arrived"] >= 1.99 for entry in entries)


def test_the_log_tells_what_was_asked_and_not_of_itself(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        running.rows("서울 강남구 무한리필", addr="서울특별시")
        running.post("/API/profile/", v_rid="AAAAAAAAAAAA")
        running.send("GET", "/robots.txt")
        running.truth()
        entries = running.log()
        later = running.log(since=2)
        running.send("DELETE", "/_log")

        assert [(entry["seq"], entry["kind"], entry["asked"]) for entry in entries] == [
            (1, "list", "서울 강남구 무한리필 서울특별시"),
            (2, "store", "AAAAAAAAAAAA"),
            (3, "robots", ""),
        ]
        assert {(entry["status"], entry["active"]) for entry in entries} == {(200, 1)}
        assert entries[0]["user_agent"] == "tests/replica"
        assert later == entries[2:]
        assert running.log() == []


def test_the_log_is_bounded_and_says_what_it_dropped() -> None:
    log = RequestLog(max_entries=3)
    for number in range(5):
        with log.record("GET", f"/{number}", "robots", ""):
            pass

    assert [json.loads(line)["path"] for line in b"".join(log.write()).splitlines()] == ["/2", "/3", "/4"]
    assert log.dropped == 2


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/API/isearch/", True), ("/list.dc", True), ("/review/1", False), ("/mobile/iframe/x", False)],
)
def test_robots(replica: Replica, path: str, *, allowed: bool) -> None:
    robots = Protego.parse(replica.send("GET", "/robots.txt").decode())

    assert robots.can_fetch(replica.url + path, "refillspot") == allowed
