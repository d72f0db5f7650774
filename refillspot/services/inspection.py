"""What a running server says about itself, and how much memory it takes, for those who look after it.

Of servers on this machine the memory is that of their processes, of others what they say.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import redis

from refillspot.postgres.connection import is_pooled, open_connection
from refillspot.process import own_mib
from refillspot.redis_clients import once, open_client
from refillspot.services.rerouting import route_of

if TYPE_CHECKING:
    from refillspot.services.addresses import ServiceAddresses

TIMEOUT_SECONDS = 5


@dataclass(slots=True, frozen=True)
class PostgresFacts:
    version: str
    ahead_seconds: float
    """Of this machine's clock; negative = behind."""
    max_connections: int
    free_connections: int | None
    """Of those that are for everybody. None: a pooler shares them out."""


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
    closes_idle_seconds: int
    """Its setting `timeout`: how long a connection may say nothing. 0 = for ever, or not known."""
    can_write: bool
    """False: its last write to the disk failed."""
    ahead_seconds: float


CONNECTIONS = """
    SELECT current_setting('max_connections')::int, current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) - (
            SELECT count(*)::int FROM pg_stat_activity WHERE datid IS NOT NULL AND pid <> pg_backend_pid()
        )
"""


def inspect_postgres(url: str) -> PostgresFacts:
    """Ask a server that answers.

    Raises:
        psycopg.OperationalError: it does not.
    """
    with open_connection(url, autocommit=True, seconds=TIMEOUT_SECONDS) as connection:
        version = connection.info.parameter_status("server_version") or ""
        before = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0.0,)
        ahead = _ahead(float(row[0]), before, time.time())
        most, free = connection.execute(CONNECTIONS).fetchone() or (0, 0)
        return PostgresFacts(version.split(" ")[0], ahead, most, None if is_pooled(connection) else free)


def inspect_redis(url: str) -> RedisFacts:
    """Ask a server that answers.

    Raises:
        redis.RedisError: it does not.
    """
    timeouts = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
    with open_client(url, **timeouts, retry=once()) as client:
        info: dict[str, Any] = {}
        for section in ("server", "memory", "persistence"):
            info |= client.info(section)
        with suppress(redis.ResponseError):  # an account may not be allowed to see it
            info |= client.config_get("timeout")
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
        closes_idle_seconds=int(info.get("timeout", 0)),
        can_write=not failures,
        ahead_seconds=_ahead(seconds + microseconds / 1e6, before, after),
    )


def _ahead(server: float, before: float, after: float) -> float:
    """Return by how much the server's clock is surely ahead of this one: its answer came at some time in between."""
    return server - after if server > after else min(server - before, 0.0)


MIB = 2**20
POSTGRES_NAMES = ("postgres",)
REDIS_NAMES = ("redis", "valkey")


@dataclass(slots=True, frozen=True)
class ServerMemory:
    name: str
    mib: float | None
    """None: it cannot be told from here."""


def measure_servers(servers: ServiceAddresses) -> list[ServerMemory]:
    """Return what PostgreSQL and each different Redis take now."""
    found = [ServerMemory("PostgreSQL", _of_postgres(servers.database_url))]
    by_run: dict[str, ServerMemory] = {}
    for name, url in (("Redis (queue)", servers.redis_url), ("Redis (cache)", servers.cache_redis_url)):
        with open_client(url) as client:
            info: dict[str, Any] = {**client.info("server"), **client.info("memory")}
        by_run.setdefault(info["run_id"], ServerMemory(name, _of_redis(url, info)))
    return [*found, *by_run.values()]


def _of_postgres(url: str) -> float | None:
    with open_connection(url) as connection:
        if not (backend := _local(url, connection.info.backend_pid, POSTGRES_NAMES)):
            return None
        with suppress(psutil.Error):
            postmaster = backend.parent()
            if postmaster and _is_named(postmaster, POSTGRES_NAMES):
                # by their parts of what they share: shared_buffers count once
                return own_mib(postmaster, shares=True) + sum(map(_mib_if_there, postmaster.children()))
    return None


def _mib_if_there(backend: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):  # it has ended meanwhile, as backends do
        return own_mib(backend, shares=True)
    return 0.0


def _of_redis(url: str, info: dict[str, Any]) -> float:
    if server := _local(url, info["process_id"], REDIS_NAMES):
        with suppress(psutil.Error):
            return own_mib(server)
    return float(info["used_memory_rss"]) / MIB


def _local(url: str, pid: int, names: tuple[str, ...]) -> psutil.Process | None:
    """Return the process that a server says it is, if that is one of this machine: in a container pids are others."""
    if route_of(url).is_local:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            return process if _is_named(process, names) else None
    return None


def _is_named(process: psutil.Process, names: tuple[str, ...]) -> bool:
    return any(name in process.name().lower() for name in names)
