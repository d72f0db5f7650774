"""How a dead letter is written: a line of JSON that says why, and the request below it."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec

from refillspot.redaction import scrub
from refillspot.untrusted import read_json

LAST_MS = 250_000_000_000_000  # a year that every calendar here knows
TRACEBACK_CHARACTERS = 8000  # the end of it: that is where the error is


class Why(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The first line of a letter."""

    reason: str
    at_ms: Annotated[int, msgspec.Meta(ge=0, le=LAST_MS)]
    """When, in milliseconds since 1970."""
    url: str = ""
    """Only where the request itself could not be kept."""
    traceback: str = ""


def write_letter(reason: str, *, traceback: str = "", url: str = "", payload: bytes = b"") -> bytes:
    """Return a letter; what it says is without secrets, the request is as it was queued."""
    traceback = scrub(traceback)[-TRACEBACK_CHARACTERS:]
    why = Why(reason=scrub(reason), at_ms=time.time_ns() // 1_000_000, url=scrub(url), traceback=traceback)
    return msgspec.json.encode(why) + b"\n" + payload


def read_letter(letter: bytes) -> tuple[Why, bytes]:
    """Return why, and the request as it was queued; empty where it could not be kept.

    Raises:
        UnreadableValueError: it is not one that was written here.
    """
    head, _, payload = letter.partition(b"\n")
    return read_json(head, Why), payload
