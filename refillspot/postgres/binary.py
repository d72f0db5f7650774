"""How lists of texts and jsonb look in COPY's binary format.

psycopg's own dumpers find out at each value what is in it; these know, and take half the time.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

from psycopg import postgres, pq
from psycopg.adapt import Dumper

from refillspot.postgres.columns import encode_json

if TYPE_CHECKING:
    from psycopg.abc import AdaptContext

JSONB_VERSION = b"\x01"
TEXT = postgres.types["text"]
ARRAY_HEAD = Struct("!iiIii")  # dimensions, has NULLs, type of the elements; of the one dimension: length, first index
EMPTY_ARRAY = Struct("!iiI").pack(0, 0, TEXT.oid)
LENGTH = Struct("!i")


class JsonbDumper(Dumper):
    format = pq.Format.BINARY
    oid = postgres.types["jsonb"].oid

    def dump(self, obj: Any) -> bytes:
        return JSONB_VERSION + encode_json(obj)


class TextArrayDumper(Dumper):
    format = pq.Format.BINARY
    oid = TEXT.array_oid

    def dump(self, obj: list[str]) -> bytes:
        if not obj:
            return EMPTY_ARRAY
        parts = [ARRAY_HEAD.pack(1, 0, TEXT.oid, len(obj), 1)]
        for element in obj:
            text = element.encode()
            parts += (LENGTH.pack(len(text)), text)
        return b"".join(parts)


def register(context: AdaptContext) -> None:
    """Let `COPY` on this connection use them where the types of the columns are told."""
    context.adapters.register_dumper(None, JsonbDumper)
    context.adapters.register_dumper(None, TextArrayDumper)
