from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start

SMALL = ("--refill-stores", "60", "--ordinary-stores", "140", "--odd", "0", "--seed", "9")
START, LATER = "2026-07-09T00:00:00+09:00", "2026-10-17T00:00:00+09:00"


@pytest.fixture(scope="module")
def moved(start_replica: Start) -> Iterator[Replica]:
    with start_replica(*SMALL) as running:
        running.move(to=LATER)
        yield running


def ask(replica: Replica, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    replica.connection.request(method, path, body)
    answer = replica.connection.getresponse()
    return answer.status, answer.read().decode()


def test_it_stands_still_and_moves_on_request(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        assert json.loads(running.send("GET", "/_clock"))["now"] == START
        assert running.move(days=0.5)["now"] == "2026-07-09T12:00:00+09:00"
        assert running.changes() == []
        assert running.move(to="2026-07-31T15:00:00Z")["now"] == "2026-08-01T00:00:00+09:00"
        assert running.changes()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "send {"),
        ("[]", "send {"),
        ("{}", "one of days and to"),
        ('{"days": 1, "to": "2026-12-01"}', "one of days and to"),
        ('{"days": "1"}', "send {"),
        ('{"day": 1}', "send {"),
        ('{"days": -1}', "only moves forward"),
        ('{"to": "2026-07-01"}', "only moves forward"),
        ('{"to": "tomorrow"}', "no ISO time"),
        ('{"to": "20260-01-01"}', "no ISO time"),
        ('{"days": 1e300}', "more than 3650 days"),
        ('{"to": "9999-12-31"}', "more than 3650 days"),
    ],
)
def test_a_bad_move_is_refused_with_its_reason(moved: Replica, body: str, reason: str) -> None:
    status, text = ask(moved, "POST", "/_clock", body)

    assert (status, reason in text) == (400, True), text
    assert json.loads(moved.send("GET", "/_clock"))["now"] == LATER


@pytest.mark.parametrize("path", ["/_truth?at=2026-07-08", "/_truth?at=2027-01-01", "/_truth?at=x", "/_changes?to=x"])
def test_only_the_past_has_a_truth(moved: Replica, path: str) -> None:
    assert ask(moved, "GET", path)[0] == 400


def test_the_past_stays_as_it_was(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        first = running.send("GET", f"/_truth?at={START}")
        running.move(days=20)
        second, passed = running.send("GET", "/_truth?at=2026-07-29"), running.changes()
        running.move(days=40)

        assert running.send("GET", f"/_truth?at={START}") == first
        assert running.send("GET", "/_truth?at=2026-07-29") == second != running.send("GET", "/_truth")
        assert running.changes(to="2026-07-29") == passed


def test_today_follows_the_clock(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        whole = next(
            store["ref"]
            for store in running.truth()
            if store["hours"] and not store["hours_today_only"] and "detail" in running.profile(store["ref"])
        )
        labels = []
        for _ in range(2):
            rows = running.profile(whole)["detail"]["bhour"]
            labels.append([row["duration"] for row in rows if row["duration"]][:2])
            running.move(days=3)

    assert labels == [["오늘(목)", "7월 10일(금)"], ["오늘(일)", "7월 13일(월)"]]
