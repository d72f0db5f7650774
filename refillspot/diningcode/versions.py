"""Whether a store has changed since its page was fetched, as far as a list tells. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

LASTING = ("nm", "branch", "addr", "road_addr", "phone", "category", "lat", "lng")
"""What scores, counts of reviews and "open now" say changes from day to day, and is taken from the list anyway."""
DIGEST_BYTES = 8


def row_version(row: Mapping[str, object]) -> bytes:
    """Return a digest of what a list row says of a store; when it is another one, the store's page is out of date."""
    return blake2b(msgspec.msgpack.encode([row.get(name) for name in LASTING]), digest_size=DIGEST_BYTES).digest()
