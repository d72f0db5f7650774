"""A webhook of the operator's."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from scrapy.statscollectors import StatsCollector
from scrapy.utils.test import get_crawler

from refillspot import webhook as webhooks
from refillspot.exceptions import ConfigurationError
from refillspot.extensions.notify import Notify
from tests.own_webhook import SECRET, OwnWebhook, serve, write_certificate
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from tests.crawl.conftest import Crawl, Faults

FACTS = {"crawl": "this", "sentence": "Complete."}
FEW = ("-a", "district=금천구", "-a", "limit=3", "-a", "keywords=무한리필")


@pytest.fixture
def own_webhook() -> Iterator[OwnWebhook]:
    with serve(OwnWebhook()) as server:
        yield server


@pytest.fixture
def webhook(crawl: Crawl, own_webhook: OwnWebhook) -> OwnWebhook:
    crawl.environment["NOTIFY_URL"] = own_webhook.url
    return own_webhook


def test_the_end_of_a_crawl_is_told_once_by_all_workers(crawl: Crawl, webhook: OwnWebhook) -> None:
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


def test_dead_letters_are_told(crawl: Crawl, webhook: OwnWebhook, faults: Faults) -> None:
    faults.add(kind="status", status=503, path="/API/profile/", first=2)
    result = crawl.run(*FEW, "-s", "RETRY_TIMES=0")

    assert result.returncode == 3
    assert [told["event"] for told in webhook.told] == ["finished", "dead_letters"]
    assert {told["dead"] for told in webhook.told} == {2}


def test_a_block_is_told_once_by_the_worker_that_met_it(crawl: Crawl, webhook: OwnWebhook, faults: Faults) -> None:
    faults.add(kind="verification", path="/API/profile/", status=202, first=1)
    polite = ("-s", "POLITENESS_REQUESTS_PER_SECOND=50", "-s", "POLITENESS_BLOCK_SECONDS=2", "-a", "crawl=both")
    with crawl.start(*FEW, *polite) as one, crawl.start(*FEW, *polite) as two:
        logs = [worker.communicate()[1] for worker in (one, two)]

    assert [told["event"] for told in webhook.told] == ["blocked", "finished"], logs
    blocked, finished = webhook.told
    assert (blocked["crawl"], blocked["seconds"], blocked["blocks"]) == ("both", 2, 1)
    assert "a verification page under HTTP 202: all workers stop for 2 s" in blocked["sentence"]
    assert finished["exit_code"] == 0


def test_a_webhook_that_fails_harms_nothing(crawl: Crawl, webhook: OwnWebhook) -> None:
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

    assert result.returncode == 2
    assert "NOTIFY_URL is not the address of a webhook" in result.stderr
    assert SECRET not in result.stderr


def test_a_crawl_that_holds_itself_is_told(crawl: Crawl, webhook: OwnWebhook, faults: Faults) -> None:
    faults.add(kind="layout", change="missing", key="restaurant", path="/API/profile/")
    result = crawl.run("-a", "district=금천구", "-a", "crawl=odd", "-s", "EARLY_STOP_PAGES=3")

    assert result.returncode == 4, result.stderr[-2000:]
    (told,) = [told for told in webhook.told if told["event"] == "held"]
    assert (told["crawl"], told["unread"]) == ("odd", 2)
    assert "restaurant" in told["part"]


class Dripper:
    """Sends byte after byte, each well before anybody's patience with one read ends, until it is stopped."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self._stopped = Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _address = self._listening.accept()
        with connection, suppress(OSError):
            connection.sendall(self._start)
            while not self._stopped.wait(0.02):
                connection.sendall(b"1")
            return
        self._stopped.wait()


@pytest.fixture
def stats() -> StatsCollector:
    return StatsCollector(get_crawler())


@pytest.mark.parametrize(
    ("scheme", "start"),
    [
        ("http", b""),
        ("http", b"HTTP/1.1 "),
        ("http", b"HTTP/1.1 200 OK"),
        ("http", b"HTTP/1.1 204 No Content\r\nX-Long: "),
        ("https", b""),
        ("https", b"\x16\x03\x03\x40\x00\x02"),  # a handshake of 16 kB begins
    ],
)
async def test_a_webhook_that_answers_drop_by_drop_is_given_up(
    scheme: str, start: bytes, stats: StatsCollector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)
    with Dripper(start) as server:  # which stops only when it was given up
        await Notify(f"{scheme}://127.0.0.1:{server.port}/{SECRET}", stats).tell("finished", FACTS)

    assert stats.get_stats() == {"notify/failed": 1}
    assert "the webhook at 127.0.0.1 was not told of 'finished'" in caplog.text
    assert SECRET not in caplog.text


