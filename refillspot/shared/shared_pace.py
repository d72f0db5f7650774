"""The one state of politeness in Redis, and the permits that follow from it."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from functools import partial
from importlib.resources import files
from random import uniform
from typing import TYPE_CHECKING, Any, NamedTuple

from refillspot.policies.pace import LONGEST_HOLD_SECONDS, Pace, begin, believed, remembering
from refillspot.policies.politeness import LEASE_SECONDS, Decision
from refillspot.policies.politeness_settings import FASTEST
from refillspot.redis_clients import tell_of_connections
from refillspot.shared.keys import line_key
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
LOOK_SECONDS = 1.0  # who waits asks again after so long; with others before it, after a quarter of their time more
LONGEST_LOOK_SECONDS = 10.0
CONFLICT_SECONDS, LONGEST_CONFLICT_SECONDS = 0.005, 0.25  # before a change that others overtook is made again

RESERVE = CLOCK + files("refillspot.shared").joinpath("lua/reserve.lua").read_text(encoding="utf-8")
# ARGV: answers, errors among them, and microseconds for which they are collected. Returns the time; then, to one worker
# each such while, how many all have counted since.
COUNT = (
    CLOCK
    + """
local now = steady_time(KEYS[1])
local sums = {}
for number, name in ipairs({'answers', 'errors'}) do
  sums[number] = redis.pcall('HINCRBY', KEYS[1], name, ARGV[number])
  if type(sums[number]) == 'table' then -- somebody else wrote there
    redis.pcall('HDEL', KEYS[1], name)
    sums[number] = tonumber(ARGV[number])
  end
end
local since = now - microseconds(redis.pcall('HGET', KEYS[1], 'counted_at'))
if since >= 0 and since < tonumber(ARGV[3]) then
  return {now}
end
redis.pcall('HDEL', KEYS[1], 'answers', 'errors')
redis.pcall('HSET', KEYS[1], 'counted_at', string.format('%.0f', now))
return {now, sums[1], sums[2]}
"""
)


class Lease(NamedTuple):
    """Permits to send, evenly spaced. Times are seconds on the server's clock."""

    first: float
    permits: int
    interval: float
    ask_at: float
    """Without permits: when to ask again."""


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
        self._reserve: Any = client.register_script(f"{WHEN_FULL}\n{RESERVE}")
        self._count: Any = client.register_script(f"{WHEN_FULL}\n{COUNT}")
        self._line = line_key(key)
        self._number: int | str = ""  # in the line of those who wait
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
        lost = 0
        while True:
            await asyncio.sleep(uniform(0, min(lost * CONFLICT_SECONDS, LONGEST_CONFLICT_SECONDS)))  # noqa: S311
            seen = await self._state.seen()
            decision = change(self._believe(seen) or self._begin(seen.now), seen.now)
            if (decision.pace == seen.value and not rewrite) or await self._written(decision.pace, seen.version):
                self._keep(decision.pace)
                return decision
            lost += 1

    async def counted(self, answers: int, errors: int, seconds: float) -> tuple[int, int] | None:
        """Count answers; return, to one worker in so many seconds, what all have counted: it decides upon them."""
        _, *sums = await self._state.timed(self._count, answers, errors, _micro(seconds))
        return (sums[0], sums[1]) if sums else None

    async def reserve(self, wanted: int) -> Lease | None:
        """Lease up to so many permits; None where there is no state yet.

        Without permits where Redis may have forgotten what this worker remembers: then it is looked at first.
        """
        if self._must_look and (await self.get())[0] is None:
            return None
        least = self._last.least_interval if self._last else 1 / self._most
        longest = max(LONGEST_HOLD_SECONDS, least)
        paces = (LEASE_SECONDS, ONE_BY_ONE_INTERVAL, least, longest, LONGEST_HOLD_SECONDS)
        seconds = (*paces, LOOK_SECONDS, LONGEST_LOOK_SECONDS)
        numbers = [wanted, *(max(1, _micro(one)) for one in seconds), self._number]
        _, *granted = await self._state.timed(self._reserve, *numbers, more_keys=[self._line])
        if not granted:
            return None
        born, version, first, ask_at, count, interval, self._number, *odd = granted
        self._must_look |= not self._state.is_known(born, version)
        if self._must_look:
            self._number, count, ask_at = "", 0, 0
        elif odd:
            await self._rewrite(*odd[0])
        return Lease(first / MICROSECONDS, count, interval / MICROSECONDS, ask_at / MICROSECONDS)

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
