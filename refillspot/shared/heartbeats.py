"""Each worker's stats in Redis, a few seconds old: what shows a crawl while it runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
import redis
from redis.exceptions import RedisError

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.shared.connections import connect
from refillspot.worker_stats import WorkerStats

if TYPE_CHECKING:
    from typing import Self

logger = logging.getLogger(__name__)

KEEP_SECONDS = 600  # after the last heartbeat of any worker; what lasts is in PostgreSQL


def _key(prefix: str) -> str:
    """Return the one key of a crawl, a hash by worker. `prefix` is `<REDIS_KEY_PREFIX>:<crawl>`."""
    return f"{prefix}:heartbeats"


class Heartbeats:
    """Writes those of one worker; each method is one round trip.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client = connect(redis_url)
        self._key = _key(prefix)

    async def publish(self, worker: WorkerStats) -> None:
        async with self._client.pipeline(transaction=True) as steps:
            steps.hset(self._key, worker.worker, msgspec.json.encode(worker))
            steps.expire(self._key, KEEP_SECONDS)
            await self._run(steps)

    async def forget(self, worker: str) -> None:
        """Remove a worker that has ended: its last stats are kept elsewhere."""
        async with self._client.pipeline(transaction=True) as steps:
            steps.hdel(self._key, worker)
            await self._run(steps)

    async def close(self) -> None:
        await self._client.aclose()

    @staticmethod
    async def _run(steps: Any) -> None:
        try:
            await steps.execute()
        except (RedisError, OSError) as error:
            raise ServiceUnavailableError(_("Redis: {error}").format(error=error)) from error


class HeartbeatReader:
    """Reads those of all workers of a crawl. For commands: this blocks."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client: Any = redis.Redis.from_url(redis_url, socket_timeout=5)  # its types mix sync and async
        self._key = _key(prefix)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self) -> list[WorkerStats] | None:
        """Return the workers that run, and those that were killed lately; None while Redis is away."""
        try:
            values: list[bytes] = self._client.hvals(self._key)
        except (RedisError, OSError):
            return None
        return [worker for value in values if (worker := _read(value))]


def _read(value: bytes) -> WorkerStats | None:
    try:
        return msgspec.json.decode(value, type=WorkerStats)
    except msgspec.MsgspecError as error:
        logger.warning("a heartbeat cannot be read, is it of another version? %s", error)
        return None
