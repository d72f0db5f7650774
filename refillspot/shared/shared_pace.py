"""The one state of politeness in Redis, and the permits that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from refillspot.politeness import LEASE_SECONDS, Pace, begin
from refillspot.shared.shared_state import MICROSECONDS, SharedState

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from refillspot.politeness import Change, Decision
    from refillspot.shared.server_clock import ServerClock

KEEP_SECONDS = 7 * 24 * 3600  # after the last change; then a site counts as never asked
ONE_BY_ONE_INTERVAL = 0.1  # seconds; from here on permits are granted one by one

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
        self._configured = configured
        self._state = SharedState(client, key, Pace, clock, KEEP_SECONDS)
        self._reserve: Any = client.register_script(RESERVE)

    async def get(self) -> tuple[Pace | None, float]:
        """Return the state, None where the site was not asked for a week, and the server's time."""
        pace, _, now = await self._state.seen()
        return pace, now

    async def change(self, change: Change) -> Decision:
        """Decide upon the newest state; begin one where there is none."""
        while True:
            pace, version, now = await self._state.seen()
            decision = change(pace or begin(self._configured, now), now)
            if decision.pace == pace or await self._written(decision.pace, version):
                return decision

    async def reserve(self, wanted: int) -> Lease | None:
        """Lease up to so many permits; None where there is no state yet."""
        arguments = [wanted, round(LEASE_SECONDS * MICROSECONDS), round(ONE_BY_ONE_INTERVAL * MICROSECONDS)]
        _, *granted = await self._state.timed(self._reserve, *arguments)
        if not granted:
            return None
        first, count, interval = granted
        return Lease(first / MICROSECONDS, count, interval / MICROSECONDS)

    async def _written(self, pace: Pace, version: bytes) -> bool:
        hold, interval = round(pace.hold_until * MICROSECONDS), max(1, round(pace.interval * MICROSECONDS))
        return await self._state.written(pace, version, interval=interval, hold=hold)
