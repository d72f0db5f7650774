"""The one state of politeness in Redis: decided upon in Python, changed only by who saw the newest."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from refillspot.politeness import LEASE_SECONDS, Pace, begin

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from refillspot.politeness import Change, Decision
    from refillspot.shared.server_clock import ServerClock

logger = logging.getLogger(__name__)

MICROSECONDS = 1_000_000
KEEP_SECONDS = 7 * 24 * 3600  # after the last change; then a site counts as never asked
ONE_BY_ONE_INTERVAL = 0.1  # seconds; from here on permits are granted one by one

READ = """
local time = redis.call('TIME')
local fields = redis.call('HMGET', KEYS[1], 'version', 'state')
return {time[1] * 1000000 + time[2], fields[1] or '0', fields[2]}
"""
# ARGV: the version that was seen, the new state, interval and end of the hold in microseconds, seconds to keep.
SWAP = """
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', ARGV[1] + 1), 'state', ARGV[2],
  'interval', ARGV[3], 'hold', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""
# ARGV: permits wanted, how far ahead one is given out and the interval from which on they are granted one by one, in
# microseconds. Returns the time, the first moment, how many (0 = none yet: ask again at that moment) and the interval.
RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local fields = redis.call('HMGET', KEYS[1], 'interval', 'hold', 'last')
if not fields[1] then
  return {now}
end
local wanted, ahead, one_by_one = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval, hold = tonumber(fields[1]), tonumber(fields[2])
if interval >= one_by_one then
  wanted, ahead = 1, math.min(ahead, interval)
end
local last = math.min(tonumber(fields[3] or 0), now + ahead) -- later only if the clock was set back
local at = math.max(now, hold, last + interval)
if at - now >= ahead then
  return {now, at - ahead / 2, 0, interval}
end
local count = math.max(1, math.min(wanted, math.floor((now + ahead - at) / interval)))
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', at + (count - 1) * interval))
return {now, at, count, interval}
"""


class Lease(NamedTuple):
    """Permits to send, evenly spaced. Times are seconds on the server's clock."""

    first: float
    """Without permits: when to ask again."""
    permits: int
    interval: float


class SharedPace:
    """Each method is one or two round trips, and raises what redis-py raises."""

    def __init__(self, client: Redis, key: str, configured: float, clock: ServerClock) -> None:
        self._key = key
        self._configured = configured
        self._clock = clock
        self._read: Any = client.register_script(READ)
        self._swap: Any = client.register_script(SWAP)
        self._reserve: Any = client.register_script(RESERVE)

    async def get(self) -> tuple[Pace | None, float]:
        """Return the state, None where the site was not asked for a week, and the server's time."""
        pace, _, now = await self._seen()
        return pace, now

    async def change(self, change: Change) -> Decision:
        """Decide upon the newest state; begin one where there is none."""
        while True:
            pace, version, now = await self._seen()
            decision = change(pace or begin(self._configured, now), now)
            if decision.pace == pace or await self._written(decision.pace, version):
                return decision

    async def reserve(self, wanted: int) -> Lease | None:
        """Lease up to so many permits; None where there is no state yet."""
        arguments = [wanted, round(LEASE_SECONDS * MICROSECONDS), round(ONE_BY_ONE_INTERVAL * MICROSECONDS)]
        _, *granted = await self._timed(self._reserve, arguments)
        if not granted:
            return None
        first, count, interval = granted
        return Lease(first / MICROSECONDS, count, interval / MICROSECONDS)

    async def _seen(self) -> tuple[Pace | None, bytes, float]:
        now, version, state = await self._timed(self._read, [])
        return _decode(state), version, now / MICROSECONDS

    async def _written(self, pace: Pace, version: bytes) -> bool:
        hold, interval = round(pace.hold_until * MICROSECONDS), max(1, round(pace.interval * MICROSECONDS))
        arguments = [version, msgspec.json.encode(pace), interval, hold, KEEP_SECONDS]
        return bool(await self._swap(keys=[self._key], args=arguments))

    async def _timed(self, script: Any, arguments: list[Any]) -> list[Any]:
        asked = time.monotonic()
        answer: list[Any] = await script(keys=[self._key], args=arguments)
        self._clock.note(answer[0] / MICROSECONDS, asked, time.monotonic())
        return answer


def _decode(state: bytes | None) -> Pace | None:
    if state is None:
        return None
    try:
        return msgspec.json.decode(state, type=Pace)
    except msgspec.MsgspecError as error:
        logger.warning("the shared pace in Redis cannot be read and begins anew: %s", error)
        return None
