"""Requests as compressed msgpack, with a whitelist: nothing that comes from Redis can name code of its choice.

The interface is scrapy-redis' `SCHEDULER_SERIALIZER`: a module with `dumps` and `loads` of `Request.to_dict()`.
Fields at their defaults are left out, and what all requests have in common is in a dictionary that both sides know,
so that a queued store page with its list row takes 170 bytes instead of 630.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import msgspec

from refillspot.exceptions import RefusedRequestError
from refillspot.frontier.typical import TYPICAL_REQUESTS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

VERSION = b"\x03"  # of this encoding and of TYPICAL_REQUESTS; a new one for each change of either
MAX_BYTES = 256 * 1024  # of a request; a list request with all its refs has 2 kB
DEFAULTS: dict[str, Any] = {
    "callback": None,
    "errback": None,
    "method": "GET",
    "headers": {},
    "body": b"",
    "cookies": {},
    "meta": {},
    "encoding": "utf-8",
    "priority": 0,
    "dont_filter": False,
    "flags": [],
    "cb_kwargs": {},
}
FIELDS = {"url"} | DEFAULTS.keys()
METHOD_NAMES = {"callback": re.compile(r"parse(_[a-z_]+)?"), "errback": re.compile(r"handle_[a-z_]+")}
SECRET_HEADERS = {b"authorization", b"cookie", b"proxy-authorization"}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Any])
_dictionary = zstd.ZstdDict(_encoder.encode(TYPICAL_REQUESTS), is_raw=True)
_options: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.content_size_flag: 0,
    zstd.CompressionParameter.checksum_flag: 1,  # a damaged entry is refused, not half read
}
_compressor = zstd.ZstdCompressor(options=_options, zstd_dict=_dictionary.as_digested_dict)  # costs more than a request


def dumps(request: dict[str, Any]) -> bytes:
    """Return a request as bytes.

    Raises:
        RefusedRequestError: a field, a callback or a header must not enter the queue, or cannot.
    """
    _check(request)
    given = {name: value for name, value in request.items() if value != DEFAULTS.get(name)}
    try:
        packed = _encoder.encode(given)
    except (TypeError, NotImplementedError, OverflowError) as error:
        raise RefusedRequestError(f"a request for {request['url']} holds what cannot be queued: {error}") from error
    if len(packed) > MAX_BYTES:
        raise RefusedRequestError(f"a request for {request['url']} has {len(packed)} bytes, {MAX_BYTES} are allowed")
    return _compress(packed)


def loads(payload: bytes) -> dict[str, Any]:
    """Return the request that `dumps` wrote.

    Raises:
        RefusedRequestError: the payload is not one that `dumps` could have written.
    """
    try:
        request = _decoder.decode(_decompress(payload))
    except (zstd.ZstdError, EOFError, msgspec.DecodeError) as error:
        raise RefusedRequestError(f"an entry of the queue is not a request ({len(payload)} bytes): {error}") from error
    _check(request)
    return request


def _compress(packed: bytes) -> bytes:
    return VERSION + _compressor.compress(packed, mode=zstd.ZstdCompressor.FLUSH_FRAME)


def _decompress(payload: bytes) -> bytes:
    if payload[:1] != VERSION:
        raise RefusedRequestError(f"an entry of the queue ({len(payload)} bytes) is not of this version of refillspot")
    reader = zstd.ZstdDecompressor(zstd_dict=_dictionary.as_digested_dict)
    packed = reader.decompress(payload[1:], max_length=MAX_BYTES)
    if not reader.eof:
        raise RefusedRequestError(f"an entry of the queue is cut off or has more than {MAX_BYTES} bytes")
    return packed


def _check(request: dict[str, Any]) -> None:
    if unknown := request.keys() - FIELDS:
        raise RefusedRequestError(f"a request with the fields {sorted(unknown)} is not one of this crawl")
    if not isinstance(request.get("url"), str):
        raise RefusedRequestError("a request without a URL is not one of this crawl")
    for field, pattern in METHOD_NAMES.items():
        name = request.get(field)
        if name is not None and not (isinstance(name, str) and pattern.fullmatch(name)):
            raise RefusedRequestError(f"{field} {name!r} is not one of this crawl")
    for field in ("headers", "meta", "cb_kwargs"):
        if not isinstance(request.get(field, {}), dict):
            raise RefusedRequestError(f"{field} of a request is not a mapping")
    if secrets := {_lower(name) for name in request.get("headers", {})} & SECRET_HEADERS:
        raise RefusedRequestError(f"the headers {sorted(secrets)} carry secrets and must not be queued")


def _lower(name: str | bytes) -> bytes:
    return (name.encode() if isinstance(name, str) else bytes(name)).lower()
