"""The page cache that all workers share, and the leases by which only one of them fetches a page."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.exceptions import ResponseError

from refillspot.shared.cache_server import CacheAwayError, CacheServer
from refillspot.shared.page import VERSION, Page, UnreadablePageError, decode_page, encode_page

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

# Only who holds a lease may end or prolong it. KEYS[1] the lease, ARGV[1] its token, ARGV[2] milliseconds.
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"


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
    """Keys: `<prefix>:<version>:<fingerprint>`, and the same with `:lease`. No method raises for a Redis that fails.

    `max_bytes` bounds a page's body, and what is read for one. A lease is renewed until it is released, and ends
    `lease_seconds` after its holder died. Pages say when they were fetched; whether that is fresh is not judged here.
    """

    def __init__(self, server: CacheServer, prefix: str, *, max_bytes: int, lease_seconds: float) -> None:
        self.server = server
        self.stats = CacheStats()
        self._prefix = f"{prefix}:{VERSION}:"
        self._max_bytes = max_bytes
        self._lease_ms = max(1, round(lease_seconds * 1000))
        self._held: set[tuple[str, str]] = set()  # keys of leases, with their tokens
        self._renewing: asyncio.Task[None] | None = None

    async def read(self, fingerprint: bytes) -> Page | None:
        """Return the page that is kept, None if there is none that can be used."""
        with suppress(CacheAwayError):
            key = self._key(fingerprint)
            # A longer value than a page can have is not read to its end.
            value: Any = await self.server.attempt(lambda client: client.getrange(key, 0, self._max_bytes))
            return self._decode(value, fingerprint)
        return None

    async def claim(self, fingerprint: bytes, token: str) -> Claim:
        """Take the lease if it is free, and look once more for the page, in one step."""
        try:
            is_taken, value = await self.server.attempt(lambda client: self._claim(client, fingerprint, token))
        except CacheAwayError:
            return Claim(granted=True, page=None)
        if isinstance(is_taken, ResponseError):  # a full server: it is still read
            self.server.refused(is_taken)
            return Claim(granted=True, page=self._decode(value, fingerprint))
        if is_taken:
            self._hold(self._lease_key(fingerprint), token)
        return Claim(granted=bool(is_taken), page=self._decode(value, fingerprint))

    async def write(self, fingerprint: bytes, page: Page, keep_seconds: float) -> bool:
        """Keep a page for others; False if it is too large, or the cache away."""
        if len(page.body) > self._max_bytes:
            self.stats.too_large += 1
            return False
        value = encode_page(page, fingerprint)
        if len(value) > self._max_bytes:  # could not be read again
            self.stats.too_large += 1
            return False
        with suppress(CacheAwayError):
            key, keep_ms = self._key(fingerprint), max(1, round(keep_seconds * 1000))
            await self.server.attempt(lambda client: client.set(key, value, px=keep_ms))
            self.stats.stored += 1
            return True
        return False

    async def release(self, fingerprint: bytes, token: str) -> None:
        """End a lease, if it is still this one."""
        lease = self._lease_key(fingerprint), token
        if lease in self._held:
            self._held.remove(lease)
            with suppress(CacheAwayError):
                await self.server.attempt(lambda client: client.eval(RELEASE, 1, *lease))

    async def close(self) -> None:
        if self._renewing:
            self._renewing.cancel()
        await self.server.close()

    @staticmethod
    def new_token() -> str:
        return secrets.token_hex(8)

    def _key(self, fingerprint: bytes) -> str:
        return self._prefix + fingerprint.hex()

    def _lease_key(self, fingerprint: bytes) -> str:
        return f"{self._key(fingerprint)}:lease"

    def _decode(self, value: bytes, fingerprint: bytes) -> Page | None:
        if not value:
            return None
        try:
            return decode_page(value, fingerprint, self._max_bytes)
        except UnreadablePageError as error:
            self.stats.corrupt += 1
            logger.warning("%s in the page cache cannot be used: %s", self._key(fingerprint), error)
            return None

    async def _claim(self, client: Redis, fingerprint: bytes, token: str) -> list[Any]:
        # In this order no transaction is needed: a page is written before the lease on it ends.
        pipeline = client.pipeline(transaction=False)
        pipeline.set(self._lease_key(fingerprint), token, nx=True, px=self._lease_ms)
        pipeline.getrange(self._key(fingerprint), 0, self._max_bytes)
        return await pipeline.execute(raise_on_error=False)

    def _hold(self, key: str, token: str) -> None:
        self._held.add((key, token))
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="cache leases")

    async def _renew(self) -> None:
        """Keep what is held alive; a lease that was lost all the same is lost: its page is fetched twice."""
        while self._held:
            await asyncio.sleep(self._lease_ms / 1000 / 3)
            with suppress(CacheAwayError):
                await self.server.attempt(self._renew_all)

    async def _renew_all(self, client: Redis) -> None:
        pipeline = client.pipeline(transaction=False)
        for key, token in self._held:
            pipeline.eval(RENEW, 1, key, token, str(self._lease_ms))
        await pipeline.execute()
