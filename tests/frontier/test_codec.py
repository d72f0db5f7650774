from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from scrapy import Request, Spider
from scrapy.utils.request import request_from_dict

from refillspot.exceptions import RefusedRequestError
from refillspot.frontier import codec

if TYPE_CHECKING:
    from scrapy.http import Response
    from twisted.python.failure import Failure


class Reader(Spider):
    name = "reader"

    def parse_list(self, response: Response) -> None: ...

    def handle_failure(self, failure: Failure) -> None: ...


def test_a_request_comes_back_as_it_went_in() -> None:
    spider = Reader()
    request = Request(
        "http://127.0.0.1/API/isearch/",
        spider.parse_list,
        "POST",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "query=서울".encode(),
        errback=spider.handle_failure,
        priority=3,
        cb_kwargs={"query": {"keyword": "무한리필"}, "seen": ["a"]},
    )

    written = request.to_dict(spider=spider)
    read = request_from_dict(codec.loads(codec.dumps(written)), spider=spider)

    assert read.to_dict(spider=spider) == written


def test_defaults_are_left_out() -> None:
    payload = codec.dumps(Request("http://127.0.0.1/").to_dict())

    assert msgspec.msgpack.decode(payload) == {"url": "http://127.0.0.1/"}


class Planted:
    """A pickle that would run code when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('a pickle was executed')",))


def test_a_pickle_is_not_executed() -> None:
    with pytest.raises(RefusedRequestError):
        codec.loads(pickle.dumps(Planted()))


@pytest.mark.parametrize(
    "forged",
    [
        {"_class": "os.system"},
        {"callback": "__init__"},
        {"callback": "close"},
        {"callback": "parse_list.__globals__"},
        {"callback": 7},
        {"errback": "parse_list"},
        {"headers": {b"Authorization": [b"KakaoAK 1"]}},
        {"url": 5},
        {"surprise": 1},
    ],
    ids=str,
)
def test_what_this_crawl_cannot_have_written_is_refused(forged: dict[str, Any]) -> None:
    request = {"url": "http://127.0.0.1/"} | forged

    with pytest.raises(RefusedRequestError):
        codec.dumps(request)
    with pytest.raises(RefusedRequestError):
        codec.loads(msgspec.msgpack.encode(request))


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode({})], ids=repr)
def test_garbage_is_refused(payload: bytes) -> None:
    with pytest.raises(RefusedRequestError):
        codec.loads(payload)
