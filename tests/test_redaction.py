"""What is a secret, and what is left of a text that holds one."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from refillspot import redaction
from refillspot.logs import JsonLines, Origin, ScrubbedRecord, _print_scrubbed
from refillspot.redaction import Scrubber, hide, secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD = "p\\ss w0rd/한@#"  # noqa: S105  # with all that is written differently here and there
HOOK = "https://hooks.example.org/services/T01/xyzzy-plugh-42?token=abcdef123456"


@pytest.mark.parametrize(
    "values",
    [
        {"DATABASE_URL": f"postgresql://u:{quote(PASSWORD, safe='')}@h/d"},
        {"DATABASE_URL": f"postgresql:///d?host=/tmp&password={quote(PASSWORD, safe='')}"},
        {"REDIS_URL": f"redis://:{quote(PASSWORD, safe='')}@h:6379/0"},
        {"CACHE_REDIS_URL": f"unix://:{quote(PASSWORD, safe='')}@/run/redis.sock"},
        {"DB_PASSWORD": PASSWORD},
        {"KAKAO_API_KEY": PASSWORD},
    ],
)
def test_a_secret_is_masked_in_every_form(values: Mapping[str, str]) -> None:
    scrubber = Scrubber(secrets_of(values))
    for form in (PASSWORD, quote(PASSWORD, safe=""), repr(PASSWORD), ascii(PASSWORD), json.dumps(PASSWORD)):
        scrubbed = scrubber.scrub(f"before {form} after")
        assert scrubbed.replace("'", "").replace('"', "") == "before *** after"


def test_of_a_webhook_only_the_host_is_left() -> None:
    scrubber = Scrubber(secrets_of({"NOTIFY_URL": HOOK}))

    assert scrubber.scrub(f"at {HOOK}: 404") == "at https://hooks.example.org***?***: 404"
    assert scrubber.scrub("no xyzzy-plugh-42 here; scrapy services up") == "no *** here; scrapy services up"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:s3@h/d", "postgresql://u:***@h/d"),
        ("http://proxy:s3@h:3128 and http://h/a@b", "http://proxy:***@h:3128 and http://h/a@b"),
        ("host=h password=s3 user=u", "host=h password=*** user=u"),
        ("Authorization: Basic dXNlcg==", "Authorization: ***"),
        ("{b'Authorization': [b'Bearer abc'], b'Accept': [b'ko']}", "{b'Authorization': [b'***'], b'Accept': [b'ko']}"),
        ('{"authorization": "KakaoAK abc", "x": 1}', '{"authorization": "***", "x": 1}'),
        ("asked with KakaoAK abc.", "asked with ***"),
        ("authorization failed at 12:05", "authorization failed at 12:05"),
    ],
)
def test_what_looks_like_one_is_masked(text: str, expected: str) -> None:
    assert Scrubber().scrub(text) == expected


def test_short_secrets_and_broken_addresses_hide_no_words() -> None:
    assert secrets_of({"DB_PASSWORD": "test", "REDIS_URL": "redis://[::1/0", "NOTIFY_URL": "https://h/"}) == set()


@pytest.fixture(autouse=True)
def _nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_of_this_process", Scrubber())


def record(message: str, *values: object) -> logging.LogRecord:
    error = ValueError("of secret-of-the-test")
    return ScrubbedRecord("refillspot.x", logging.ERROR, "x.py", 1, message, values, (ValueError, error, None))


def test_log_lines_are_without_secrets_in_every_handler() -> None:
    hide({"DB_PASSWORD": "secret-of-the-test"})
    told = record("%s\nof %d", "secret-of-the-test", 2)
    line = json.loads(JsonLines(lambda: Origin("a crawl", "a worker")).format(told))
    text = logging.Formatter("%(message)s").format(told)

    assert line["message"] == "***\n    of 2"
    assert line["exception"] == "ValueError: of ***"
    assert (line["level"], line["logger"], line["crawl"], line["worker"]) == (
        "ERROR",
        "refillspot.x",
        "a crawl",
        "a worker",
    )
    assert line["time"].endswith("+00:00")
    assert text == f"***\n    of 2\n{line['exception']}"


def test_the_traceback_that_ends_a_process_is_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    hide({"DB_PASSWORD": "secret-of-the-test"})
    error = ValueError("of secret-of-the-test")
    _print_scrubbed(ValueError, error, None)

    assert capsys.readouterr().err == "ValueError: of ***\n"
