from __future__ import annotations

import hashlib
import json
import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as some

from refillspot.policies.caching import Kind
from refillspot.shared.page_cache import OVERHEAD_BYTES, VERSION, Page, UnreadablePageError, decode_page, encode_page

if TYPE_CHECKING:
    from collections.abc import Callable

FINGERPRINT = bytes(range(20))
MAX = 4_000_000
NOW = datetime(2026, 7, 9, 12, tzinfo=UTC)


def noise(size: int) -> bytes:
    """Bytes that do not shrink, the same each time."""
    return hashlib.shake_128(b"").digest(size)


def page(body: bytes = b"{}", **fields: Any) -> Page:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    standard = Page(kind=Kind.STORE, status=200, headers=headers, body=body, fetched_at=NOW)
    return msgspec.structs.replace(standard, **fields)


def rewritten(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A value of this version whose fields were changed, and which is whole."""
    fields = msgspec.msgpack.decode(zstd.decompress(encode_page(page(), FINGERPRINT)[1:]))
    change(fields)
    return bytes([VERSION]) + zstd.compress(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize("size", [0, 1, 1_000, 1_024, 50_000, 200_000, 2_000_000])
@pytest.mark.parametrize("content", ["random", "text"])
def test_a_page_survives_byte_for_byte(size: int, content: str) -> None:
    text = (json.dumps({"nm": "무한리필 " * 3}, ensure_ascii=False).encode() * (size // 40 + 1))[:size]
    body = noise(size) if content == "random" else text
    written = page(body)

    assert decode_page(encode_page(written, FINGERPRINT), FINGERPRINT, MAX) == written


@given(some.binary(max_size=5000), some.integers(100, 599), some.booleans())
def test_any_body_survives(body: bytes, status: int, permanent: bool) -> None:  # noqa: FBT001  # drawn
    written = page(body, status=status, permanent=permanent)

    assert decode_page(encode_page(written, FINGERPRINT), FINGERPRINT, MAX) == written


def test_a_long_page_is_kept_small() -> None:
    body = json.dumps([{"v_rid": number, "nm": "행복한고기 무한리필"} for number in range(3000)]).encode()

    assert len(encode_page(page(body), FINGERPRINT)) < len(body) / 5


@pytest.mark.parametrize("position", range(0, 120, 3))
def test_a_single_changed_byte_is_noticed(position: int) -> None:
    value = bytearray(encode_page(page(noise(300)), FINGERPRINT))
    value[position] ^= 0x10

    with pytest.raises(UnreadablePageError):
        decode_page(bytes(value), FINGERPRINT, MAX)


@pytest.mark.parametrize(
    "value",
    [
        bytes([VERSION - 1]) + encode_page(page(), FINGERPRINT)[1:],  # an older version
        bytes([VERSION + 1]) + encode_page(page(), FINGERPRINT)[1:],
        encode_page(page(), FINGERPRINT)[:-1],
        encode_page(page(), FINGERPRINT) + b"more",
        bytes([VERSION]),
        b"",
        pickle.dumps({"body": b""}),
        bytes([VERSION]) + zstd.compress(b"no msgpack"),
        bytes([VERSION]) + zstd.compress(bytes(MAX + OVERHEAD_BYTES + 1)),
        encode_page(page(fetched_at=NOW.replace(tzinfo=None)), FINGERPRINT),
        rewritten(lambda fields: fields.pop("page")),
        rewritten(lambda fields: fields["page"].pop("status")),
        rewritten(lambda fields: fields["page"].update(status="200")),
        rewritten(lambda fields: fields["page"].update(kind="surprise")),
        rewritten(lambda fields: fields["page"].update(headers={"Content-Type": 1})),
    ],
    ids=lambda value: repr(value[:8]),
)
def test_what_this_version_did_not_write_is_not_read(value: bytes) -> None:
    with pytest.raises(UnreadablePageError):
        decode_page(value, FINGERPRINT, MAX)


def test_the_page_of_another_request_is_not_taken() -> None:
    with pytest.raises(UnreadablePageError, match="another request"):
        decode_page(encode_page(page(), FINGERPRINT), bytes(20), MAX)


@pytest.mark.parametrize("depth", [900, 5_000, 100_000])
def test_a_value_nested_without_end_is_no_page(depth: int) -> None:
    nested = b"\x91" * depth + b"\x90"
    whole = b"\x82\xa1x" + nested + b"\xa4page" + nested
    value = bytes([VERSION]) + zstd.compress(whole)

    with pytest.raises(UnreadablePageError):
        decode_page(value, FINGERPRINT, MAX)


@pytest.mark.parametrize(
    "forged",
    [
        {"status": 0},
        {"status": 2**62},
        {"status": "200"},
        {"headers": {"ETag": "a\r\nHost: elsewhere.example"}},
        {"headers": {"ETag": "a\x00"}},
        {"headers": {"ETag": 1}},
        {"headers": {"Content-Type": "text/html; 서울"}},
        {"fetched_at": "0001-01-01T00:00:00+14:00"},
        {"fetched_at": "9999-12-31T23:59:59-14:00"},
        {"fetched_at": "2026-07-09T12:00:00"},
        {"body": "text"},
        {"kind": "else"},
    ],
    ids=str,
)
def test_a_page_that_no_worker_keeps_is_unreadable(forged: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePageError):
        decode_page(rewritten(lambda fields: fields["page"].update(forged)), FINGERPRINT, MAX)


@pytest.mark.parametrize("around", [b"\x91", b"\x81\xa1a"], ids=["lists", "maps"])
def test_a_page_with_something_deep_beside_it_is_unreadable(around: bytes) -> None:
    packed = zstd.decompress(rewritten(lambda fields: fields.update(z=7))[1:])
    assert packed.endswith(b"\xa1z\x07")
    value = bytes([VERSION]) + zstd.compress(packed[:-1] + around * 5000 + b"\x07")

    with pytest.raises(UnreadablePageError):
        decode_page(value, FINGERPRINT, MAX)
