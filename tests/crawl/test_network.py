"""A crawl whose own network is away holds nothing against the site; judged by what is kept and by the site's log."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import redis

from replica.tcp_proxy import TcpProxy
from tests.crawl.moments import fetched, wait_for_store_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crawl.conftest import Crawl, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

FEW = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=12")
POLITE = ("-s", "POLITENESS_REQUESTS_PER_SECOND=8", "-s", "FALLBACK_ENABLED=True")
NO_NAMES = ("-s", "TWISTED_DNS_RESOLVER=tests.crawl.no_names.NoNames")
SOON = ("-s", "SITE_AWAY_START_SECONDS=0.5", "-s", "SITE_AWAY_MAX_SECONDS=0.5")


def at(url: str) -> tuple[str, ...]:
    return ("-s", f"DININGCODE_API_URL={url}", "-s", f"DININGCODE_WEB_URL={url}")


def kept(redis_url: str, key_prefix: str) -> tuple[int, list[float]]:
    """Return how many records of the API are kept, and the paces: what is held against the site."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        records = len(list(client.scan_iter(f"{key_prefix}:api_health:*")))
        states: list[Any] = [client.hget(key, "state") for key in client.scan_iter(f"{key_prefix}:politeness:*")]
    return records, [json.loads(state)["rate"] for state in states]


@contextmanager
def grudging_proxy() -> Iterator[str]:
    """A proxy that wants a name and a password."""

    class Grudging(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(407)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_CONNECT = do_GET  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Grudging) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("what", ["port", "name", "proxy", "no proxy"])
def test_a_site_that_was_never_reached_is_named_and_nothing_is_held_against_it(
    crawl: Crawl, site: Site, redis_url: str, key_prefix: str, free_port: int, what: str
) -> None:
    nobody, by_name = f"127.0.0.1:{free_port}", urlsplit(site.url.replace("127.0.0.1", "localhost")).netloc
    with grudging_proxy() as proxy:
        named, there, options, environment = {
            "port": (nobody, nobody, (), {}),
            "name": (by_name, by_name, NO_NAMES, {}),
            "proxy": (f"the proxy {proxy}", "site.invalid", (), {"http_proxy": f"http://{proxy}"}),
            "no proxy": (f"the proxy {nobody}", "site.invalid", (), {"http_proxy": f"http://me:s3cret@{nobody}"}),
        }[what]
        away = replace(crawl, environment=crawl.environment | environment)
        result = away.run(*FEW, *POLITE, *SOON, *at(f"http://{there}"), *options)

    assert result.returncode == 1, result.stderr[-3000:]
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"{named} cannot be reached")
    assert "scrapy doctor" in last
    assert site.log() == []
    assert "s3cret" not in result.stderr
    assert "'politeness/slowed'" not in result.stderr
    assert kept(redis_url, key_prefix) == (0, [8])


def test_a_network_that_comes_back_costs_nothing(
    crawl: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str
) -> None:
    with (
        TcpProxy(urlsplit(site.url).netloc) as line,
        crawl.start(*FEW, *POLITE, *at(f"http://127.0.0.1:{line.port}")) as process,
    ):
        wait_for_store_pages(site, 2)
        line.refuse()
        line.cut()
        process.wait_for_line("cannot be reached from this machine")
        line.heal()
        process.wait_for_line("can be reached again")
        _, log = process.communicate()

    assert process.returncode == 0, log[-3000:]
    assert len(rows()) == 12
    assert "/profile.php" not in {entry["path"] for entry in site.log()}
    assert "'fallback/failed'" not in log
    assert kept(redis_url, key_prefix)[0] == 0


def test_a_network_that_stays_away_ends_a_crawl_that_can_be_resumed(crawl: Crawl, site: Site, rows: Rows) -> None:
    with TcpProxy(urlsplit(site.url).netloc) as line:
        there = at(f"http://127.0.0.1:{line.port}")
        with crawl.start(*FEW, *POLITE, *SOON, *there) as process:
            wait_for_store_pages(site, 2)
            line.refuse()
            line.cut()
            _, log = process.communicate()
        line.heal()
        again = crawl.run(*FEW, *POLITE, *there)

    assert process.returncode == 130, log[-3000:]
    assert f"127.0.0.1:{line.port} can no longer be reached" in log.splitlines()[-1]
    assert again.returncode == 0, again.stderr[-3000:]
    assert len(rows()) == 12
    assert max(fetched(site).values()) <= 2


def test_one_host_alone_that_is_away_is_the_sites_trouble(crawl: Crawl, rows: Rows, free_port: int) -> None:
    gone = ("-s", f"DININGCODE_API_URL=http://127.0.0.1:{free_port}", "-s", "FALLBACK_ENABLED=True")
    result = crawl.run(*FEW, *gone, "-s", "RETRY_TIMES=0")

    assert result.returncode == 0, result.stderr[-3000:]
    assert "'network/outages'" not in result.stderr
    assert {row["channel"] for row in rows().values()} == {"web"}
