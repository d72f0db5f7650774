"""One request budget for all workers, on the clock of the Redis server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from redis.exceptions import RedisError

from refillspot.policies import politeness
from refillspot.policies.circuit_breaker import CircuitBreaker
from refillspot.policies.politeness import Decision
from refillspot.policies.politeness_settings import FASTEST
from refillspot.redis_clients import connect
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import ServerClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from refillspot.policies.pace import Pace
    from refillspot.policies.politeness import Change
    from refillspot.shared.shared_pace import Lease

logger = logging.getLogger(__name__)
T = TypeVar("T")

TIMER_RESOLUTION = 0.001  # seconds, of event loops: a wait for less takes as long, or spins
TOLERANCE = 0.01  # seconds; a permit may be late by half an interval, and by this where the pace is above 50/s
LONGEST_SLEEP = 1.0  # seconds; then it is asked again whether the pace is another, and whether the crawl ends
REMINDER_SECONDS = 60.0  # a silent minute says what is waited for
REPORT_SECONDS = 1.0  # answers are counted together for so long


@dataclass(slots=True)
class BudgetStats:
    permits: int = 0
    discarded: int = 0
    """Permits that came too late to be used, after a suspension or a stall, or whose time fell into a hold."""
    waited_seconds: float = 0.0
    redis_outages: int = 0


class Moment(NamedTuple):
    """When one request may leave, on the server's clock, and by how many seconds it may be late."""

    at: float
    tolerance: float
    lead: float
    """Of this machine's clock before its steady one, when it was granted."""


