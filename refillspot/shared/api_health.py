"""Whether the site's API is down, as all workers know it together."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from redis.exceptions import RedisError

from refillspot.policies import circuit_breaker
from refillspot.policies.circuit_breaker import ApiRecord, CircuitBreaker
from refillspot.redis_clients import connect
from refillspot.shared.shared_state import ServerClock, SharedState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from refillspot.policies.caching import Kind
    from refillspot.policies.circuit_breaker import ApiChange, ApiDecision

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_SECONDS = 1.0  # between looks at what other workers have found
KEEP_SECONDS = 24 * 3600  # after the last change; then the API counts as never tried
UP = ApiRecord()


class ApiHealth:
    """What the workers have met, of lists and of stores apart, at one look a second.

    `told` hears of each decision of this worker. Without Redis a worker goes by what it saw last.
    """

    def __init__(
        self, redis_url: str, key: str, probe_seconds: float, told: Callable[[Kind, ApiDecision], None]
    ) -> None:
        self._client = connect(redis_url)
        self._clock = ServerClock()
        self._state = SharedState(self._client, key, dict[str, ApiRecord], self._clock, KEEP_SECONDS)
        self._probe_seconds = probe_seconds
        self._told = told
        self._seen: dict[str, ApiRecord] = {}
        self._looked_at = float("-inf")
        self._redis = CircuitBreaker()

    async def is_down(self, kind: Kind) -> bool:
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            await self._safely(self._look())
        return self._seen.get(kind, UP).is_down

    async def may_probe(self, kind: Kind) -> bool:
        """Whether this request is the one that tries an API that is down."""
        record = self._seen.get(kind, UP)
        if not record.is_down or self._clock.seconds_until(record.probe_at) > 0:
            return False
        decision = await self._decide(kind, partial(circuit_breaker.probe, probe_seconds=self._probe_seconds))
        return decision is not None and decision.kind == "probe"

    async def note_failure(self, kind: Kind, reason: str) -> None:
        change = partial(circuit_breaker.note_failure, reason=reason, probe_seconds=self._probe_seconds)
        await self._decide(kind, change)

    async def note_block(self, kind: Kind, reason: str) -> None:
        await self._decide(kind, partial(circuit_breaker.note_block, reason=reason, probe_seconds=self._probe_seconds))

    async def note_success(self, kind: Kind) -> None:
        if self._seen.get(kind, UP) != UP:
            await self._decide(kind, circuit_breaker.note_success)

    async def close(self) -> None:
        await self._client.aclose()

    async def _look(self) -> None:
        seen = await self._state.seen()
        self._seen = {kind: circuit_breaker.remembered(record, seen.now) for kind, record in (seen.value or {}).items()}

    async def _decide(self, kind: Kind, change: ApiChange) -> ApiDecision | None:
        decision = await self._safely(self._changed(kind, change))
        if decision and decision.kind:
            self._told(kind, decision)
        return decision

    async def _changed(self, kind: Kind, change: ApiChange) -> ApiDecision:
        while True:
            records, version, now, *_ = await self._state.seen()
            decision = change(circuit_breaker.remembered((records or {}).get(kind, UP), now), now)
            self._seen = (records or {}) | {kind: decision.record}
            if self._seen == records or await self._state.written(self._seen, version):
                return decision

    async def _safely(self, work: Awaitable[T]) -> T | None:
        try:
            result = await work
        except (RedisError, OSError) as error:
            if self._redis.failed():
                logger.warning("whether the API is down is not shared with other workers, Redis is away: %s", error)
            return None
        self._redis.succeeded()
        return result
