"""Every fault of one answer, seen by a plain HTTP client; the rules of when are in `test_fault_rules`."""

from __future__ import annotations

import json
import sys
import time
import zlib
from email.utils import parsedate_to_datetime
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import pytest

from tests.replica.asking import FORM, SEARCH, ask, ask_list, fault, last_entry, wait_until

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

UNPACK = {"gzip": lambda body: zlib.decompress(body, 31), "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_status(spoilt: Replica, status: int) -> None:
    with fault(spoilt, "status", status=status, body="죄송합니다") as number:
        answer, body = ask(spoilt)

        assert (answer.status, body.decode()) == (status, "죄송합니다")
        assert answer.headers["Retry-After"] is None
        entry = last_entry(spoilt)
        assert (entry["status"], entry["fault"], entry["kind"]) == (status, f"status#{number}", "list")
        assert entry["asked"] == "서울 강남구 무한리필"

    assert ask(spoilt)[0].status == 200
    assert last_entry(spoilt)["fault"] is None


@pytest.mark.parametrize("retry_after", [3, 0, -5, 999_999_999, 10**18, "1e3", "soon"])
def test_retry_after_is_sent_as_given(spoilt: Replica, retry_after: int | str) -> None:
    with fault(spoilt, "status", status=429, retry_after=retry_after):
        assert ask(spoilt)[0].headers["Retry-After"] == str(retry_after)


@pytest.mark.parametrize("seconds", [30, -30, 999_999_999])
def test_retry_after_as_a_date(spoilt: Replica, seconds: int) -> None:
    with fault(spoilt, "status", status=503, retry_after=f"date{seconds:+}"):
        before = time.time()
        date = parsedate_to_datetime(ask(spoilt)[0].headers["Retry-After"]).timestamp() - seconds

        assert int(before) <= date <= time.time()  # whole seconds


def test_delay(spoilt: Replica) -> None:
    due = ask(spoilt)[1]
    with fault(spoilt, "delay", seconds=0.2):
        started = time.monotonic()

        assert ask(spoilt)[1] == due
        assert time.monotonic() - started >= 0.2


def test_drip(spoilt: Replica) -> None:
    due = ask(spoilt, "/robots.txt")[1]
    with fault(spoilt, "drip", bytes_per_second=len(due) * 4, path="/robots.txt"):
        started = time.monotonic()

        assert ask(spoilt, "/robots.txt")[1] == due
        assert time.monotonic() - started >= 0.2


def test_drip_begins_at_once(spoilt: Replica) -> None:
    with fault(spoilt, "drip", bytes_per_second=1, path="/robots.txt"):  # one after the other
        connection = spoilt.connect()
        connection.request("GET", "/robots.txt")

        assert connection.getresponse().read(1)
        connection.close()


def test_reset(spoilt: Replica) -> None:
    with fault(spoilt, "reset"):
        with pytest.raises(ConnectionResetError) as caught:
            ask(spoilt)

        assert not isinstance(caught.value, RemoteDisconnected)  # a mere end of file
        entry = last_entry(spoilt)
        assert entry["status"] is None
        assert entry["ended"] is not None
        assert entry["fault"].startswith("reset#")


@pytest.mark.parametrize("after", [0, 1, 1000, 10**9])
def test_reset_in_the_middle_of_a_body(spoilt: Replica, after: int) -> None:
    due = ask(spoilt)[1]
    with fault(spoilt, "reset", after=after):
        connection = spoilt.connect()
        connection.request("POST", *SEARCH, FORM)
        answer = connection.getresponse()
        got = b""
        with pytest.raises(ConnectionResetError):  # noqa: PT012  # what came before it counts
            while part := answer.read1(500):
                got += part
        connection.close()

        assert answer.status == 200
        assert int(answer.headers["Content-Length"]) == len(due)
        assert got == due[: min(after, len(due) - 1)]
        wait_until(lambda: last_entry(spoilt)["ended"] is not None)
        assert last_entry(spoilt)["status"] == 200
    assert ask(spoilt)[1] == due


def test_truncated(spoilt: Replica) -> None:
    due = ask(spoilt)[1]
    with fault(spoilt, "truncated"):
        answer, body = ask(spoilt)

        assert answer.status == 200
        assert body == due[: len(due) // 2]
        assert int(answer.headers["Content-Length"]) == len(body)
        with pytest.raises(json.JSONDecodeError):
            json.loads(body.decode(errors="replace"))


def test_wrong_json(spoilt: Replica) -> None:
    with fault(spoilt, "wrong_json"):
        assert ask_list(spoilt) == {"status": "ok", "version": 3}
    with fault(spoilt, "wrong_json", body="[]"):
        assert ask(spoilt)[1] == b"[]"


def test_html(spoilt: Replica) -> None:
    with fault(spoilt, "html"):
        answer, body = ask(spoilt)

        assert answer.headers["Content-Type"].startswith("text/html")
        assert body.startswith(b"<!DOCTYPE html>")
        assert b"Human Verification" not in body


@pytest.mark.parametrize("status", [200, 202, 403])
def test_verification(spoilt: Replica, status: int) -> None:
    with fault(spoilt, "verification", status=status):
        answer, body = ask(spoilt)

        assert answer.status == last_entry(spoilt)["status"] == status
        assert b"Human Verification" in body


def test_result_code(spoilt: Replica) -> None:
    with fault(spoilt, "result_code", code="999"):
        answer, body = ask(spoilt)

        assert answer.status == 200
        assert json.loads(body)["result_code"] == "999"
        assert b"User-agent: *" in ask(spoilt, "/robots.txt")[1]


@pytest.mark.parametrize("announced", [True, False])
def test_huge(spoilt: Replica, *, announced: bool) -> None:
    with fault(spoilt, "huge", megabytes=3, announced=announced):
        answer, body = ask(spoilt)

        assert len(body) == 3_000_000
        assert json.loads(body)["result_code"] == "100"
        assert answer.headers["Content-Length"] == ("3000000" if announced else None)


def test_a_huge_body_that_the_client_cuts_off_is_logged(spoilt: Replica) -> None:
    with fault(spoilt, "huge", megabytes=200):
        connection = spoilt.connect()
        connection.request("POST", *SEARCH, FORM)
        connection.getresponse().close()
        connection.close()
        wait_until(lambda: last_entry(spoilt)["ended"] is not None)

        assert last_entry(spoilt)["status"] == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_bomb(spoilt: Replica, encoding: str) -> None:
    with fault(spoilt, "bomb", encoding=encoding, megabytes=20):
        answer, body = ask(spoilt)

        assert answer.headers["Content-Encoding"] == encoding
        assert len(body) < 30_000
        assert len(UNPACK[encoding](body)) > 20_000_000
