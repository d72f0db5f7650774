from __future__ import annotations

import json
from typing import Any

import pytest

from refillspot.policies.caching import Cacheability, Kind
from refillspot.sites.diningcode.site import SITE

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
    ("kind", "status", "body", "expected"),
    [
        (STORE, 200, FOUND, Cacheability.PAGE),
        (LIST, 200, EMPTY, Cacheability.PAGE),
        (ROBOTS, 200, b"User-agent: *\nAllow: /\n", Cacheability.PAGE),
        (STORE, 404, b"", Cacheability.PERMANENT),
        (STORE, 410, b"<html>gone</html>", Cacheability.PERMANENT),
        (ROBOTS, 404, b"", Cacheability.PERMANENT),
        (STORE, 200, NONE, Cacheability.PERMANENT),
        (LIST, 404, b"", Cacheability.UNKNOWN),  # the API has moved: all lists would be gone for a day
        (LIST, 200, NONE, Cacheability.UNKNOWN),
        (STORE, 200, SORRY, Cacheability.PASSING),
        (STORE, 200, VERIFICATION, Cacheability.PASSING),
        (STORE, 202, VERIFICATION, Cacheability.PASSING),
        (STORE, 404, VERIFICATION, Cacheability.PASSING),
        (ROBOTS, 200, VERIFICATION, Cacheability.PASSING),
        (STORE, 200, FOUND[:-9], Cacheability.PASSING),
        (STORE, 200, b"", Cacheability.PASSING),
        (STORE, 403, b"", Cacheability.PASSING),
        (STORE, 429, b"", Cacheability.PASSING),
        (ROBOTS, 503, b"", Cacheability.PASSING),
        (STORE, 200, b"[]", Cacheability.UNKNOWN),
        (LIST, 200, answer([]), Cacheability.UNKNOWN),
        (STORE, 200, answer([{"key": "detail"}]), Cacheability.UNKNOWN),
        (STORE, 400, b"", Cacheability.UNKNOWN),
        (STORE, 304, b"", Cacheability.UNKNOWN),
    ],
)
def test_only_what_answers_the_question_is_worth_keeping(
    kind: Kind, status: int, body: bytes, expected: Cacheability
) -> None:
    assert SITE.cacheability(kind, URLS[kind], status, body) is expected


@pytest.mark.parametrize(
    ("kind", "status", "body", "expected"),
    [
        (LIST, 200, LIST_PAGE, Cacheability.PAGE),
        (LIST, 200, b"<html></html>", Cacheability.UNKNOWN),
        (LIST, 200, LIST_PAGE[:-9], Cacheability.PASSING),
        (LIST, 404, b"", Cacheability.UNKNOWN),
        (LIST, 200, EMPTY, Cacheability.UNKNOWN),
        (STORE, 200, STORE_PAGE, Cacheability.PAGE),
        (STORE, 200, LIST_PAGE, Cacheability.UNKNOWN),
        (STORE, 404, b"<html>gone</html>", Cacheability.PERMANENT),
        (STORE, 200, VERIFICATION, Cacheability.PASSING),
        (STORE, 503, b"", Cacheability.PASSING),
    ],
)
def test_so_it_is_with_the_pages_for_people(kind: Kind, status: int, body: bytes, expected: Cacheability) -> None:
    url = {LIST: "http://127.0.0.1/list.dc?query=x", STORE: "http://127.0.0.1/profile.php?rid=x"}[kind]

    assert SITE.cacheability(kind, url, status, body) is expected
