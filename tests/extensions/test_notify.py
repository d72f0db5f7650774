"""What a chat is told of each event: a sentence in the language of the user, that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refillspot.exceptions import ConfigurationError
from refillspot.extensions.notify import SENTENCES, announce, check_webhook, write_sentence
from refillspot.redaction import MASK
from tests.english import english_in
from tests.own_webhook import SECRET

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://im.diningcode.com/API/profile/"
PASSWORD = "geheim-4711"  # noqa: S105  # of no server
STORED = "매장 40곳을 저장했습니다."
COMPLETE = {"crawl": "20261128-1", "exit_code": 0, "sentence": STORED, "dead": 2, "stored": 40}
BLOCK = f"{URL} is a verification page under HTTP 202: all workers stop for 180 s (block 1), then 0.5/s"
EVENTS: dict[str, tuple[dict[str, Any], str]] = {
    "finished": (COMPLETE, STORED),
    "dead_letters": (COMPLETE, "scrapy deadletters replay --all"),
    "blocked": ({"crawl": "20261128-1", "sentence": BLOCK, "seconds": 180, "blocks": 1}, "scrapy resume"),
    "held": (COMPLETE, STORED),
    "backup_failed": ({"directory": "/a", "error": f"DB_URL=postgresql://u:{PASSWORD}@h/d"}, "scrapy db backup"),
}


@pytest.mark.parametrize("event", EVENTS)
def test_a_sentence_says_what_to_do(event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts, todo = EVENTS[event]
    assert EVENTS.keys() == SENTENCES.keys()
    for language in ("en", "ko"):
        monkeypatch.setenv("REFILLSPOT_LANG", language)
        told = write_sentence(event, facts)
        assert todo in told
        assert PASSWORD not in told

    assert english_in(told.replace(MASK, "")) == []
    assert facts.get("crawl", "") in told


def test_what_is_not_known_is_told_by_the_sentence_that_it_brings() -> None:
    assert write_sentence("later", {"sentence": "a < b"}) == "a < b"
    assert write_sentence("later", {}) == "later"


def test_where_nobody_is_to_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env is
    assert not announce({}, "summary", {})
    with pytest.raises(ConfigurationError, match="NOTIFY_URL=https://"):
        check_webhook({})
    with pytest.raises(ConfigurationError, match="use https") as caught:
        check_webhook({"NOTIFY_URL": f"example.org/{SECRET}"})

    assert SECRET not in str(caught.value)
