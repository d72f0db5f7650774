from __future__ import annotations

import json
from typing import Any

import pytest

from refillspot.policies.caching import Kind, Worth
from refillspot.sites.diningcode.cacheability import worth_of

LIST, STORE, ROBOTS = Kind.LIST, Kind.STORE, Kind.ROBOTS
URLS = {
    LIST: "http://127.0.0.1/API/isearch/",
    STORE: "http://127.0.0.1/API/profile/",
    ROBOTS: "http://127.0.0.1/robots.txt",
}
LIST_PAGE = b"<html><script>localStorage.setItem('listData','{}')</script></html>"
LINKED = b'{"@type":"Restaurant","name":"x"}'
STORE_PAGE = b'<html><script type="application/ld+json">' + LINKED + b"</script></html>"
VERIFICATION = b"<!DOCTYPE html><title>Human Verification</title>"


def answer(result_data: Any, code: str = "100", message: str = "") -> bytes:
    return json.dumps({"result_code": code, "result_msg": message, "result_data": result_data}).encode()


FOUND = answer([{"key": "restaurant", "rn": "행복한고기"}])
EMPTY = answer({"params": {}})
NONE = answer({}, "001", "존재하지 않는 식당입니다.")
SORRY = answer({}, "001", "일시적인 오류입니다.")


@pytest.mark.parametrize(
    ("kind", "status", "body", "worth"),
    [
        (STORE, 200, FOUND, Worth.PAGE),
        (LIST, 200, EMPTY, Worth.PAGE),
        (ROBOTS, 200, b"User-agent: *\nAllow: /\n", Worth.PAGE),
        (STORE, 404, b"", Worth.PERMANENT),
        (STORE, 410, b"<html>gone</html>", Worth.PERMANENT),
        (ROBOTS, 404, b"", Worth.PERMANENT),
        (STORE, 200, NONE, Worth.PERMANENT),
        (LIST, 404, b"", Worth.UNKNOWN),  # the API has moved: all lists would be gone for a day
        (LIST, 200, NONE, Worth.UNKNOWN),
        (STORE, 200, SORRY, Worth.PASSING),
        (STORE, 200, VERIFICATION, Worth.PASSING),
        (STORE, 202, VERIFICATION, Worth.PASSING),
        (STORE, 404, VERIFICATION, Worth.PASSING),
        (ROBOTS, 200, VERIFICATION, Worth.PASSING),
        (STORE, 200, FOUND[:-9], Worth.PASSING),
        (STORE, 200, b"", Worth.PASSING),
        (STORE, 403, b"", Worth.PASSING),
        (STORE, 429, b"", Worth.PASSING),
        (ROBOTS, 503, b"", Worth.PASSING),
        (STORE, 200, b"[]", Worth.UNKNOWN),
        (LIST, 200, answer([]), Worth.UNKNOWN),
        (STORE, 200, answer([{"key": "detail"}]), Worth.UNKNOWN),
        (STORE, 400, b"", Worth.UNKNOWN),
        (STORE, 304, b"", Worth.UNKNOWN),
    ],
)
def test_only_what_answers_the_question_is_worth_keeping(kind: Kind, status: int, body: bytes, worth: Worth) -> None:
    assert worth_of(kind, URLS[kind], status, body) is worth


@pytest.mark.parametrize(
    ("kind", "status", "body", "worth"),
    [
        (LIST, 200, LIST_PAGE, Worth.PAGE),
        (LIST, 200, b"<html></html>", Worth.UNKNOWN),
        (LIST, 200, LIST_PAGE[:-9], Worth.PASSING),
        (LIST, 404, b"", Worth.UNKNOWN),
        (LIST, 200, EMPTY, Worth.UNKNOWN),
        (STORE, 200, STORE_PAGE, Worth.PAGE),
        (STORE, 200, LIST_PAGE, Worth.UNKNOWN),
        (STORE, 404, b"<html>gone</html>", Worth.PERMANENT),
        (STORE, 200, VERIFICATION, Worth.PASSING),
        (STORE, 503, b"", Worth.PASSING),
    ],
)
def test_so_it_is_with_the_pages_for_people(kind: Kind, status: int, body: bytes, worth: Worth) -> None:
    url = {LIST: "http://127.0.0.1/list.dc?query=x", STORE: "http://127.0.0.1/profile.php?rid=x"}[kind]

    assert worth_of(kind, url, status, body) is worth
