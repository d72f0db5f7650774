"""One request budget for all workers, on the clock of the Redis server."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis.asyncio
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from typing import Self

logger = logging.getLogger(__name__)

# The next free moment of the site, evenly spaced: given away, and moved on by one interval, in one step.
# KEYS[1] the next free moment, ARGV[1] the interval; all in microseconds. Returns how long to wait.
RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
redis.call('SET', KEYS[1], string.format('%.0f', at + ARGV[1]), 'PX', math.ceil((at + ARGV[1] - now) / 1000) + 1000)
return string.format('%.0f', at - now)
"""
MICROSECONDS = 1_000_000
TOLERANCE = 0.1  # seconds; an event loop that lags this little harms nobody
REDIS_AWAY_WAIT = 1.0  # seconds between attempts


@dataclass(slots=True)
class BudgetStats:
    permits: int = 0
    discarded: int = 0
    """Permits that came too late to be used, after a suspension or a stall."""
    waited_seconds: float = 0.0


class RequestBudget:
    """Grants one request at a time. A worker holds at most one permit, so a dead one wastes at most one.

    Without Redis there is no permit: a worker waits for it, and asks again.
    """

    def __init__(self, client: redis.asyncio.Redis, key: str, requests_per_second: float) -> None:
        self._client = client
        self._key = key
        self._interval = 1 / requests_per_second
        self._reserve = client.register_script(RESERVE)
        self._turn = asyncio.Lock()
        self.stats = BudgetStats()

    @classmethod
    def from_url(cls, redis_url: str, key: str, requests_per_second: float) -> Self:
        return cls(redis.asyncio.Redis.from_url(redis_url), key, requests_per_second)

    async def permit(self) -> None:
        """Return when one request may leave, now."""
        async with self._turn:
            while not await self._wait_for_moment():
                self.stats.discarded += 1
            self.stats.permits += 1

    async def close(self) -> None:
        await self._client.aclose()

    async def _wait_for_moment(self) -> bool:
        """Sleep until the reserved moment; False when it is past by more than an interval, and so not ours any more."""
        clock = asyncio.get_running_loop().time
        wait = await self._reserve_moment()
        due = clock() + wait
        await asyncio.sleep(wait)
        self.stats.waited_seconds += wait
        return clock() - due <= max(self._interval, TOLERANCE)

    async def _reserve_moment(self) -> float:
        away = False
        while True:
            try:
                return int(await self._reserve([self._key], [round(self._interval * MICROSECONDS)])) / MICROSECONDS
            except (RedisError, OSError) as error:
                if not away:
                    logger.warning("no request leaves without the shared budget, and Redis is away: %s", error)
                away = True
                await asyncio.sleep(REDIS_AWAY_WAIT)
