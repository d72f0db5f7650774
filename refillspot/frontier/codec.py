"""Requests as compressed msgpack, with a whitelist: nothing from Redis can name code or a place of its choice.

The interface is scrapy-redis' `SCHEDULER_SERIALIZER`: a module with `dumps` and `loads` of `Request.to_dict()`.
Fields at their defaults are left out, and what all requests have in common is in a dictionary that both sides know,
so that a queued store page with its list row takes 170 bytes instead of 630. Each queue says in which formats it is
written: `check_formats`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from scrapy import Request

from refillspot.exceptions import QueueFormatError, RefusedRequestError
from refillspot.language import gettext as _
from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH
from refillspot.policies.circuit_breaker import API_FAILURE, API_PROBE
from refillspot.process import program_version
from refillspot.shared.keys import LAYOUT
from refillspot.sites import typical_requests
from refillspot.untrusted import UNREADABLE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from scrapy import Spider

    from refillspot.site_hosts import SiteHosts

VERSION = b"\x03"  # of this encoding and of `typical_requests`; a new one for each change of either
READABLE = {VERSION}
"""Versions that can be read: an older one stays, with its dictionary, as long as a queue may be written in it."""
MAX_BYTES = 256 * 1024  # of a request; a list request with all its refs has 2 kB
MAX_DEPTH = 16  # of what is within a request; a list row is 3 deep
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
NOTED = re.compile(r"(\d{1,9}\.\d{1,9})/([\w.+!?-]{0,40})", re.ASCII)
"""A format, "<layout of the keys>.<version of the codec>", and which refillspot writes it. Who cannot read one
that a queue is written in takes nothing from it: an entry of another version is no fault of its request."""
HEADERS = {b"content-type"}  # of a queued request; others are the worker's own, and some are secrets
HEADER_VALUE = re.compile(rb"[ -~]*")

Repeats = Annotated[int, msgspec.Meta(ge=0, le=100)]
META: dict[str, Any] = {
    CACHE_KIND: Literal["list", "store"],
    CACHE_REFRESH: bool,
    API_FAILURE: str,
    API_PROBE: bool,
    "depth": Annotated[int, msgspec.Meta(ge=0, le=1_000_000)],
    "retry_times": Repeats,
    "redirect_times": Repeats,
    "redirect_ttl": Repeats,
}
"""What `meta` may hold. Whatever else Scrapy obeys there (a proxy, no robots.txt, no errors) no entry may ask for."""
_Meta = msgspec.defstruct(
    "_Meta",
    [(name, type_ | msgspec.UnsetType, msgspec.UNSET) for name, type_ in META.items()],
    frozen=True,
    forbid_unknown_fields=True,
)


class _Queued(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request may be; a field of `DEFAULTS` that is not here has that value and no other."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[!-\[\]-~]+\Z")]
    """Printable ASCII, as Scrapy writes it; a backslash is read differently by different programs."""
    callback: Annotated[str, msgspec.Meta(pattern=r"^parse(_[a-z_]+)?\Z")] | None = None
    errback: Annotated[str, msgspec.Meta(pattern=r"^handle_[a-z_]+\Z")] | None = None
    method: Literal["GET", "POST"] = "GET"
    headers: dict[bytes, list[bytes]] = {}
    body: bytes = b""
    meta: _Meta = _Meta()  # type: ignore[valid-type]  # made above
    priority: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] = 0
    dont_filter: bool = False
    cb_kwargs: dict[str, Any] = {}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Any])
_checker = msgspec.msgpack.Decoder(_Queued)
_dictionary = zstd.ZstdDict(_encoder.encode(typical_requests()), is_raw=True)
_options: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.content_size_flag: 0,
    zstd.CompressionParameter.checksum_flag: 1,  # a damaged entry is refused, not half read
}
_compressor = zstd.ZstdCompressor(options=_options, zstd_dict=_dictionary.as_digested_dict)  # costs more than a request


def request_fields(request: Request, spider: Spider) -> dict[str, Any]:
    """Return what `request.to_dict(spider=spider)` does, and what `request_from_dict` reads.

    Scrapy's own looks through every member of the spider for the name of a callback.

    Raises:
        RefusedRequestError: a callback is no method of the spider, or the request is of a class of its own.
    """
    if type(request) is not Request:
        raise RefusedRequestError(f"a {type(request).__name__} cannot be queued: yield a scrapy.Request")
    fields = {name: getattr(request, name) for name in Request.attributes}
    fields["headers"] = dict(request.headers)
    for name in ("callback", "errback"):
        fields[name] = _method_name(fields[name], spider)
    return fields


def _method_name(method: Any, spider: Spider) -> str | None:
    if method is None:
        return None
    name = getattr(method, "__name__", None)
    if isinstance(name, str) and getattr(spider, name, None) == method:
        return name
    raise RefusedRequestError(f"{method} is no method of the spider {spider.name}, so its request cannot be queued")


@dataclass(slots=True, frozen=True)
class RequestCodec:
    """Writes and reads requests for one site; without a site, for any."""

    site: SiteHosts | None = None

    def dumps(self, request: dict[str, Any]) -> bytes:
        """Return a request as bytes.

        Raises:
            RefusedRequestError: an address, a field, a callback or a header must not enter the queue, or cannot.
        """
        given = {name: value for name, value in request.items() if name not in DEFAULTS or value != DEFAULTS[name]}
        given.pop("encoding", None)  # URL and body are in it already
        try:
            packed = _encoder.encode(given)
        except (TypeError, NotImplementedError, ValueError, OverflowError, RecursionError) as error:
            raise RefusedRequestError(f"a request holds what cannot be queued: {error}") from error
        if len(packed) > MAX_BYTES:
            raise RefusedRequestError(f"a request has {len(packed)} bytes, {MAX_BYTES} are allowed")
        self._check(packed)
        return _compress(packed)

    def loads(self, payload: bytes) -> dict[str, Any]:
        """Return the request that `dumps` wrote.

        Raises:
            RefusedRequestError: the payload is not one that `dumps` could have written.
        """
        try:
            packed = _decompress(payload)
        except (zstd.ZstdError, EOFError) as error:
            raise RefusedRequestError(f"{len(payload)} bytes are not a request: {error}") from error
        return self._check(packed)

    def _check(self, packed: bytes) -> dict[str, Any]:
        try:
            _checker.decode(packed)
            request = _decoder.decode(packed)
        except UNREADABLE as error:
            raise RefusedRequestError(f"that is no request of a crawl: {error}") from error
        if _is_deeper(request, MAX_DEPTH):
            raise RefusedRequestError(f"a request is nested more than {MAX_DEPTH} deep")
        for name, values in request.get("headers", {}).items():
            if name.lower() not in HEADERS or not all(map(HEADER_VALUE.fullmatch, values)):
                raise RefusedRequestError(f"the header {name!r} must not be queued, with this value or any")
        if self.site and not self.site.is_within(request["url"]):
            raise RefusedRequestError(f"{request['url']} is not an address of {', '.join(self.site.hosts)}")
        return request


dumps, loads = RequestCodec().dumps, RequestCodec().loads


def _compress(packed: bytes) -> bytes:
    return VERSION + _compressor.compress(packed, mode=zstd.ZstdCompressor.FLUSH_FRAME)


def _decompress(payload: bytes) -> bytes:
    if payload[:1] not in READABLE:
        raise RefusedRequestError(f"an entry of the queue ({len(payload)} bytes) is not of this version of refillspot")
    reader = zstd.ZstdDecompressor(zstd_dict=_dictionary.as_digested_dict)
    packed = reader.decompress(payload[1:], max_length=MAX_BYTES)
    if not reader.eof:
        raise RefusedRequestError(f"an entry of the queue is cut off or has more than {MAX_BYTES} bytes")
    return packed


def _is_deeper(value: object, depth: int) -> bool:
    level = [value]
    for _level in range(depth):
        holders = [one for one in level if isinstance(one, (dict, list, tuple))]
        level = [inner for one in holders for inner in (one.values() if isinstance(one, dict) else one)]
    return bool(level)


def own_format() -> str:
    """Return what this program writes, "<format>/<version>"."""
    return f"{LAYOUT}.{VERSION[0]}/{program_version()}"


def readable_formats() -> set[str]:
    """Return what this program can read, and drain to the end."""
    return {f"{LAYOUT}.{number[0]}" for number in READABLE}


def check_formats(noted: str, crawl_id: str) -> None:
    """Make sure that this program can read a queue that was written in these formats, "1.3/0.1.0 1.4/0.2.0".

    Raises:
        QueueFormatError: it cannot, and which one can.
    """
    readable = readable_formats()
    for format_, program in NOTED.findall(noted):
        if format_ not in readable:
            written = {"id": crawl_id, "program": program or "?", "format": format_}
            own = {"own": program_version(), "formats": ", ".join(sorted(readable))}
            raise QueueFormatError(
                _(
                    "the queue of crawl {id} was written by refillspot {program} (format {format}), and this one, "
                    "{own} (format {formats}), cannot read that."
                ).format(**written, **own),
                _("Go on with that version, or give the crawl up with `scrapy crawls prune {id}`.").format(**written),
            )