class RequestBudget:
    """Grants requests at the pace that all workers share, and tells them what each has seen of the site.

    A worker that dies wastes at most its lease, 250 ms of the budget, and its place in the line, half of that; one
    that was suspended fires nothing stale.
    Without Redis there is no permit: a worker waits for it, and asks again. `told` hears of each decision of this
    worker, `is_ending` says when waiting is no use any more. Of a ceiling in Redis `most` is believed.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the first three say what, the others have a default
        self,
        redis_url: str,
        key: str,
        requests_per_second: float,
        told: Callable[[Decision], None] = lambda _: None,
        is_ending: Callable[[], bool] = lambda: False,
        most: float = FASTEST,
    ) -> None:
        self._client = connect(redis_url)
        self._clock = ServerClock()
        self._pace = SharedPace(self._client, key, requests_per_second, self._clock, most)
        self._configure = partial(politeness.configure, configured=requests_per_second)
        self._told = told
        self._is_ending = is_ending
        self._is_configured = False
        self._redis = CircuitBreaker()
        self._turn = asyncio.Lock()
        self._wanting = 0
        self._moments: deque[Moment] = deque()
        self._seen: Pace | None = None
        self._told_at = 0.0
        self._hold_until = 0.0
        self.ceiling = requests_per_second
        """Requests/s that the operator allows, as far as this worker has seen."""
        self._answers = self._errors = 0
        self._reported_at = 0.0
        self.stats = BudgetStats()

    async def permit(self) -> float | None:
        """Return when one request may leave, now, with the server's time; None when the crawl ends meanwhile."""
        began = time.monotonic()
        try:
            while moment := await self._next_moment():
                if await self._reached(moment):
                    self.stats.permits += 1
                    return moment.at
                self.stats.discarded += 1
            return None
        finally:
            self.stats.waited_seconds += time.monotonic() - began

    async def look(self) -> None:
        """Hear what holds all workers back, before the first request asks for its turn."""
        with suppress(RedisError, OSError):  # whoever waits for a permit says so
            await self._look()

    def note_asked(self) -> None:
        """Note that the site was asked before: if Redis knows nothing of it, it has forgotten."""
        self._pace.was_asked = True

    async def change(self, change: Change) -> Decision | None:
        """Decide for all workers; waits while Redis is away. None when the crawl ends before it is back."""
        decision = await self._patiently(lambda: self._pace.change(change))
        if decision:
            self._note(decision)
        return decision

    async def answered(self, *, is_error: bool) -> None:
        """Count an answer, or its absence. Told to all together with others, when Redis is there."""
        self._answers += 1
        self._errors += is_error
        if time.monotonic() - self._reported_at < REPORT_SECONDS:
            return
        answers, errors = self._answers, self._errors
        self._answers, self._errors, self._reported_at = 0, 0, time.monotonic()
        try:
            if (all_workers := await self._pace.counted(answers, errors, REPORT_SECONDS)) is None:
                await self._look()
                return
            answers, errors = all_workers
            self._note(await self._pace.change(partial(politeness.note_answers, answers=answers, errors=errors)))
        except (RedisError, OSError):  # whoever waits for a permit says so
            self._answers += answers
            self._errors += errors

    def seconds_held(self) -> float:
        """Return for how long nothing leaves, as far as this worker has seen."""
        return max(0.0, self._clock.seconds_until(self._hold_until)) if self._hold_until else 0.0

    async def close(self) -> None:
        await self._client.aclose()

    async def _next_moment(self) -> Moment | None:
        self._wanting += 1
        try:
            async with self._turn:
                while not self._moments:
                    await asyncio.sleep(0)  # who comes at the same time is counted, and need not ask
                    lease = await self._patiently(self._lease)
                    if lease is None or self._is_ending():
                        return None
                    await self._wait_or_take(lease)
                return self._moments.popleft()
        finally:
            self._wanting -= 1

    async def _lease(self) -> Lease:
        if not self._is_configured:
            self._note(await self._pace.change(self._configure))
            self._is_configured = True
        while (lease := await self._pace.reserve(self._wanting)) is None:  # Redis has lost it
            self._note(await self._pace.change(self._configure))
        return lease

    async def _wait_or_take(self, lease: Lease) -> None:
        wait = self._clock.seconds_until(lease.first)
        was_lifted = bool(lease.permits) and lease.first < self._hold_until
        if was_lifted or wait > LONGEST_SLEEP:  # others may have decided what this worker has not heard of
            await self._patiently(self._look)
            self._remind()
        if self._seen and self._seen.stopped_at:
            await asyncio.sleep(LONGEST_SLEEP)
        elif not lease.permits:
            due = self._clock.local(lease.ask_at)
            while (left := due - time.monotonic()) > 0 and not self._is_ending():  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(min(left, LONGEST_SLEEP))
        else:
            tolerance = max(lease.interval / 2, TOLERANCE)
            moments = (lease.first + number * lease.interval for number in range(lease.permits))
            self._moments.extend(Moment(at, tolerance, _lead()) for at in moments)

    async def _look(self) -> None:
        pace, _ = await self._pace.get()
        if pace:
            self._note(Decision(pace))

    async def _reached(self, moment: Moment) -> bool:
        """Sleep until then; False when it is past by too much, and so not ours any more, or nothing may leave.

        While this machine sleeps its steady clock stands still, and the other one does not.
        """
        due = self._clock.local(moment.at)
        while (wait := due - time.monotonic()) >= TIMER_RESOLUTION:  # noqa: ASYNC110  # a timer may be early
            await asyncio.sleep(wait)
        late = max(_lead() - moment.lead, 0.0) - wait
        return late <= moment.tolerance and moment.at >= self._hold_until

    def _note(self, decision: Decision) -> None:
        before, self._seen = self._seen, decision.pace
        self._hold_until, self.ceiling = decision.pace.hold_until, decision.pace.ceiling
        for news in politeness.news(before, decision, self.seconds_held()):
            self._told_at = time.monotonic()
            self._told(news)

    def _remind(self) -> None:
        held = self.seconds_held()
        if self._seen and held > LONGEST_SLEEP and time.monotonic() - self._told_at >= REMINDER_SECONDS:
            self._told_at = time.monotonic()
            self._told(politeness.waits(self._seen, held))

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T | None:
        while True:
            try:
                result = await call()
            except (RedisError, OSError) as error:
                if self._redis.failed():
                    self.stats.redis_outages += 1
                    logger.warning("no request leaves without the shared budget, and Redis is away: %s", error)
                await asyncio.sleep(LONGEST_SLEEP)
                if self._is_ending():
                    return None
            else:
                if self._redis.succeeded():
                    logger.info("Redis is back: requests leave again")
                return result


def _lead() -> float:
    return time.time() - time.monotonic()
