"""A value in Redis that all workers share: decided upon in Python, and changed only by who saw the newest."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from refillspot.shared.server_clock import ServerClock

logger = logging.getLogger(__name__)
T = TypeVar("T")

MICROSECONDS = 1_000_000

READ = """
local time = redis.call('TIME')
local fields = redis.call('HMGET', KEYS[1], 'version', 'state')
return {time[1] * 1000000 + time[2], fields[1] or '0', fields[2]}
"""
# ARGV: the version that was seen, seconds to keep, then names and values: `state`, and others that scripts read.
SWAP = """
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', ARGV[1] + 1), unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class SharedState(Generic[T]):
    """Each method is one round trip, and raises what redis-py raises. Times are seconds on the server's clock."""

    def __init__(self, client: Redis, key: str, shape: type[T], clock: ServerClock, keep_seconds: int) -> None:
        self._key = key
        self._shape = shape
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._read: Any = client.register_script(READ)
        self._swap: Any = client.register_script(SWAP)

    async def seen(self) -> tuple[T | None, bytes, float]:
        """Return the value, None where there is none, its version, and the server's time."""
        now, version, state = await self.timed(self._read)
        return self._decode(state), version, now / MICROSECONDS

    async def written(self, value: T, version: bytes, **fields: int) -> bool:
        """Write a value with further fields beside it, unless somebody was faster."""
        given = {"state": msgspec.json.encode(value), **fields}
        parts = [part for pair in given.items() for part in pair]
        return bool(await self._swap(keys=[self._key], args=[version, self._keep_seconds, *parts]))

    async def timed(self, script: Any, *arguments: Any) -> list[Any]:
        """Return the answer of a script that begins with the server's time in microseconds."""
        asked = time.monotonic()
        answer: list[Any] = await script(keys=[self._key], args=arguments)
        self._clock.note(answer[0] / MICROSECONDS, asked, time.monotonic())
        return answer

    def _decode(self, state: bytes | None) -> T | None:
        if state is None:
            return None
        try:
            return msgspec.json.decode(state, type=self._shape)
        except msgspec.MsgspecError as error:
            logger.warning("%s in Redis cannot be read and begins anew: %s", self._key, error)
            return None
