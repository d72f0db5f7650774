"""Which workers of a crawl have given no sign of life within their lease. For commands: this blocks."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from typing import Self


def name_worker() -> str:
    """Return a name for this process, as a worker: of this machine, and never given twice."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


def pid_here(worker: str) -> int | None:
    """Return the process that has a worker's name, None if it is one of another machine."""
    host, _, rest = worker.rpartition("-")[0].rpartition("-")
    return int(rest) if host == socket.gethostname() and rest.isascii() and rest.isdigit() else None


@dataclass(slots=True, frozen=True)
class Silence:
    at: float
    """Seconds on Redis' clock."""
    workers: frozenset[str]
    """Those whose lease has run out, others having their requests or not; who has left is none of them."""


class SilenceReader:
    """Reads of one crawl; None while Redis is away. `prefix` is `<REDIS_KEY_PREFIX>:<crawl>`."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client: Any = redis.Redis.from_url(redis_url, socket_timeout=5)  # its types mix sync and async
        self._prefix = prefix

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self) -> Silence | None:
        with suppress(RedisError, OSError), self._client.pipeline(transaction=True) as steps:
            steps.time()
            steps.zrange(f"{self._prefix}:workers", 0, -1, withscores=True)
            steps.smembers(f"{self._prefix}:silent")
            (seconds, microseconds), leases, inherited = steps.execute()
            now = seconds + microseconds / 1e6
            expired = {worker for worker, until_ms in leases if 0 < until_ms <= now * 1000}  # 0 = it has left
            return Silence(now, frozenset(worker.decode("utf-8", "replace") for worker in expired | inherited))
        return None
