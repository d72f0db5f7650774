"""The one state of politeness in Redis, and the permits that follow from it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from refillspot.policies.pace import LONGEST_HOLD_SECONDS, Pace, begin, believed, remembering
from refillspot.policies.politeness import LEASE_SECONDS, Decision
from refillspot.policies.politeness_settings import FASTEST
from refillspot.shared.connections import tell_of_connections
from refillspot.shared.shared_state import CLOCK, MICROSECONDS, WHEN_FULL, SharedState

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from refillspot.policies.politeness import Change
from refillspot.shared.shared_state import Seen, ServerClock

logger = logging.getLogger(__name__)

GATHER_SECONDS = 2.0  # in which every worker that waits hears that Redis has forgotten, and says what it remembers
KEEP_SECONDS = 7 * 24 * 3600  # after the last change; then a site counts as never asked
INTERVAL, HOLD = re.compile(rb"\d{1,10}"), re.compile(rb"\d{1,16}")  # microseconds: an hour, and times of this century
FORGOTTEN = "Redis has forgotten the pace"
SHOWN = 300  # characters of what cannot be, in the log
ONE_BY_ONE_INTERVAL = 0.1  # seconds; from here on permits are granted one by one

# ARGV: permits wanted; in microseconds how far ahead one is given out, the interval from which on they are granted one
# by one, the least and the longest interval that can be, and the longest hold. Returns the time; then, if there is a
# state, when it was born and its version, the first moment, how many (0 = none yet: ask again at that moment), the
# interval, and the interval and the hold as they were written where one of the three was none that can be: the
# strictest is taken for what is no number.
RESERVE = """
local now = steady_time(KEYS[1])
local fields = redis.pcall('HMGET', KEYS[1], 'interval', 'hold', 'last', 'state', 'born', 'version')
if fields.err or not fields[4] then
  return {now}
end
local born, version = fields[5] or '', fields[6] or '0'
local wanted, ahead, one_by_one = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local odd

local function between(least, written, most)
  local number = tonumber(written or '')
  if not number or number ~= number then
    number = most
  end
  local nearest = math.min(math.max(number, least), most)
  if tostring(nearest) ~= tostring(tonumber(written or '')) then
    odd = {fields[1] or '', fields[2] or ''}
  end
  return nearest
end

local interval = between(tonumber(ARGV[4]), fields[1], tonumber(ARGV[5]))
local hold = between(0, fields[2], now + ARGV[6])
if interval >= one_by_one then
  wanted, ahead = 1, math.min(ahead, interval)
