from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.replica.kakao_client import ADDRESS, KEY, KEYWORD, Kakao

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Start

MODES = {
    "bad_key": (401, -401),
    "bad_key_named": (401, None),
    "not_activated": (403, -3),
    "not_activated_named": (403, None),
    "quota_400": (400, -10),
    "quota_429": (429, -10),
    "quota_429_named": (429, None),
    "internal": (400, -1),
    "internal_named": (500, None),
    "platform": (400, -7),
    "timeout": (400, -603),
    "maintenance": (503, -9798),
}


@pytest.fixture(scope="module")
def server(start_replica: Start) -> Iterator[Kakao]:
    with start_replica("--refill-stores", "30", "--ordinary-stores", "70") as running:
        server = Kakao(running)
        yield server
        server.connection.close()


@pytest.fixture
def kakao(server: Kakao) -> Kakao:
    server.control()
    return server


@pytest.mark.parametrize("authorization", [None, "", "KakaoAK", "KakaoAK ", f"Bearer {KEY}", KEY])
def test_a_missing_or_malformed_key_is_refused(kakao: Kakao, authorization: str | None) -> None:
    status, answer = kakao.ask(ADDRESS, authorization, query="강남구")

    assert (status, answer["code"]) == (401, -401)


@pytest.mark.parametrize("search", [ADDRESS, KEYWORD])
@pytest.mark.parametrize(("mode", "expected"), MODES.items())
def test_each_mode_shows(kakao: Kakao, mode: str, expected: tuple[int, int | None], search: str) -> None:
    kakao.control(mode=mode)
    status, answer = kakao.ask(search, query="강남구")

    assert (status, answer.get("code")) == expected
    assert answer.keys() == ({"code", "msg"} if expected[1] else {"errorType", "message"})


def test_the_modes_are_listed(kakao: Kakao) -> None:
    assert kakao.control()[1]["modes"] == ["ok", *MODES]


def test_a_mode_can_pass(kakao: Kakao) -> None:
    kakao.control(mode="timeout", times=2)

    assert [kakao.ask(ADDRESS, query="강남구")[0] for _ in range(4)] == [400, 400, 200, 200]


@pytest.mark.parametrize("form", ["quota_400", "quota_429", "quota_429_named"])
def test_a_quota_is_used_up_by_both_searches(kakao: Kakao, form: str) -> None:
    kakao.control(quota=2, quota_answer=form)
    statuses = [kakao.ask(search, query="강남구")[0] for search in (ADDRESS, KEYWORD, ADDRESS, KEYWORD)]

    assert statuses == [200, 200, MODES[form][0], MODES[form][0]]
    assert kakao.send("GET", "/_kakao", None, {})[1]["quota"] == 0


@pytest.mark.parametrize("fields", [{"mode": "nonsense"}, {"quota": -1}, {"quota": "x"}, {"unknown": 1}])
def test_a_wrong_control_is_refused_and_changes_nothing(kakao: Kakao, fields: dict[str, Any]) -> None:
    kakao.control(quota=7)
    status, answer = kakao.control(**fields)

    assert status == 400
    assert answer["error"]
    assert kakao.send("GET", "/_kakao", None, {})[1]["quota"] == 7


def test_the_log_has_the_question_and_never_the_key(kakao: Kakao) -> None:
    kakao.replica.send("DELETE", "/_log")
    kakao.ask(ADDRESS, query="강남구")
    kakao.control(mode="maintenance")
    kakao.ask(KEYWORD, query="서초구")
    log = kakao.replica.send("GET", "/_log").decode()
    entries = [json.loads(line) for line in log.splitlines()]

    assert [(entry["kind"], entry["asked"], entry["status"]) for entry in entries] == [
        ("geocode", "강남구", 200),
        ("geocode", "서초구", 503),
    ]
    assert KEY not in log
    assert "KakaoAK" not in log
