"""Faults of what a list or page says, of many requests together, and how faults are set and taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.replica.asking import SEARCH, ask, ask_list, fault, last_entry

if TYPE_CHECKING:
    from tests.replica.conftest import Replica, Start


def get(replica: Replica, path: str) -> Any:
    return json.loads(replica.send("GET", path))


def statuses(replica: Replica, number: int, path: str = SEARCH[0]) -> list[int]:
    return [ask(replica, path)[0].status for _ in range(number)]


def section(replica: Replica) -> dict[str, Any]:
    found: dict[str, Any] = ask_list(replica)["result_data"]["poi_section"]
    return found


def test_layout_of_a_list(spoilt: Replica) -> None:
    row = section(spoilt)["list"][0]
    with fault(spoilt, "layout", change="renamed", key="v_rid"):
        changed = section(spoilt)["list"][0]
        assert changed.pop("v_rid_v2") == row["v_rid"]
        assert row.keys() - changed.keys() == {"v_rid"}
    with fault(spoilt, "layout", change="retyped", key="lat"):
        assert section(spoilt)["list"][0]["lat"] == {"value": row["lat"]}
    with fault(spoilt, "layout", change="missing", key="poi_section"):
        assert ask_list(spoilt)["result_data"].keys() == {"params"}


@pytest.mark.parametrize(
    ("change", "wanted"), [("renamed", ["restaurant_v2"]), ("missing", []), ("retyped", ["not a section"])]
)
def test_layout_of_a_section(spoilt: Replica, change: str, wanted: list[str]) -> None:
    body = f"v_rid={section(spoilt)['list'][0]['v_rid']}"

    def keys() -> list[str]:
        sections = json.loads(ask(spoilt, "/API/profile/", body)[1])["result_data"]
        return [item["key"] if isinstance(item, dict) else "not a section" for item in sections]

    due = keys()
    with fault(spoilt, "layout", change=change, key="restaurant"):
        place = due.index("restaurant")
        assert keys() == [*due[:place], *wanted, *due[place + 1 :]]


def test_a_layout_that_is_not_there_does_not_fire(spoilt: Replica) -> None:
    with fault(spoilt, "layout", change="missing", key="nowhere"):
        assert section(spoilt)["list"]
        assert last_entry(spoilt)["fault"] is None
        assert [(item["matched"], item["fired"]) for item in get(spoilt, "/_faults")] == [(1, 0)]


def test_misencoded(spoilt: Replica) -> None:
    generic = spoilt.rows("\ufffd")
    with fault(spoilt, "misencoded"):
        answer = ask_list(spoilt)

        assert answer["result_code"] == "100"
        assert [row["v_rid"] for row in answer["result_data"]["poi_section"]["list"]] == [
            row["v_rid"] for row in generic
        ]


def test_widened(spoilt: Replica) -> None:
    assert any("강남구" in row["addr"] for row in section(spoilt)["list"])
    with fault(spoilt, "widened"):
        answer = ask_list(spoilt)["result_data"]

        assert answer["poi_section"]["list"]
        assert not any("강남구" in row["addr"] for row in answer["poi_section"]["list"])
        assert answer["params"]["query"] == "서울 강남구 무한리필"
        assert spoilt.profile(answer["poi_section"]["list"][0]["v_rid"])["restaurant"]


@pytest.mark.parametrize("refusal", ["status", "verification"])
def test_rate_limit(spoilt: Replica, refusal: str) -> None:
    with fault(spoilt, "rate_limit", limit=3, per=60, refusal=refusal, retry_after=60, path="/API/") as number:
        answers = [ask(spoilt) for _ in range(5)]
        robots = ask(spoilt, "/robots.txt")[0].status
        violations = [json.loads(line) for line in spoilt.send("GET", "/_faults/violations").splitlines()]

        refused = [(429, False)] * 2 if refusal == "status" else [(200, True)] * 2
        assert [(answer.status, b"Human Verification" in body) for answer, body in answers] == [
            *[(200, False)] * 3,
            *refused,
        ]
        assert answers[3][0].headers["Retry-After"] == "60"
        assert robots == 200
        assert [entry["fault"] for entry in violations] == [f"rate_limit#{number}"] * 2
        assert {entry["asked"] for entry in violations} == {"서울 강남구 무한리필"}
        assert violations == spoilt.log()[-3:-1]

    assert spoilt.send("GET", "/_faults/violations") == b""


def test_one_seed_is_one_row_of_answers(spoilt: Replica) -> None:
    def draw(seed: int) -> list[int]:
        with fault(spoilt, "status", status=503, probability=0.5, seed=seed):
            return statuses(spoilt, 30, "/robots.txt")

    assert draw(1) == draw(1) != draw(2)


def test_first_and_path(spoilt: Replica) -> None:
    with fault(spoilt, "status", status=500, first=2, path="/robots.txt"):
        assert statuses(spoilt, 1) == [200]
        assert statuses(spoilt, 3, "/robots.txt") == [500, 500, 200]
        assert [(item["matched"], item["fired"]) for item in get(spoilt, "/_faults")] == [(3, 2)]


def test_faults_are_set_listed_and_taken_back(spoilt: Replica) -> None:
    faults = [{"kind": "status", "status": 404}, {"kind": "html", "path": "/robots.txt", "until": 60}]
    one, two = json.loads(spoilt.send("POST", "/_faults", json.dumps(faults)))["ids"]

    assert ask(spoilt, "/robots.txt")[0].status == 404  # the first that fires answers
    listed = get(spoilt, "/_faults")
    assert [(item["id"], item["fired"], item["fault"]["kind"]) for item in listed] == [
        (one, 1, "status"),
        (two, 0, "html"),
    ]
    spoilt.send("DELETE", f"/_faults/{one}")
    assert b"<html>" in ask(spoilt, "/robots.txt")[1]
    spoilt.send("DELETE", "/_faults")
    assert get(spoilt, "/_faults") == []
    connection = spoilt.connect()
    connection.request("DELETE", f"/_faults/{one}")
    assert connection.getresponse().status == 404
    connection.close()


def test_the_own_paths_are_never_spoilt(spoilt: Replica) -> None:
    with fault(spoilt, "reset"):
        assert spoilt.truth()
        assert spoilt.log()
        assert get(spoilt, "/_faults")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ('"reset"', "Expected"),
        ('{"kind": "flood"}', "kinds: bomb, delay"),
        ('[{"kind": "reset"}, {"kind": "reset", "probability": 2}]', "<= 1.0"),
    ],
)
def test_bad_input_sets_nothing(spoilt: Replica, body: str, message: str) -> None:
    connection = spoilt.connect()
    connection.request("POST", "/_faults", body)
    answer = connection.getresponse()

    assert answer.status == 400
    assert message in json.loads(answer.read())["error"]
    assert get(spoilt, "/_faults") == []
    connection.close()


def test_the_command_line_sets_faults(start_replica: Start) -> None:
    options = ("--fault", "kind=status,status=503,path=/API/", "--fault", "kind=html,path=/robots.txt")
    with start_replica("--refill-stores", "5", "--ordinary-stores", "5", *options) as running:
        assert ask(running)[0].status == 503
        assert b"<html>" in ask(running, "/robots.txt")[1]


def test_the_command_line_says_what_is_wrong() -> None:
    command = [sys.executable, "-m", "replica", "--fault", "kind=status,status=418"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "argument --fault: Invalid enum value 418" in ended.stderr