WITHOUT_A_NAME_SERVER = """
import asyncio, socket, threading
from scrapy.statscollectors import StatsCollector
from scrapy.utils.test import get_crawler
from refillspot import webhook
from refillspot.extensions import notify

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()  # as of a name server that never answers
webhook.SECONDS = 0.2
stats = StatsCollector(get_crawler())
telling = notify.Notify("https://hook.example/a", stats).tell("finished", {"crawl": "this", "sentence": "Complete."})
asyncio.run(telling)
print(stats.get_stats())
"""


def test_no_end_of_a_process_waits_for_a_webhook() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT_A_NAME_SERVER], check=True, capture_output=True, text=True)

    assert ended.stdout == "{'notify/failed': 1}\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    status: int, stats: StatsCollector, own_webhook: OwnWebhook, caplog: pytest.LogCaptureFixture
) -> None:
    own_webhook.status = status
    own_webhook.elsewhere = f"http://127.0.0.1:{own_webhook.server_port}/inside"
    await Notify(own_webhook.url, stats).tell("finished", FACTS)

    assert own_webhook.told == [{"event": "finished", **FACTS}]
    assert stats.get_stats() == {"notify/failed": 1}
    assert f"HTTP {status}" in caplog.text


def test_a_backup_that_failed_is_told(crawl: Crawl, webhook: OwnWebhook, database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A"))
    (tmp_path / "file").touch()
    failed = crawl.operate("db", "backup", str(tmp_path / "file"))

    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    (told,) = webhook.told
    assert (told["event"], told["directory"]) == ("backup_failed", str(tmp_path / "file"))
    assert "cannot be written" in told["error"]
    doctor = crawl.operate("doctor", "--offline", "--notify")
    (finding,) = [one for one in webhook.told[1]["findings"] if one["state"] != "problem"]
    assert (webhook.told[1]["event"], finding["area"]) == ("doctor", "backup")
    assert finding["what"] in doctor.stdout
    assert finding["remedy"] in webhook.told[1]["sentence"]
    webhook.status = 500
    assert "The webhook was not told: HTTP 500" in crawl.operate("db", "backup", str(tmp_path / "file")).stderr


@pytest.mark.parametrize(
    "answer", [b"x" * 100_000, b"HTTP/1.1 OK\r\n\r\n", b"SMTP 200\r\n", b"HTTP/1.1 \xff\xff\xff\r\n"]
)
async def test_what_is_no_answer_is_a_failure(answer: bytes, stats: StatsCollector) -> None:
    with Dripper(answer) as server:
        await Notify(f"http://127.0.0.1:{server.port}/{SECRET}", stats).tell("finished", FACTS)

    assert stats.get_stats() == {"notify/failed": 1}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "http://10.0.0.1/a",
        "http://127.0.0.1.example.org/",
        "http://[2001:db8::1]/",
        "http://user@h/",
    ],
)
def test_only_this_machine_is_told_in_the_clear(url: str, stats: StatsCollector) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        Notify(url, stats)


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=c", "http://localhost:1/", "http://127.8.0.1/", "http://[::1]:80/x"]
)
def test_addresses_that_will_do(url: str, stats: StatsCollector) -> None:
    assert Notify(url, stats)


@pytest.mark.parametrize("url", ["https://", "https://h:99999/", "https://[::1/", "ftp://h/", "https://u:s3cr3t@h/"])
def test_what_is_no_address_is_said_without_its_secret(url: str, stats: StatsCollector) -> None:
    with pytest.raises(ConfigurationError, match="is not the address of a webhook") as caught:
        Notify(url, stats)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "path", "text"),
    [("hooks.slack.com", "/services/T0/B0/", "text"), ("discord.com", "/api/webhooks/1/", "content")],
)
def test_a_chat_is_told_in_its_own_shape(crawl: Crawl, tmp_path: Path, host: str, path: str, text: str) -> None:
    """The program believes that it speaks to that host: a proxy answers for it, with a certificate that is trusted."""
    certificate, file = tmp_path / "trusted.pem", tmp_path / "<file & all>"
    write_certificate(certificate, host)
    file.touch()
    with serve(OwnWebhook(certificate)) as proxy:
        crawl.environment.update(
            NOTIFY_URL=f"https://{host}{path}{SECRET}",
            https_proxy=f"http://127.0.0.1:{proxy.server_port}",
            SSL_CERT_FILE=str(certificate),
            REFILLSPOT_LANG="ko",
        )
        failed = crawl.operate("db", "backup", str(file))

    assert failed.returncode == 1
    assert SECRET not in failed.stderr
    (told,) = proxy.told
    assert proxy.hosts == [host]
    assert "`scrapy db backup`" in told[text].replace("\\", "")
    assert "백업" in told[text]
    assert ("&lt;file &amp; all&gt;" if text == "text" else "\\<file & all\\>") in told[text]
