"""The Redis of the cache as something that may fail at any time: each attempt is short, and a failure is said once."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from redis.exceptions import RedisError, ResponseError

from refillspot.exceptions import RefillspotError
from refillspot.policies.circuit_breaker import CircuitBreaker
from refillspot.redis_clients import once, open_bounded_client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import redis.asyncio
    from redis.commands.core import AsyncScript

T = TypeVar("T")
logger = logging.getLogger(__name__)

REST_SECONDS = 2.0  # between attempts while it is away
CONNECTIONS = 8
ROOM_SECONDS, ROOM_SHARE = 1.0, 0.5  # how often it is looked how full a server is, and how full pages may make it


class CacheAwayError(RefillspotError):
    """The cache cannot be used now. A reason to ask the site, never one to fail."""


class CacheServer:
    """Runs commands. `errors` counts those that failed.

    An attempt may take `answer_seconds`, a connection included.
    """

    def __init__(self, redis_url: str, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._client = open_bounded_client(redis_url, max_connections=CONNECTIONS, timeout=answer_seconds, retry=once())
        self._breaker = CircuitBreaker(REST_SECONDS)
        self._has_refused = False
        self._has_room = True
        self._room_seen_at = float("-inf")
        self.errors = 0

    def register_script(self, source: str) -> AsyncScript:
        """Return a Lua script of this server, to be run in an attempt."""
        return self._client.register_script(source)

    async def attempt(self, work: Callable[[redis.asyncio.Redis], Awaitable[T]]) -> T:
        """Return what `work` returns.

        Raises:
            CacheAwayError: the server failed, now or a moment ago.
        """
        if not self._breaker.allows(monotonic()):
            raise CacheAwayError("it failed a moment ago")
        try:
            async with asyncio.timeout(self._answer_seconds):
                result = await work(self._client)
        except ResponseError as error:  # full, read-only, or not allowed: it is there
            raise self.refused(error) from error
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self.errors += 1
            if self._breaker.failed(monotonic()):
                logger.warning("the page cache is away, every page is asked of the site meanwhile: %r", error)
            raise CacheAwayError("it is away") from error
        if self._breaker.succeeded():
            logger.info("the page cache answers again")
        return result

    def refused(self, error: ResponseError) -> CacheAwayError:
        """Count and say that the server refused a command; return what to raise, if the caller wants to."""
        self.errors += 1
        if not self._has_refused:
            logger.warning("the page cache refuses, pages are not kept: %s", error)
        self._has_refused = True
        return CacheAwayError(str(error))

    async def has_room(self) -> bool:
        """Tell whether a page may be kept: of a server that evicts nothing, half is left to others, as the queue.

        Raises:
            CacheAwayError: see above.
        """
        if monotonic() - self._room_seen_at >= ROOM_SECONDS:
            info: dict[str, Any] = await self.attempt(lambda client: client.info("memory"))
            most = int(info["maxmemory"])
            is_bounded = most > 0 and str(info["maxmemory_policy"]) == "noeviction"
            self._has_room = not is_bounded or int(info["used_memory"]) < ROOM_SHARE * most
            self._room_seen_at = monotonic()
        return self._has_room

    async def evicted_keys(self) -> int:
        """Return how many keys the server has evicted since it was started.

        Raises:
            CacheAwayError: see above.
        """
        info: dict[str, Any] = await self.attempt(lambda client: client.info("stats"))
        return int(info["evicted_keys"])

    async def close(self) -> None:
        await self._client.aclose()
