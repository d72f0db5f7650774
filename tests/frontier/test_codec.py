from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from scrapy import Request, Spider
from scrapy.http import TextResponse
from scrapy.utils.request import request_from_dict

from refillspot.exceptions import RefusedRequestError
from refillspot.frontier import codec
from refillspot.frontier.codec import RequestCodec
from refillspot.site_hosts import SiteHosts
from refillspot.sites import typical_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response
    from twisted.python.failure import Failure


SITE = SiteHosts(("https://im.diningcode.com", "https://www.diningcode.com"))
NOT_FOR_ENTRIES: dict[str, Any] = {  # what Scrapy and this project obey in the meta of a request
    "bindaddress": "127.0.0.1",
    "cookiejar": 1,
    "dont_cache": True,
    "dont_merge_cookies": True,
    "dont_obey_robotstxt": True,
    "dont_redirect": True,
    "dont_retry": True,
    "download_delay": 0,
    "download_latency": 9.0,
    "download_maxsize": 0,
    "download_slot": "mine",
    "download_timeout": "soon",
    "handle_httpstatus_all": True,
    "handle_httpstatus_list": [404],
    "is_secure": False,
    "max_retry_times": 10**6,
    "politeness_sent": 0.0,
    "proxy": "http://127.0.0.1:1",
    "redirect_reasons": [302],
    "redirect_urls": ["https://im.diningcode.com/"],
    "retry_after_seconds": 1e9,
    "verify": False,
}


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
        {"headers": {b"Host": [b"127.0.0.1"]}},
        {"headers": {b"Content-Type": [b"a\r\nHost: b"]}},
        {"headers": {b"Content-Type": b"a"}},
        {"headers": {"Content-Type": ["a"]}},
        {"headers": []},
        {"url": 5},
        {"url": ""},
        {"url": "file:///etc/passwd"},
        {"url": "data:text/plain,a"},
        {"url": "//127.0.0.1/"},
        {"url": "http://127.0.0.1/\n"},
        {"url": "http://127.0.0.1\\@elsewhere.example/"},
        {"url": "http://127.0.0.1/ /서울"},
        {"method": "CONNECT"},
        {"method": 1},
        {"body": "text"},
        {"body": None},
        {"cookies": {"a": "b"}},
        {"flags": [1]},
        {"priority": "high"},
        {"priority": 2**40},
        {"dont_filter": "no"},
        {"cb_kwargs": [1]},
        {"cb_kwargs": {1: 1}},
        {"meta": [1]},
        {"meta": {"depth": -1}},
        {"meta": {"depth": 10**9}},
        {"meta": {"retry_times": "often"}},
        {"meta": {"cache_kind": "robots"}},
        {"meta": {"cache_kind": ["list"]}},
        {"surprise": 1},
        *({"meta": {name: value}} for name, value in NOT_FOR_ENTRIES.items()),
    ],
    ids=str,
)
def test_what_this_crawl_cannot_have_written_is_refused(forged: dict[str, Any]) -> None:
    request = {"url": "http://127.0.0.1/"} | forged

    with pytest.raises(RefusedRequestError):
        codec.dumps(request)
    with pytest.raises(RefusedRequestError):
        codec.loads(codec._compress(msgspec.msgpack.encode(request)))


@pytest.mark.parametrize(
    "url",
    [
        "http://im.diningcode.com/API/isearch/",
        "https://im.diningcode.com:8443/",
        "https://diningcode.com/",
        "https://im.diningcode.com.example/",
        "https://im.diningcode.com@elsewhere.example/",
        "https://someone@im.diningcode.com/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
    ],
)
def test_only_addresses_of_the_site_are_queued(url: str) -> None:
    ours = RequestCodec(SITE)
    with pytest.raises(RefusedRequestError):
        ours.dumps({"url": url})
    with pytest.raises(RefusedRequestError):
        ours.loads(codec._compress(msgspec.msgpack.encode({"url": url})))

    assert ours.loads(ours.dumps({"url": "https://IM.diningcode.com:443/"})) == {
        "url": "https://IM.diningcode.com:443/"
    }


@pytest.mark.parametrize("depth", [20, 900, 3000])
@pytest.mark.parametrize("around", [b"\x91", b"\x81\xa1a"], ids=["lists", "maps"])
def test_what_is_nested_too_deep_is_refused(around: bytes, depth: int) -> None:
    """Deep enough that reading ends in a RecursionError, or only writing it again would."""
    packed = msgspec.msgpack.encode({"url": "http://127.0.0.1/", "cb_kwargs": {"a": 7}})
    with pytest.raises(RefusedRequestError):
        codec.loads(codec._compress(packed[:-1] + around * depth + b"\x07"))

    value: object = 7
    for _ in range(depth):
        value = [value]
    with pytest.raises(RefusedRequestError):
        codec.dumps({"url": "http://127.0.0.1/", "cb_kwargs": {"a": value}})


@pytest.mark.parametrize("name", ["no-such-encoding", "utf-7", "idna", 7])
def test_an_entry_with_an_encoding_is_none_of_ours(name: object) -> None:
    with pytest.raises(RefusedRequestError):
        codec.loads(codec._compress(msgspec.msgpack.encode({"url": "http://127.0.0.1/", "encoding": name})))


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


def test_a_link_of_a_page_in_another_encoding_is_queued() -> None:
    link = TextResponse("http://127.0.0.1/", encoding="euc-kr").follow("/서울")

    assert link.encoding == "euc-kr"
    assert codec.loads(codec.dumps(link.to_dict())) == {"url": link.url}


@pytest.mark.parametrize("value", [object(), 2**80, "\ud800"], ids=["object", "large", "surrogate"])
def test_what_cannot_be_written_is_refused(value: object) -> None:
    with pytest.raises(RefusedRequestError, match="cannot be queued"):
        codec.dumps({"url": "http://127.0.0.1/", "cb_kwargs": {"it": value}})


def test_the_dictionary_belongs_to_the_version() -> None:
    """Entries written before an update must be readable after it, or refused as another version."""
    digest = hashlib.sha256(msgspec.msgpack.encode(typical_requests())).hexdigest()

    assert (codec.VERSION, digest[:16]) == (b"\x03", "f8c1c5434b89d322")
