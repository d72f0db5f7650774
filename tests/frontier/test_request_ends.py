"""What becomes of a request, on every way that it can take through Scrapy's engine."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis
from psycopg.rows import dict_row

from refillspot.frontier import codec
from refillspot.frontier.dead_letters import read_dead_letter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.programs import Launcher

    Walk = Callable[[str], "Walked"]

SETTINGS = {
    "SCHEDULER": "refillspot.frontier.scheduler.Scheduler",  # else `runspider` has Scrapy's
    "POLITENESS_REQUESTS_PER_SECOND": 0,
    "RETRY_TIMES": 2,
    "RETRY_BACKOFF_SECONDS": 0.02,
}


class Site(BaseHTTPRequestHandler):
    """Answers by the last word of the path."""

    asked: Counter[str]

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        first = self.asked[self.path] == 1
        status = {"/missing": 404, "/errback-missing": 404, "/broken": 503, "/redirects": 302}.get(self.path, 200)
        if self.path in {"/recovers", "/asks-for-time"} and first:
            status = 503
        self.send_response(status)
        if self.path == "/redirects":
            self.send_header("Location", "/child")
        if status == 503 and self.path == "/asks-for-time":
            self.send_header("Retry-After", "1")
        body = b"first" if first else b"again"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


class Walked:
    """A crawl that is over: its log, what it left in Redis and in PostgreSQL, what the site was asked."""

    def __init__(self, log: str, row: dict[str, Any], keys: dict[str, dict[bytes, bytes]], asked: Counter[str]) -> None:
        self.log, self.row, self.asked = log, row, asked
        letters = [read_dead_letter(letter) for letter in keys["dead"].values()]
        self.dead = {codec.loads(payload)["url"].rsplit("/", 1)[1]: why for why, payload in letters}
        self.counts = {name: int(value) for name, value in keys["crawl"].items() if name.startswith(b"count:")}


@pytest.fixture
def walk(
    launcher: Launcher, environment: dict[str, str], key_prefix: str, redis_url: str, free_port: int
) -> Iterator[Walk]:
    asked: Counter[str] = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("S", (Site,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def run(ways: str) -> Walked:
        own = {
            "ENDS": ways,
            "ENDS_SITE": f"http://127.0.0.1:{server.server_address[1]}",
            "ENDS_GONE": f"http://127.0.0.1:{free_port}",
        }
        site = {"SITE_ADDRESSES": f"{own['ENDS_SITE']},{own['ENDS_GONE']}"}
        options = [part for name, value in (SETTINGS | site).items() for part in ("-s", f"{name}={value}")]
        command = ["runspider", "tests/frontier/request_ends.py", *options, "-s", f"REDIS_KEY_PREFIX={key_prefix}"]
        result = launcher.run("scrapy", *command, environment=environment | own)
        assert result.returncode == 0, result.stderr[-3000:]
        with psycopg.connect(environment["DATABASE_URL"], row_factory=dict_row) as connection:
            row = connection.execute("SELECT * FROM refillspot.crawls ORDER BY started_at DESC").fetchone()
        assert row, result.stderr[-3000:]
        with redis.Redis.from_url(redis_url) as client:
            keys = {what: client.hgetall(f"{key_prefix}:{row['id']}:{what}") for what in ("dead", "crawl")}
        return Walked(result.stderr, row, keys, asked)

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


DONE = {"ok", "no-output", "item-dropped", "cached", "redirects", "recovers", "asks-for-time", "passes"}
DEAD = {
    "item-error": "RuntimeError: the pipeline failed",
    "raises-early": "KeyError",
    "raises-midway": "LayoutChangedError: a key is gone",
    "ignored": "IgnoreRequest: not allowed",
    "spoiled": "ValueError: a middleware failed",
    "missing": "HTTP 404",
    "errback-missing": "HTTP 404",
    "broken": "HTTP 503",
    "refused": "refused",
    "errback-refused": "refused",
    "never-passes": "ApiError: result_code 001",
}


def test_every_way_ends_as_it_should(walk: Walk) -> None:
    walked = walk(" ".join([*DONE, *DEAD]))

    assert walked.row["state"] == "complete", walked.log[-3000:]
    assert walked.dead.keys() == DEAD.keys()
    for way, reason in DEAD.items():
        assert reason in walked.dead[way].reason.replace("Connection", "connection"), way
    assert walked.row["counts"]["dead"] == len(DEAD)


def test_what_cannot_succeed_is_asked_once_and_what_may_a_bounded_number_of_times(walk: Walk) -> None:
    walked = walk("missing raises-early raises-midway broken never-passes item-error recovers passes ok")

    times = {way: walked.asked[f"/{way}"] for way in ("missing", "raises-early", "raises-midway", "ok")}
    assert set(times.values()) == {1}
    assert {walked.asked[f"/{way}"] for way in ("broken", "never-passes", "item-error")} == {3}
    assert {walked.asked[f"/{way}"] for way in ("recovers", "passes")} == {2}


def test_a_child_is_fetched_once_though_all_name_it(walk: Walk) -> None:
    assert walk("ok cached raises-midway passes").asked["/child"] == 1


def test_a_bug_leaves_its_traceback(walk: Walk) -> None:
    assert 'raise KeyError("a bug")' in walk("raises-early").dead["raises-early"].traceback


def test_a_site_that_asks_for_time_gets_it(walk: Walk) -> None:
    walked = walk("asks-for-time")

    assert walked.asked["/asks-for-time"] == 2
    assert walked.row["ended_at"] - walked.row["started_at"] >= timedelta(seconds=1)


def test_a_spider_that_closes_itself_loses_nothing(walk: Walk) -> None:
    closed = walk("closes")

    assert closed.row["state"] == "running"
    assert not closed.dead
    again = walk("closes")
    assert again.row["id"] == closed.row["id"]
    assert again.asked["/closes"] == 2
