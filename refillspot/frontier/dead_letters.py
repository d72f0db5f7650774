"""A request that failed for good, as it is kept in Redis: a line of JSON that says why, and the request below it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec

from refillspot.clock import write_kst
from refillspot.exceptions import RefusedRequestError, UnreadableValueError
from refillspot.frontier import codec
from refillspot.language import gettext as _
from refillspot.redaction import scrub
from refillspot.untrusted import read_json

LAST_MS = 250_000_000_000_000  # a year that every calendar here knows
TRACEBACK_CHARACTERS = 8000  # the end of it: that is where the error is
NUMBER = re.compile(rb"[1-9]\d{0,17}")


class Why(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The first line of a dead letter."""

    reason: str
    at_ms: Annotated[int, msgspec.Meta(ge=0, le=LAST_MS)]
    """When, in milliseconds since 1970."""
    url: str = ""
    """Only where the request itself could not be kept."""
    traceback: str = ""


@dataclass(slots=True, frozen=True)
class DeadLetter:
    field: bytes
    """Its name in Redis."""
    why: Why
    request: dict[str, Any] | None
    """None where the request could not be kept, or is none of this program."""

    @classmethod
    def read(cls, field: bytes, entry: bytes) -> DeadLetter:
        """Read an entry, whatever it is: what cannot be read is a dead letter that says so."""
        try:
            why, payload = read_dead_letter(entry)
        except UnreadableValueError as error:
            return cls.unreadable(field, error)
        try:
            return cls(field, why, codec.loads(payload) if payload else None)
        except RefusedRequestError:
            return cls(field, why, None)

    @classmethod
    def unreadable(cls, field: bytes, error: Exception) -> DeadLetter:
        told = _("this dead letter cannot be read, only dropped: {error}").format(error=error)
        return cls(field, Why(reason=told, at_ms=0), None)

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


def write_dead_letter(reason: str, *, traceback: str = "", url: str = "", payload: bytes = b"") -> bytes:
    """Return an entry; what it says is without secrets, the request is as it was queued."""
    traceback = scrub(traceback)[-TRACEBACK_CHARACTERS:]
    why = Why(reason=scrub(reason), at_ms=time.time_ns() // 1_000_000, url=scrub(url), traceback=traceback)
    return msgspec.json.encode(why) + b"\n" + payload


def read_dead_letter(entry: bytes) -> tuple[Why, bytes]:
    """Return why, and the request as it was queued; empty where it could not be kept.

    Raises:
        UnreadableValueError: it is not one that was written here.
    """
    head, _newline, payload = entry.partition(b"\n")
    return read_json(head, Why), payload
