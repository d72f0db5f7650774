"""Requests that failed for good: looked at, queued again, or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import redis

from refillspot.clock import write_kst
from refillspot.exceptions import RefusedRequestError
from refillspot.fallback import API_FAILURE, API_PROBE
from refillspot.frontier import codec
from refillspot.frontier.letters import read_letter
from refillspot.frontier.scripts import script_source
from refillspot.frontier.settlement import lane

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from refillspot.frontier.letters import Why


@dataclass(slots=True, frozen=True)
class DeadLetter:
    number: int
    why: Why
    request: dict[str, Any] | None
    """None where the request could not be kept, or is none of this program."""

    @property
    def asked(self) -> str:
        """What was asked, for people: the URL, and the form that went with it."""
        if self.request is None:
            return self.why.url or "?"
        body = self.request.get("body", b"")
        return f"{self.request['url']} {unquote_plus(body.decode('utf-8', 'replace'))}".strip()

    @property
    def at(self) -> str:
        """When it died, for people."""
        return write_kst(self._moment)

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self._moment.isoformat(),
            "reason": self.why.reason,
            "asked": self.asked,
            "is_replayable": self.request is not None,
            "traceback": self.why.traceback,
        }

    @property
    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.why.at_ms / 1000, UTC)


class DeadLetters:
    """The dead letters of one crawl. For commands: this blocks, and raises what redis-py raises."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client: Any = redis.Redis.from_url(redis_url)  # its types mix sync and async
        self._prefix = prefix
        self._key = f"{prefix}:dead"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def __len__(self) -> int:
        return int(self._client.hlen(self._key))

    def read(self) -> list[DeadLetter]:
        """Return all, oldest first."""
        letters = ((int(number), letter) for number, letter in self._client.hscan_iter(self._key))
        return [_open(number, letter) for number, letter in sorted(letters)]

    def replay(self, letters: Iterable[DeadLetter]) -> tuple[str, int]:
        """Queue the requests of `letters` again; return the crawl's state before, and how many it were.

        They are as new, and asked of the API whatever is known of it. None is queued while the crawl is "closing" or
        "gone". Those without a request stay where they are.
        """
        arguments: list[Any] = []
        for letter in letters:
            if letter.request is not None:
                request = letter.request | {"meta": dict(letter.request.get("meta", {}))}
                request["meta"].pop("retry_times", None)
                request["meta"].pop(API_FAILURE, None)
                request["meta"][API_PROBE] = True
                arguments += [letter.number, lane(request.get("priority", 0)), codec.dumps(request)]
        state, count = self._client.register_script(script_source("replay"))(keys=[self._prefix], args=arguments)
        return state.decode(), int(count)

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Forget `letters` for good; return how many there were."""
        numbers = [letter.number for letter in letters]
        return int(self._client.hdel(self._key, *numbers)) if numbers else 0


def _open(number: int, letter: bytes) -> DeadLetter:
    why, payload = read_letter(letter)
    try:
        return DeadLetter(number, why, codec.loads(payload) if payload else None)
    except RefusedRequestError:
        return DeadLetter(number, why, None)