end
local last = between(0, fields[3] or 0, now + ARGV[6])
if odd then
  local repaired = {}
  for name, value in pairs({interval = interval, hold = hold, last = last}) do
    repaired[#repaired + 1] = name
    repaired[#repaired + 1] = string.format('%.0f', value)
  end
  redis.call('HSET', KEYS[1], unpack(repaired))
end
local at = math.max(now, hold, last + interval)
if at - now >= ahead then
  return {now, born, version, at - ahead / 2, 0, interval, odd}
end
local count = math.max(1, math.min(wanted, math.floor((now + ahead - at) / interval)))
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', at + (count - 1) * interval))
return {now, born, version, at, count, interval, odd}
"""


class Lease(NamedTuple):
    """Permits to send, evenly spaced. Times are seconds on the server's clock."""

    first: float
    """Without permits: when to ask again."""
    permits: int
    interval: float


class SharedPace:
    """Each method is one or two round trips, and raises what redis-py raises.

    `most` requests a second are believed, should Redis say that the operator allows them. What this program cannot have
    written there is taken as strictly as it can be meant, said once, and written anew. What Redis forgets, this worker
    remembers, and puts back.
    """

    def __init__(self, client: Redis, key: str, configured: float, clock: ServerClock, most: float = FASTEST) -> None:
        self._configured = configured
        self._most = max(configured, most)
        self._believed = partial(believed, configured=configured, most=self._most)
        self._state = SharedState(client, key, Pace, clock, KEEP_SECONDS)
        self._reserve: Any = client.register_script(f"{WHEN_FULL}\n{CLOCK}{RESERVE}")
        self._last: Pace | None = None
        self._has_forgotten = self._must_look = False
        self.was_asked = False
        """Whether the site was asked before, as this worker has heard elsewhere."""
        tell_of_connections(client, self._connected)

    async def get(self) -> tuple[Pace | None, float]:
        """Return the state, None where the site was not asked for a week, and the server's time."""
        while True:
            seen = await self._state.seen()
            pace = self._believe(seen)
            if pace is None or pace == seen.value or await self._written(pace, seen.version):
                self._keep(pace or self._last)
                return pace, seen.now

    async def change(self, change: Change, *, rewrite: bool = False) -> Decision:
        """Decide upon the newest state; begin one where there is none."""
        while True:
            seen = await self._state.seen()
            decision = change(self._believe(seen) or self._begin(seen.now), seen.now)
            if (decision.pace == seen.value and not rewrite) or await self._written(decision.pace, seen.version):
                self._keep(decision.pace)
                return decision

    async def reserve(self, wanted: int) -> Lease | None:
        """Lease up to so many permits; None where there is no state yet.

        Without permits where Redis may have forgotten what this worker remembers: then it is looked at first.
        """
        if self._must_look and (await self.get())[0] is None:
            return None
        least = self._last.least_interval if self._last else 1 / self._most
        seconds = (LEASE_SECONDS, ONE_BY_ONE_INTERVAL, least, max(LONGEST_HOLD_SECONDS, least), LONGEST_HOLD_SECONDS)
        _, *granted = await self._state.timed(self._reserve, wanted, *(max(1, _micro(one)) for one in seconds))
        if not granted:
            return None
        born, version, first, count, interval, *odd = granted
        self._must_look |= not self._state.is_known(born, version)
        if self._must_look:
            return Lease(first / MICROSECONDS, 0, interval / MICROSECONDS)
        if odd:
            await self._rewrite(*odd[0])
        return Lease(first / MICROSECONDS, count, interval / MICROSECONDS)

    async def _rewrite(self, interval: bytes, hold: bytes) -> None:
        """Write what scripts read anew, out of the state. A ceiling that was raised a moment ago is no forgery."""
        pace = (await self.change(_leave, rewrite=True)).pace
        is_number = INTERVAL.fullmatch(interval) and HOLD.fullmatch(hold)
        if not is_number or int(interval) < max(1, _micro(pace.least_interval)):
            self._state.tell(f"interval={interval[:SHOWN]!r}, hold={hold[:SHOWN]!r}")

    def _begin(self, now: float) -> Pace:
        """Return the state of a site of which Redis knows nothing: what this worker does, the slowest if it was asked.

        Others may remember more: nothing leaves until they had the time to say so.
        """
        if self._last:
            pace = self._believed(self._last, now)
        elif self.was_asked:
            pace = begin(self._configured, now)
            pace = replace(pace, rate=pace.floor)
        else:
            return begin(self._configured, now)
        logger.warning("Redis has forgotten how the site may be asked: it goes on with what the workers remember")
        if pace.hold_until >= now + GATHER_SECONDS:
            return pace
        return replace(pace, hold_until=now + GATHER_SECONDS, hold_reason=FORGOTTEN)

    def _connected(self) -> None:
        self._must_look = True

    def _keep(self, pace: Pace | None) -> None:
        self._last = pace
        self._has_forgotten = self._must_look = False

    def _believe(self, seen: Seen[Pace]) -> Pace | None:
        self._has_forgotten |= seen.has_forgotten
        if seen.is_unreadable:
            known = self._believed(self._last or begin(self._configured, seen.now), seen.now)
            return replace(known, rate=known.floor, raised_at=seen.now)
        if seen.value is None:
            return None
        pace = self._believed(seen.value, seen.now)
        if pace != seen.value:
            self._state.tell(str(seen.value)[:SHOWN])
        if self._last is None:
            return pace
        known = self._believed(self._last, seen.now)
        remembered = remembering(pace, seen.now, known, is_other=self._has_forgotten)
        if remembered != pace:
            logger.warning("Redis had forgotten what holds all workers back, and is told again: %s", remembered)
        return remembered

    async def _written(self, pace: Pace, version: bytes) -> bool:
        return await self._state.written(pace, version, interval=_interval(pace), hold=_micro(pace.hold_until))


def _leave(pace: Pace, now: float) -> Decision:  # noqa: ARG001  # a Change
    return Decision(pace)


def _interval(pace: Pace) -> int:
    return max(1, _micro(pace.interval))


def _micro(seconds: float) -> int:
    return round(seconds * MICROSECONDS)
