"""PostgreSQL and Redis for a crawl: the configured servers where the environment names some, else embedded ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.exceptions import RefillspotError
from refillspot.services import embedded
from refillspot.services.addresses import ConfiguredAddress, ServiceAddresses, mask_password, read_addresses
from refillspot.services.environment import ADDRESSES, VARIABLES, Environment, environ_with, read_environment
from refillspot.services.reachability import check_postgres, check_redis, warn_of_cache_that_fills_queue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

EVERY = ("postgres", "redis", "redis-cache")

__all__ = [
    "ADDRESSES",
    "EVERY",
    "VARIABLES",
    "Environment",
    "ServiceAddresses",
    "ServiceStatus",
    "environ_with",
    "mask_password",
    "read_environment",
    "resolve",
    "status",
]


@dataclass(frozen=True)
class ServiceStatus:
    """One server: postgres, redis or redis-cache.  `address` holds the password, `problem` says why it is down."""

    name: str
    embedded: bool
    up: bool
    address: str
    problem: str | None = None


def resolve(
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    needed: Collection[str] = EVERY,
) -> ServiceAddresses:
    """Return servers that answer: configured ones are checked, the others started embedded.

    `environ` defaults to the process environment, `directory` (where `.env` is looked for) to the current one. Servers
    that are not `needed` are neither checked nor started: what only reads the database works while the cache is down.

    Raises:
        ConfigurationError: a variable or a server's configuration can not be used.
        ServiceUnavailableError: a configured server does not answer, or an embedded one can not be started.
    """
    environment = read_environment(environ, directory)
    configured = read_addresses(environment.values)
    found = {name: _check(name, address, environment) for name, address in configured.items() if name in needed}
    if {"redis", "redis-cache"} <= found.keys():
        warn_of_cache_that_fills_queue(found["redis"], found["redis-cache"])
    return ServiceAddresses(*(_address(server, configured, needed) for server in embedded.servers(environment.home)))


def status(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> list[ServiceStatus]:
    """Return the state of postgres, redis and redis-cache; starts nothing.

    Raises:
        ConfigurationError: a variable can not be used.
    """
    environment = read_environment(environ, directory)
    configured = read_addresses(environment.values)
    return [
        _configured_status(server.name, configured[server.name], environment)
        if server.name in configured
        else ServiceStatus(server.name, embedded=True, up=embedded.is_up(server), address=server.url)
        for server in embedded.servers(environment.home)
    ]


def _address(server: embedded.Server, configured: Mapping[str, ConfiguredAddress], needed: Collection[str]) -> str:
    if server.name in configured:
        return configured[server.name].url
    return embedded.ensure_up(server) if server.name in needed else server.url


def _configured_status(name: str, address: ConfiguredAddress, environment: Environment) -> ServiceStatus:
    problem = None
    try:
        _check(name, address, environment)
    except RefillspotError as error:
        problem = str(error)
    return ServiceStatus(name, embedded=False, up=problem is None, address=address.url, problem=problem)


def _check(name: str, address: ConfiguredAddress, environment: Environment) -> Mapping[str, Any]:
    """Return what the server says of itself, where that is looked at."""
    origin = environment.origin(address.variables)
    if name == "postgres":
        check_postgres(address.url, origin)
        return {}
    return check_redis(address.url, origin, holds_queue=name == "redis")
