"""A page as it is kept in Redis: a version byte, then compressed msgpack that names its fields."""

from __future__ import annotations

import sys
from datetime import datetime  # noqa: TC003  # msgspec reads the annotation
from typing import Annotated

import msgspec

from refillspot.exceptions import RefillspotError
from refillspot.policies.caching import Kind  # noqa: TC001  # as above
from refillspot.untrusted import FIRST_YEAR, LAST_YEAR, UNREADABLE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

VERSION = 2  # of this encoding; a new one for each change that an older program could misread. 1 had people's words
OVERHEAD_BYTES = 16 * 1024  # what a page takes besides its body, at most
_PREFIX = bytes([VERSION])
_options: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 1,  # 3 takes a third longer and saves one byte in a hundred
    zstd.CompressionParameter.checksum_flag: 1,  # a damaged page is noticed
}
_compressor = zstd.ZstdCompressor(options=_options)  # a new one for each page takes longer than the page


class UnreadablePageError(RefillspotError):
    """A value is no page that this version wrote for this request, or it is damaged or too long."""


class Page(msgspec.Struct, kw_only=True, frozen=True):
    """An answer of the site. `permanent`: it says that there is no such thing."""

    kind: Kind
    status: Annotated[int, msgspec.Meta(ge=100, le=599)]
    headers: dict[str, Annotated[str, msgspec.Meta(pattern=r"^[\t -~\x80-\xff]*\Z")]]
    """Only what says how to read the body, and the validators."""
    body: bytes
    """Decompressed."""
    fetched_at: datetime
    permanent: bool = False
    listed: bytes = b""
    """Version of the list row that led to it; empty = not known."""


class _Stored(msgspec.Struct, kw_only=True):
    fingerprint: bytes
    """Of the request: a page that came under another's key is not taken for its answer."""
    page: Page


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def encode_page(page: Page, fingerprint: bytes) -> bytes:
    packed = _encoder.encode(_Stored(fingerprint=fingerprint, page=page))
    return _PREFIX + _compressor.compress(packed, mode=zstd.ZstdCompressor.FLUSH_FRAME)


def decode_page(value: bytes, fingerprint: bytes, max_body_bytes: int) -> Page:
    """Return the page that `encode_page` wrote; nothing in `value` is executed or trusted.

    Raises:
        UnreadablePageError: it did not write that.
    """
    if value[:1] != _PREFIX:
        raise UnreadablePageError(f"not of version {VERSION}")
    try:
        stored = _decoder.decode(_decompress(value[1:], max_body_bytes + OVERHEAD_BYTES))
    except (zstd.ZstdError, EOFError, *UNREADABLE) as error:
        raise UnreadablePageError(str(error)) from error
    if stored.fingerprint != fingerprint:
        raise UnreadablePageError("the answer to another request")
    fetched_at = stored.page.fetched_at
    if fetched_at.tzinfo is None or not FIRST_YEAR <= fetched_at.year <= LAST_YEAR:
        raise UnreadablePageError("fetched at a time that cannot be computed with")
    return stored.page


def _decompress(compressed: bytes, max_bytes: int) -> bytes:
    reader = zstd.ZstdDecompressor()
    packed = reader.decompress(compressed, max_length=max_bytes)
    if not reader.eof or reader.unused_data:
        raise UnreadablePageError(f"cut off, or more than {max_bytes} bytes, or more than a page")
    return packed
