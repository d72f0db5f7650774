"""How much memory the servers take: of their processes where these are on this machine, else what they say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import redis

from refillspot.postgres.connection import open_connection
from refillspot.process import own_mib
from refillspot.services.rerouting import route_of

if TYPE_CHECKING:
    from refillspot.services.addresses import ServiceAddresses

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
        with redis.Redis.from_url(url) as client:
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
                return sum(own_mib(one, shares=True) for one in (postmaster, *postmaster.children()))
    return None


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
