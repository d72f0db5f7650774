"""A value in Redis that all workers share: decided upon in Python, and changed only by who saw the newest."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec

from refillspot.exceptions import UnreadableValueError
from refillspot.untrusted import read_json

if TYPE_CHECKING:
    from redis.asyncio import Redis


logger = logging.getLogger(__name__)
T = TypeVar("T")

MICROSECONDS = 1_000_000

READ = """
local time = redis.call('TIME')
local fields = redis.pcall('HMGET', KEYS[1], 'version', 'state')
if fields.err then -- no hash
  fields = {false, ''}
end
return {time[1] * 1000000 + time[2], fields[1] or '0', fields[2]}
"""
# ARGV: the version that was seen, seconds to keep, then names and values: `state`, and others that scripts read.
SWAP = """
local known = redis.pcall('HGET', KEYS[1], 'version')
if type(known) == 'table' then -- no hash
  redis.call('DEL', KEYS[1])
  known = false
end
if (known or '0') ~= ARGV[1] then
  return 0
end
local version = tonumber(ARGV[1])
if not (version and version >= 0 and version < 2 ^ 53) then
  version = 0
end
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version + 1), unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class ServerClock:
    """Each answer narrows down how far the server's clock is ahead of this process' steady one.

    An answer that was read late, because this process was suspended, does not mislead: the server's time lies between
    question and answer, and what was known before is kept as far as that allows. A clock that was set is followed.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def note(self, server: float, asked: float, answered: float) -> None:
        """Take the server's time in an answer, with when it was asked for and arrived on `time.monotonic`."""
        earliest, latest = server - answered, server - asked
        known = (earliest + latest) / 2 if self._ahead is None else self._ahead
        self._ahead = min(max(known, earliest), latest)

    def local(self, server: float) -> float:
        """Return a time of the server on `time.monotonic`."""
        assert self._ahead is not None  # noqa: S101  # whoever has a time of the server has noted one
        return server - self._ahead

    def seconds_until(self, server: float) -> float:
        return self.local(server) - time.monotonic()


class Seen(NamedTuple, Generic[T]):
    value: T | None
    """None where there is none, or none that can be read."""
    version: bytes
    now: float
    """The server's time."""
    is_unreadable: bool = False


class SharedState(Generic[T]):
    """Each method is one round trip, and raises what redis-py raises. Times are seconds on the server's clock."""

    def __init__(self, client: Redis, key: str, shape: type[T], clock: ServerClock, keep_seconds: int) -> None:
        self._key = key
        self._shape = shape
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._has_told = False
        self._read: Any = client.register_script(READ)
        self._swap: Any = client.register_script(SWAP)

    async def seen(self) -> Seen[T]:
        now, version, state = await self.timed(self._read)
        if state is None:
            return Seen(None, version, now / MICROSECONDS)
        try:
            return Seen(read_json(state, self._shape), version, now / MICROSECONDS)
        except UnreadableValueError as error:
            self.tell(str(error))
            return Seen(None, version, now / MICROSECONDS, is_unreadable=True)

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

    def tell(self, what: str) -> None:
        """Say once that something else than this program must have written there."""
        if not self._has_told:
            logger.warning("%s in Redis holds what this program does not write there: %s", self._key, what)
        self._has_told = True
