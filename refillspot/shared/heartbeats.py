"""Each worker's stats in Redis, a few seconds old: what shows a crawl while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from redis.exceptions import RedisError, ResponseError

from refillspot.exceptions import UnreadableValueError
from refillspot.redis_clients import connect, connect_blocking, redis_errors_told
from refillspot.shared.keys import CrawlKeys
from refillspot.stats.worker_stats import LARGEST, WorkerStats
from refillspot.untrusted import FIRST_YEAR, LAST_YEAR, read_json

if TYPE_CHECKING:
    from typing import Self

KEEP_SECONDS = 600  # after the last heartbeat of any worker; what lasts is in PostgreSQL
LOOK_SECONDS = 5  # for an answer; who looks does so again
SHOWN = 80  # characters of a name


class Heartbeats:
    """Writes those of one worker; each method is one round trip.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client = connect(redis_url)
        self._key = CrawlKeys(prefix).heartbeats

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
        with redis_errors_told():
            await steps.execute()


class HeartbeatReader:
    """Reads those of all workers of a crawl. For commands: this blocks."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client = connect_blocking(redis_url, LOOK_SECONDS)
        self._key = CrawlKeys(prefix).heartbeats
        self.unreadable: list[str] = []
        """Workers whose heartbeat could not be read the last time: of another version, or somebody else's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self) -> list[WorkerStats] | None:
        """Return the workers that run, and those that were killed lately; None while Redis is away."""
        try:
            values: dict[bytes, bytes] = self._client.hgetall(self._key)
        except ResponseError:
            values = {b"?": b""}  # the key is something else's
        except (RedisError, OSError):
            return None
        found = {name.decode("utf-8", "replace"): _read(value) for name, value in values.items()}
        self.unreadable = [_shown(name) for name, worker in found.items() if worker is None or worker.worker != name]
        return [worker for name, worker in found.items() if worker and worker.worker == name]


def _read(value: bytes) -> WorkerStats | None:
    """Return what a worker said of itself, as far as it is in numbers; None where it did not say that."""
    try:
        worker = read_json(value, WorkerStats)
    except UnreadableValueError:
        return None
    times = (worker.started_at, worker.seen_at, worker.ended_at or worker.seen_at)
    if not all(time.tzinfo and FIRST_YEAR <= time.year <= LAST_YEAR for time in times):
        return None
    return replace(worker, stats={name: value for name, value in worker.stats.items() if _is_number(value)})


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST


def _shown(name: str) -> str:
    """Return a name of somebody's choice as one line that says nothing else."""
    return name[:SHOWN] if name.isprintable() else ascii(name[:SHOWN])
