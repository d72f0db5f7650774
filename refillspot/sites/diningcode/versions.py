"""Whether a store has changed since its page was fetched, as far as a list tells. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

LASTING = ("nm", "branch", "addr", "road_addr", "phone", "category", "lat", "lng")
"""What scores, counts of reviews and "open now" say changes from day to day, and is taken from the list anyway."""
ODD = "odd"
"""Key of a row on its way: it does not tell all that rows tell."""
DIGEST_BYTES = 8
HIGHLIGHT = re.compile(r"</?em>")  # around the words that were searched for


def row_version(row: Mapping[str, object]) -> bytes:
    """Return a digest of what a list row says of a store; when it is another one, the store's page is out of date.

    Empty = not known: the row is odd.
    """
    if row.get(ODD):
        return b""
    values = [_bare(row.get(name)) for name in LASTING]
    return blake2b(msgspec.msgpack.encode(values), digest_size=DIGEST_BYTES).digest()


def _bare(value: object) -> object:
    if not isinstance(value, str):
        return value
    return (HIGHLIGHT.sub("", value) if "<" in value else value).strip()
