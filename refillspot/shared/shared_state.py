"""A value in Redis that all workers share: decided upon in Python, and changed only by who saw the newest."""

from __future__ import annotations

import logging
import math
import re
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec

from refillspot.exceptions import UnreadableValueError
from refillspot.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis


logger = logging.getLogger(__name__)
T = TypeVar("T")

MICROSECONDS = 1_000_000
VERSION = re.compile(rb"\d{1,16}")

CLOCK = files("refillspot.shared").joinpath("lua/clock.lua").read_text(encoding="utf-8")
"""Put before each script that goes by the time; it takes its own from the end of ARGV, see `ServerClock.bounds`."""
WHEN_FULL = "#!lua flags=allow-oom"
"""The first line of a script that a full Redis runs all the same: what it writes takes the place of what was there."""
PATIENCE_SECONDS = 0.25  # what a question takes to the server, usually; time stands still for one that takes longer
LEAP_SECONDS = 0.01  # the time may leap by the patience before it is held; by more than this it is not followed at once

# ARGV: seconds after the last change for which a value counts.
READ = """
local now = steady_time(KEYS[1])
local fields = redis.pcall('HMGET', KEYS[1], 'version', 'state', 'born', 'written')
if fields.err then -- no hash
  fields = {false, ''}
end
local written = tonumber(fields[4] or '')
if written and now > written + ARGV[1] * 1000000 then
  fields[2] = false
end
return {now, fields[1] or '0', fields[2], fields[3] or ''}
"""
# ARGV: the version that was seen, then names and values: `state`, and others that scripts read. Returns the new version
# and when this value was first written, nothing if somebody was faster. The key does not expire: no server evicts it
# that spares the queue.
SWAP = """
local now = string.format('%.0f', steady_time(KEYS[1]))
local known = redis.pcall('HGET', KEYS[1], 'version')
if type(known) == 'table' then -- no hash
  redis.call('DEL', KEYS[1])
  known = false
end
if (known or '0') ~= ARGV[1] then
  return false
end
local version = tonumber(ARGV[1])
if not (version and version >= 0 and version < 2 ^ 53) then
  version = 0
end
version = string.format('%.0f', version + 1)
redis.call('HSET', KEYS[1], 'version', version, 'written', now, 'clock_at', now, unpack(ARGV, 2))
redis.call('HSETNX', KEYS[1], 'born', now)
redis.call('PERSIST', KEYS[1])
return {version, redis.call('HGET', KEYS[1], 'born')}
"""


class ServerClock:
    """Each answer narrows down how far the server's clock is ahead of this process' steady one.

    An answer that was read late, because this process was suspended, does not mislead: the server's time lies between
    question and answer, and what was known before is kept as far as that allows. That is told to the server, whose
    scripts go by it where the server's own clock is set: `lua/clock.lua`. A leap is followed when it lasts: until the
    server has heard of it, others have not leapt.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._least, self._most = -math.inf, math.inf
        self._leapt_at: float | None = None

    def note(self, server: float, asked: float, answered: float) -> None:
        """Take the server's time in an answer, with when it was asked for and arrived on `time.monotonic`."""
        earliest, latest = server - answered, server - asked
        if earliest > self._most + LEAP_SECONDS:
            self._leapt_at = self._leapt_at or answered
            if answered - self._leapt_at < 2 * PATIENCE_SECONDS:
                return
        self._leapt_at = None
        self._least, self._most = max(self._least, earliest), min(self._most, latest)
        if self._least > self._most:  # no answer from before says anything
            self._least, self._most = earliest, latest
        known = (earliest + latest) / 2 if self._ahead is None else self._ahead
        self._ahead = min(max(known, earliest), latest)

    def bounds(self) -> tuple[int, int] | tuple[str, str]:
        """Return the earliest and the latest that the server's time can be when it reads this, in microseconds."""
        if self._ahead is None:
            return "", ""
        now = time.monotonic()
        earliest, latest = now + self._least, now + self._most + (0.0 if self._leapt_at else PATIENCE_SECONDS)
        return math.floor(earliest * MICROSECONDS), math.ceil(latest * MICROSECONDS)

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
    has_forgotten: bool = False
    """Redis knows another one than this worker did, or an older one."""


class SharedState(Generic[T]):
    """Each method is one round trip, and raises what redis-py raises. Times are seconds on the server's clock."""

    def __init__(self, client: Redis, key: str, shape: type[T], clock: ServerClock, keep_seconds: int) -> None:
        self._key = key
        self._shape = shape
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._has_told = False
        self._known: tuple[bytes, int] | None = None  # when it was born, and the version
        self._read: Any = client.register_script(CLOCK + READ)
        self._swap: Any = client.register_script(f"{WHEN_FULL}\n{CLOCK}{SWAP}")

    async def seen(self) -> Seen[T]:
        now, version, state, born = await self.timed(self._read, self._keep_seconds)
        has_forgotten = not self.is_known(born, version)
        self._known = born, _number(version)
        value, is_unreadable = None, False
        if state is not None:
            try:
                value = read_json(state, self._shape)
            except UnreadableValueError as error:
                self.tell(str(error))
                is_unreadable = True
        return Seen(value, version, now / MICROSECONDS, is_unreadable, has_forgotten)

    def is_known(self, born: bytes, version: bytes) -> bool:
        """Tell whether this can follow upon what this worker has seen."""
        return self._known is None or (born == self._known[0] and _number(version) >= self._known[1])

    async def written(self, value: T, version: bytes, **fields: int) -> bool:
        """Write a value with further fields beside it, unless somebody was faster."""
        given = {"state": msgspec.json.encode(value), **fields}
        parts = [part for pair in given.items() for part in pair]
        arguments = [version, *parts, *self._clock.bounds()]
        swapped: list[bytes] | None = await self._swap(keys=[self._key], args=arguments)
        if swapped:
            self._known = swapped[1], _number(swapped[0])
        return bool(swapped)

    async def timed(self, script: Any, *arguments: Any, more_keys: Sequence[str] = ()) -> list[Any]:
        """Return the answer of a script that begins with the server's time in microseconds."""
        asked = time.monotonic()
        answer: list[Any] = await script(keys=[self._key, *more_keys], args=[*arguments, *self._clock.bounds()])
        self._clock.note(answer[0] / MICROSECONDS, asked, time.monotonic())
        return answer

    def tell(self, what: str) -> None:
        """Say once that something else than this program must have written there."""
        if not self._has_told:
            logger.warning("%s in Redis holds what this program does not write there: %s", self._key, what)
        self._has_told = True


def _number(version: bytes) -> int:
    """0 for what somebody else has put there."""
    return int(version) if VERSION.fullmatch(version) else 0
