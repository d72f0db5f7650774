"""What a running server says about itself, for those who look after it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from refillspot.postgres.connection import open_connection

TIMEOUT_SECONDS = 5


@dataclass(slots=True, frozen=True)
class PostgresFacts:
    version: str
    ahead_seconds: float
    """Of this machine's clock; negative = behind."""


@dataclass(slots=True, frozen=True)
class RedisFacts:
    version: str
    run_id: str
    """Of the process: two addresses with one are one server."""
    policy: str
    """maxmemory-policy."""
    max_memory: int
    """Bytes; 0 = no limit."""
    used_memory: int
    is_append_only: bool
    can_write: bool
    """False: its last write to the disk failed."""
    ahead_seconds: float


def inspect_postgres(url: str) -> PostgresFacts:
    """Ask a server that answers.

    Raises:
        psycopg.OperationalError: it does not.
    """
    with open_connection(url, autocommit=True, seconds=TIMEOUT_SECONDS) as connection:
        version = connection.info.parameter_status("server_version") or ""
        before = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0.0,)
        return PostgresFacts(version.split(" ")[0], _ahead(float(row[0]), before, time.time()))


def inspect_redis(url: str) -> RedisFacts:
    """Ask a server that answers.

    Raises:
        redis.RedisError: it does not.
    """
    timeouts = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
    with redis.Redis.from_url(url, **timeouts, retry=Retry(NoBackoff(), 0)) as client:
        info: dict[str, Any] = {}
        for section in ("server", "memory", "persistence"):
            info |= client.info(section)
        before = time.time()
        seconds, microseconds = client.time()
        after = time.time()
    failures = {info.get("aof_last_write_status", "ok"), info.get("rdb_last_bgsave_status", "ok")} - {"ok"}
    return RedisFacts(
        version=str(info["redis_version"]),
        run_id=str(info["run_id"]),
        policy=str(info["maxmemory_policy"]),
        max_memory=int(info["maxmemory"]),
        used_memory=int(info["used_memory"]),
        is_append_only=bool(int(info.get("aof_enabled", 0))),
        can_write=not failures,
        ahead_seconds=_ahead(seconds + microseconds / 1e6, before, after),
    )


def _ahead(server: float, before: float, after: float) -> float:
    """Return by how much the server's clock is surely ahead of this one: its answer came at some time in between."""
    return server - after if server > after else min(server - before, 0.0)
