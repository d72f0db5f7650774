"""Requests that failed for good: looked at, queued again, or dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from redis.exceptions import ResponseError

from refillspot.clock import write_kst
from refillspot.exceptions import RefusedRequestError, UnreadableValueError
from refillspot.frontier import codec
from refillspot.frontier.acknowledgement import lane
from refillspot.frontier.letters import Why, read_letter
from refillspot.frontier.scripts import script_source
from refillspot.language import gettext as _
from refillspot.policies.fallback import API_FAILURE, API_PROBE

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBER = re.compile(rb"[1-9]\d{0,17}")


@dataclass(slots=True, frozen=True)
class DeadLetter:
    field: bytes
    """Its name in Redis."""
    why: Why
    request: dict[str, Any] | None
    """None where the request could not be kept, or is none of this program."""

    @property
    def number(self) -> int | None:
        """Its number, None where what is there has another name: such ones are dropped with all others."""
        return int(self.field) if NUMBER.fullmatch(self.field) else None

    @property
    def asked(self) -> str:
        """What was asked, for people: the URL, and the form that went with it."""
        if self.request is None:
            return self.why.url or "?"
        body = self.request.get("body", b"")
        return f"{self.request['url']} {unquote_plus(body.decode('utf-8', 'replace'))}".strip()

    @property
    def at(self) -> str:
        """When it died, for people; "?" where it cannot be read."""
        return write_kst(self._moment) if self.why.at_ms else "?"

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
    """The dead letters of one crawl; what cannot be read is one too. For commands: see `blocking_client`."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._key = f"{prefix}:dead"

    def count(self) -> int:
        try:
            return int(self._client.hlen(self._key))
        except ResponseError:
            return 1

    def read(self) -> list[DeadLetter]:
        """Return all, oldest first; those without a number last."""
        try:
            letters = [_open(field, letter) for field, letter in self._client.hscan_iter(self._key)]
        except ResponseError as error:
            letters = [_unreadable(b"", error)]  # something else is there, and goes as a whole
        return sorted(letters, key=lambda letter: (letter.number is None, letter.number or 0, letter.field))

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
                arguments += [letter.field, lane(request.get("priority", 0)), codec.dumps(request)]
        state, count = self._client.register_script(script_source("replay"))(keys=[self._prefix], args=arguments)
        return state.decode("utf-8", "replace"), int(count)

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Forget `letters` for good; return how many there were."""
        fields = [letter.field for letter in letters]
        try:
            return int(self._client.hdel(self._key, *fields)) if fields else 0
        except ResponseError:
            return int(self._client.unlink(self._key))


def _open(field: bytes, letter: bytes) -> DeadLetter:
    try:
        why, payload = read_letter(letter)
    except UnreadableValueError as error:
        return _unreadable(field, error)
    try:
        return DeadLetter(field, why, codec.loads(payload) if payload else None)
    except RefusedRequestError:
        return DeadLetter(field, why, None)


def _unreadable(field: bytes, error: Exception) -> DeadLetter:
    told = _("this dead letter cannot be read, only dropped: {error}").format(error=error)
    return DeadLetter(field, Why(reason=told, at_ms=0), None)
