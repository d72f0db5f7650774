"""A webhook of the operator's."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.crawl.conftest import Crawl, Faults

SECRET = "s3cr3t"  # noqa: S105  # part of an address, as many webhooks have it
FEW = ("-a", "district=금천구", "-a", "limit=3", "-a", "keywords=무한리필")


class Webhook(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.told: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/{SECRET}"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        assert isinstance(self.server, Webhook)
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook(crawl: Crawl) -> Iterator[Webhook]:
    with Webhook() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        crawl.environment["NOTIFY_URL"] = server.url
        yield server
        server.shutdown()
        thread.join()


def test_the_end_of_a_crawl_is_told_once_by_all_workers(crawl: Crawl, webhook: Webhook) -> None:
    with crawl.start(*FEW, "-a", "crawl=both") as one, crawl.start(*FEW, "-a", "crawl=both") as two:
        logs = [worker.communicate()[1] for worker in (one, two)]

    (told,) = webhook.told
    assert (told["event"], told["crawl"], told["exit_code"], told["stored"]) == (
        "finished",
        "both",
        0,
        told["done"] - 1,
    )
    assert not any(SECRET in log for log in logs)


def test_dead_letters_are_told(crawl: Crawl, webhook: Webhook, faults: Faults) -> None:
    faults.add(kind="status", status=503, path="/API/profile/", first=2)
    result = crawl.run(*FEW, "-s", "RETRY_TIMES=0")

    assert result.returncode == 3
    assert [told["event"] for told in webhook.told] == ["finished", "dead_letters"]
    assert {told["dead"] for told in webhook.told} == {2}


def test_a_block_is_told_once_by_the_worker_that_met_it(crawl: Crawl, webhook: Webhook, faults: Faults) -> None:
    faults.add(kind="verification", path="/API/profile/", status=202, first=1)
    polite = ("-s", "POLITENESS_REQUESTS_PER_SECOND=50", "-s", "POLITENESS_BLOCK_SECONDS=2", "-a", "crawl=both")
    with crawl.start(*FEW, *polite) as one, crawl.start(*FEW, *polite) as two:
        logs = [worker.communicate()[1] for worker in (one, two)]

    assert [told["event"] for told in webhook.told] == ["blocked", "finished"], logs
    blocked, finished = webhook.told
    assert (blocked["crawl"], blocked["seconds"], blocked["blocks"]) == ("both", 2, 1)
    assert "a verification page under HTTP 202: all workers stop for 2 s" in blocked["sentence"]
    assert finished["exit_code"] == 0


def test_a_webhook_that_fails_harms_nothing(crawl: Crawl, webhook: Webhook) -> None:
    webhook.status = 500
    refused = crawl.run(*FEW)
    crawl.environment["NOTIFY_URL"] = f"http://127.0.0.1:1/hooks/{SECRET}"
    unreachable = crawl.run(*FEW)

    for result in (refused, unreachable):
        assert result.returncode == 0
        assert "the webhook at 127.0.0.1 was not told of 'finished'" in result.stderr
        assert "'notify/failed': 1" in result.stderr
        assert SECRET not in result.stderr


def test_an_address_that_is_none_is_said_at_the_start(crawl: Crawl) -> None:
    crawl.environment["NOTIFY_URL"] = f"example.org/{SECRET}"
    result = crawl.run(*FEW)

    assert result.returncode == 1
    assert "NOTIFY_URL is no address of a webhook" in result.stderr
    assert SECRET not in result.stderr


def test_a_crawl_that_holds_itself_is_told(crawl: Crawl, webhook: Webhook, faults: Faults) -> None:
    faults.add(kind="layout", change="missing", key="restaurant", path="/API/profile/")
    result = crawl.run("-a", "district=금천구", "-a", "crawl=odd", "-s", "EARLY_STOP_PAGES=3")

    assert result.returncode == 4, result.stderr[-2000:]
    (told,) = [told for told in webhook.told if told["event"] == "held"]
    assert (told["crawl"], told["unread"]) == ("odd", 2)
    assert "restaurant" in told["part"]
