"""Requests as msgpack, with a whitelist: nothing that comes from Redis can name code of its choice.

The interface is scrapy-redis' `SCHEDULER_SERIALIZER`: a module with `dumps` and `loads` of `Request.to_dict()`.
Fields at their defaults are left out, so that a queued request stays small.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from refillspot.exceptions import RefusedRequestError

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
METHOD_NAMES = {"callback": re.compile(r"parse_[a-z_]+"), "errback": re.compile(r"handle_[a-z_]+")}
SECRET_HEADERS = {b"authorization", b"cookie", b"proxy-authorization"}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Any])


def dumps(request: dict[str, Any]) -> bytes:
    """Return a request as bytes.

    Raises:
        RefusedRequestError: a field, a callback or a header must not enter the queue.
    """
    _check(request)
    return _encoder.encode({name: value for name, value in request.items() if value != DEFAULTS.get(name)})


def loads(payload: bytes) -> dict[str, Any]:
    """Return the request that `dumps` wrote.

    Raises:
        RefusedRequestError: the payload is not one that `dumps` could have written.
    """
    try:
        request = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise RefusedRequestError(f"an entry of the queue is not msgpack ({len(payload)} bytes): {error}") from error
    _check(request)
    return request


def _check(request: dict[str, Any]) -> None:
    if unknown := request.keys() - FIELDS:
        raise RefusedRequestError(f"a request with the fields {sorted(unknown)} is not one of this crawl")
    if not isinstance(request.get("url"), str):
        raise RefusedRequestError("a request without a URL is not one of this crawl")
    for field, pattern in METHOD_NAMES.items():
        name = request.get(field)
        if name is not None and not (isinstance(name, str) and pattern.fullmatch(name)):
            raise RefusedRequestError(f"{field} {name!r} is not one of this crawl")
    if secrets := {bytes(name).lower() for name in request.get("headers", {})} & SECRET_HEADERS:
        raise RefusedRequestError(f"the headers {sorted(secrets)} carry secrets and must not be queued")
