"""What workers write is English; whoever reads it in Korean finds it in Korean."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo
from twisted.internet import error

import refillspot
from refillspot.exceptions import BackupError, ServiceUnavailableError
from refillspot.exit_status import UNREACHABLE, crawl_exit_status
from refillspot.policies import politeness
from refillspot.policies.pace import begin
from refillspot.postgres.archive import damage_told
from refillspot.retelling import retell
from refillspot.services.reachability import check_postgres, check_redis
from refillspot.shared.shared_pace import FORGOTTEN
from refillspot.sites.diningcode.forms import refusal_of
from tests.english import english_in

SITES = Path(refillspot.__file__).parent / "sites"
ERRORS = {"LayoutChangedError", "BlockedError", "MalformedAnswerError", "UnknownStoreError", "ApiError"}
URL = "https://im.diningcode.com/API/isearch/"


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")


def raised_in(path: Path) -> list[str]:
    """Return the texts with which the site's errors are raised, as templates."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[text, *_])) if name in ERRORS:
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                assert parts, ast.unparse(node)
                texts.append("".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts))
    return texts


@pytest.mark.usefixtures("korean")
def test_what_the_site_is_blamed_for_can_be_retold() -> None:
    raised = {text for path in SITES.rglob("*.py") for text in raised_in(path)}
    assert len(raised) > 10

    assert [text for text in raised if retell(text.format(*"1234")) == text.format(*"1234")] == []


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTP 503", "HTTP 503"),
        (
            "LayoutChangedError: the answer: empty object where text was due",
            "LayoutChangedError: 응답: 글 자리에 빈 객체",
        ),
        ("a.b: text where number or true or false was due", "a.b: 수 또는 참/거짓 자리에 글"),
        (f"HTTP 429 of {URL} with Retry-After: 120", f"{URL}의 응답이 HTTP 429, Retry-After: 120"),
        ("something that no version has written", "something that no version has written"),
        ("", ""),
    ],
)
def test_a_text_is_retold(text: str, expected: str) -> None:
    assert retell(text) == expected


@pytest.mark.usefixtures("korean")
def test_holds_are_retold() -> None:
    pace = begin(1.0, 0.0)
    delayed = politeness.delay(pace, 0.0, host="im.diningcode.com", seconds=10)
    refusal = refusal_of(URL, 403, b"<html>no</html>")
    assert refusal

    for text in (delayed.reason, f"{URL} is {refusal.words}", "12 of 20 answers were errors", FORGOTTEN):
        assert retell(text) != text
        assert english_in(retell(text)) == []


@pytest.mark.usefixtures("korean")
def test_blocks_are_retold() -> None:
    pace = begin(1.0, 0.0)
    refusal = refusal_of(URL, 403, b"<html>no</html>")
    assert refusal
    told = []
    for number in range(politeness.BLOCKS_A_DAY):
        now = 10_000.0 * number
        decision = politeness.block(pace, now, reason=f"{URL} is {refusal.words}", sent=now, cool_down=60)
        pace = decision.pace
        told.append(decision.reason)

    for text in told:
        assert english_in(retell(text)) == []


@pytest.mark.usefixtures("korean")
def test_what_the_system_says_of_a_file_is_retold(tmp_path: Path) -> None:
    missing = tmp_path / "없음"
    with pytest.raises(BackupError) as refused, damage_told(missing):
        missing.read_bytes()

    assert english_in(str(refused.value).replace(str(missing), "")) == []


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    "url", ["postgresql://{address}/x_1", "postgresql://u_1@/x_1?host={directory}", "postgresql://{host}:1/x_1"]
)
def test_what_libpq_says_is_retold(url: str, tmp_path: Path, free_port: int) -> None:
    address, host = f"127.0.0.1:{free_port}", "127.0.0.1,127.0.0.1"  # tried one after the other
    with pytest.raises(ServiceUnavailableError) as away:
        check_postgres(url.format(address=address, directory=tmp_path, host=host), "DATABASE_URL")

    assert "?." not in str(away.value)
    assert english_in(str(away.value)) == []


@pytest.mark.usefixtures("korean")
def test_what_a_server_refuses_is_retold(database_url: str) -> None:
    for part in ({"user": "nobody_1"}, {"dbname": "nothing_1"}):
        with pytest.raises(ServiceUnavailableError) as refused:
            check_postgres(make_conninfo(database_url, **part), "DATABASE_URL")

        assert english_in(str(refused.value).partition(")")[2]) == []


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}", "unix://{directory}/x_1.sock"])
def test_what_the_library_of_redis_says_is_retold(url: str, tmp_path: Path, free_port: int) -> None:
    with pytest.raises(ServiceUnavailableError) as away:
        check_redis(url.format(port=free_port, directory=tmp_path), "REDIS_URL", holds_queue=True)

    assert english_in(str(away.value)) == []


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (error.ConnectionRefusedError, (111, "Connection refused")),
        (error.TimeoutError, ()),
        (error.TCPTimedOutError, (110, "Connection timed out")),
        (error.DNSLookupError, ("no results for hostname lookup: x_1",)),
        (error.NoRouteError, (113, "No route to host")),
        (error.ConnectError, (101, "Network is unreachable")),
    ],
)
def test_why_a_site_cannot_be_reached_is_retold(kind: Any, arguments: tuple[object, ...]) -> None:
    why = f"{kind.__name__}: {kind(*arguments)}"
    reached_by = {"network/why": why, "network/host": "x_1 and the proxy x_1"}
    status = crawl_exit_status({"finish_reason": UNREACHABLE, **reached_by})

    assert english_in(status.sentence) == []


def test_in_english_all_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "en")

    assert retell("restaurant.rn: empty text") == "restaurant.rn: empty text"


def test_what_the_system_says_has_one_reader() -> None:
    """Beside what ends a program whose output cannot be written: that stands below."""
    package = SITES.parent
    reading = {path.name for path in package.rglob("*.py") if ".strerror" in path.read_text("utf-8")}

    assert reading == {"retelling.py", "readable.py"}
