"""The page cache that all workers share, and the leases by which only one of them fetches a page.

A page is kept as a version byte, then compressed msgpack that names its fields.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, NamedTuple

import msgspec
from redis.exceptions import ResponseError

from refillspot.batches import Batches
from refillspot.exceptions import RefillspotError
from refillspot.policies.caching import Kind  # noqa: TC001  # as above
from refillspot.shared.cache_server import CacheAwayError, CacheServer
from refillspot.shared.keys import CacheKeys
from refillspot.untrusted import FIRST_YEAR, LAST_YEAR, UNREADABLE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Operation = tuple[str | bytes | int, ...]

logger = logging.getLogger(__name__)

LARGEST_BATCH = 64  # operations; whoever asks first is not to wait for everybody
PATIENCE_SECONDS = 0.01  # for which what nobody waits for is collected
SCRIPT = files("refillspot.shared").joinpath("lua/pages.lua").read_text(encoding="utf-8")
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


def forget_pages(client: Any, prefix: str, said: str, max_bytes: int) -> int:
    """Drop each page that has `said` in it, lists as well; return how many it were. For commands: this blocks.

    One that cannot be read is dropped, too: nobody knows what is in it.
    """
    dropped = 0
    for key in client.scan_iter(CacheKeys(prefix, VERSION).all, count=1000, _type="string"):
        value: bytes = client.get(key) or b""
        if not value.startswith(_PREFIX):
            continue  # a lease
        with suppress(zstd.ZstdError, EOFError, UnreadablePageError):
            if said.encode() not in _decompress(value[1:], max_bytes + OVERHEAD_BYTES):
                continue
        dropped += client.unlink(key)
    return dropped


@dataclass(slots=True)
class CacheStats:
    stored: int = 0
    too_large: int = 0
    """Pages beyond the limit, which are not kept."""
    corrupt: int = 0
    """Values that were no page of this version, taken for absent."""


class Claim(NamedTuple):
    """The answer to "may I fetch this page?": at most one worker is told so at a time, unless the cache is away."""

    granted: bool
    page: Page | None


class PageCache:
    """No method raises for a Redis that fails.

    `max_bytes` bounds a page's body, and what is read for one. A lease is renewed until it is released, and ends
    `lease_seconds` after its holder died. Pages say when they were fetched; whether that is fresh is not judged here.
    """

    def __init__(self, server: CacheServer, prefix: str, *, max_bytes: int, lease_seconds: float) -> None:
        self.server = server
        self.stats = CacheStats()
        self._keys = CacheKeys(prefix, VERSION)
        self._max_bytes = max_bytes
        self._lease_ms = max(1, round(lease_seconds * 1000))
        self._held: set[tuple[str, str]] = set()  # keys of leases, with their tokens
        self._operate = server.register_script(SCRIPT)
        self._batches: Batches[Operation, Any] = Batches(
            self._send, largest=LARGEST_BATCH, longest_seconds=PATIENCE_SECONDS
        )
        self._renewing: asyncio.Task[None] | None = None

    async def read(self, fingerprint: bytes, token: str = "") -> Page | None:
        """Return the page that is kept; None if there is none that can be used.

        With a token the lease on a page that is not there is taken in the same step, if it is free: see `holds`.
        """
        with suppress(CacheAwayError):
            value, is_taken = await self._look("read", fingerprint, token)
            if is_taken and not isinstance(is_taken, ResponseError):
                self._hold(self._keys.lease(fingerprint), token)
            return self._decode(value, fingerprint)
        return None

    async def claim(self, fingerprint: bytes, token: str) -> Claim:
        """Take the lease if it is free, and look once more for the page, in one step."""
        try:
            value, is_taken = await self._look("claim", fingerprint, token)
        except CacheAwayError:
            return Claim(granted=True, page=None)
        if isinstance(is_taken, ResponseError):  # a full server: it is still read
            self.server.refused(is_taken)
        elif is_taken:
            self._hold(self._keys.lease(fingerprint), token)
        return Claim(granted=bool(is_taken), page=self._decode(value, fingerprint))

    async def write(self, fingerprint: bytes, page: Page, keep_seconds: float, token: str = "") -> bool:
        """Keep a page for others, and end the lease on it; False if it is too large, or the cache away."""
        if len(page.body) > self._max_bytes:
            self.stats.too_large += 1
            return False
        value = encode_page(page, fingerprint)
        if len(value) > self._max_bytes:  # could not be read again
            self.stats.too_large += 1
            return False
        with suppress(CacheAwayError):
            if not await self.server.has_room():
                raise self.server.refused(ResponseError("it evicts nothing, and half of its memory is in use"))
            lease = self._keys.lease(fingerprint), token
            keep_ms, held = max(1, round(keep_seconds * 1000)), token if lease in self._held else ""
            kept = await self._batches.add(("keep", self._keys.page(fingerprint), value, keep_ms, lease[0], held))
            if isinstance(kept, ResponseError):
                raise self.server.refused(kept)
            self._held.discard(lease)
            self.stats.stored += 1
            return True
        return False

    def holds(self, fingerprint: bytes, token: str) -> bool:
        """Tell whether there is a lease to be released."""
        return (self._keys.lease(fingerprint), token) in self._held

    async def release(self, fingerprint: bytes, token: str) -> None:
        """End a lease, if it is still this one."""
        lease = self._keys.lease(fingerprint), token
        if lease in self._held:
            self._held.remove(lease)
            with suppress(CacheAwayError):
                await self._batches.add(("release", *lease))

    async def begun(self, now: datetime) -> datetime | None:
        """Return since when this cache is filled: since `now` if it knows nothing. None if that cannot be known.

        A cache that was emptied has forgotten this as well.
        """
        name, value = self._keys.begun, now.isoformat()
        with suppress(CacheAwayError, ValueError):
            kept = await self.server.attempt(lambda client: client.set(name, value, nx=True, get=True))
            return datetime.fromisoformat(kept.decode("ascii")) if isinstance(kept, bytes) else now
        return None

    async def close(self) -> None:
        if self._renewing:
            self._renewing.cancel()
        await self.server.close()

    @staticmethod
    def new_token() -> str:
        return secrets.token_hex(8)

    def _decode(self, value: bytes | ResponseError, fingerprint: bytes) -> Page | None:
        if isinstance(value, ResponseError):  # it is no string
            self.server.refused(value)
            return None
        if not value:
            return None
        try:
            return decode_page(value, fingerprint, self._max_bytes)
        except UnreadablePageError as error:
            self.stats.corrupt += 1
            logger.warning("%s in the page cache cannot be used: %s", self._keys.page(fingerprint), error)
            return None

    async def _look(self, operation: str, fingerprint: bytes, token: str) -> list[Any]:
        key, lease = self._keys.page(fingerprint), self._keys.lease(fingerprint)
        answer = self._batches.add((operation, key, self._max_bytes, lease, token, self._lease_ms))
        self._batches.flush()  # somebody waits, and what was collected goes along
        found: list[Any] = await answer
        return found

    async def _send(self, operations: list[Operation]) -> list[Any]:
        arguments = [argument for operation in operations for argument in operation]
        answers: list[Any] = await self.server.attempt(lambda _: self._operate(args=arguments))
        return answers

    def _hold(self, key: str, token: str) -> None:
        self._held.add((key, token))
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="cache leases")

    async def _renew(self) -> None:
        """Keep what is held alive; a lease that was lost all the same is lost: its page is fetched twice."""
        while self._held:
            await asyncio.sleep(self._lease_ms / 1000 / 3)
            await asyncio.gather(*(self._prolong(*lease) for lease in self._held))

    async def _prolong(self, lease: str, token: str) -> None:
        with suppress(CacheAwayError):
            await self._batches.add(("renew", lease, token, self._lease_ms))
