from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from scrapy import Request, Spider
from scrapy.utils.request import request_from_dict

from refillspot.exceptions import RefusedRequestError
from refillspot.frontier import codec
from refillspot.frontier.typical import TYPICAL_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

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

    assert codec.loads(payload) == {"url": "http://127.0.0.1/"}


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
        codec.loads(codec._compress(msgspec.msgpack.encode(request)))


@pytest.mark.parametrize("packed", [b"", b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode({})], ids=repr)
def test_garbage_is_refused(packed: bytes) -> None:
    with pytest.raises(RefusedRequestError):
        codec.loads(codec._compress(packed))


@pytest.mark.parametrize("damage", [lambda _: b"", lambda b: b[:-6], lambda b: b[:20] + b"x" + b[21:], lambda b: b[1:]])
def test_a_damaged_entry_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RefusedRequestError):
        codec.loads(damage(codec.dumps({"url": "http://127.0.0.1/", "body": bytes(range(200))})))


def test_a_bomb_is_refused_unread() -> None:
    with pytest.raises(RefusedRequestError, match="more than"):
        codec.loads(codec._compress(bytes(10 * codec.MAX_BYTES)))


def test_a_request_that_is_too_large_is_refused() -> None:
    with pytest.raises(RefusedRequestError, match="are allowed"):
        codec.dumps({"url": "http://127.0.0.1/", "body": bytes(codec.MAX_BYTES)})


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(RefusedRequestError, match="cannot be queued"):
        codec.dumps({"url": "http://127.0.0.1/", "meta": {"it": object()}})


def test_the_dictionary_belongs_to_the_version() -> None:
    """Entries written before an update must be readable after it, or refused as another version."""
    digest = hashlib.sha256(msgspec.msgpack.encode(TYPICAL_REQUESTS)).hexdigest()

    assert (codec.VERSION, digest[:16]) == (b"\x03", "f8c1c5434b89d322")
