"""Whether the configured servers answer, are new enough, and can not lose the queue; if not, what to do."""

from __future__ import annotations

import logging
import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import redis
import redis.exceptions
import redis.sentinel
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PGconn, Ping

from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_connection
from refillspot.redis_clients import once, open_client
from refillspot.retelling import server_words
from refillspot.services.addresses import mask_password

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

KEEPING_POLICIES = {"noeviction", "volatile-lru", "volatile-lfu"}
"""Under these the queue stays whole: its keys carry no expiry, but for the budget's, which is never idle. The policies
volatile-ttl and volatile-random evict that one too, and the workers would lose their common pace."""
TIMEOUT_SECONDS = 5
FULL = re.compile(r"too many |slots are reserved|no more connections|접속자? ?수를 초과")
"""How PostgreSQL, in English and in Korean, and PgBouncer say it: who is not let in is told no SQLSTATE by libpq."""
OLDEST_POSTGRES = 15
OLDEST_REDIS = 7


def check_postgres(url: str, origin: str) -> None:
    """Connect once.  `origin` says where the URL was set, such as "DATABASE_URL in .env".

    Raises:
        ServiceUnavailableError: it does not answer, refuses the account, or lacks the database.
        UnsuitableServerError: it is older than PostgreSQL 15.
    """
    name = _("PostgreSQL at {url} ({origin})").format(url=mask_password(url), origin=origin)
    try:
        with open_connection(url, seconds=TIMEOUT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise ServiceUnavailableError(
            _("{server} cannot be used: {error}.").format(server=name, error=_one_line(error)),
            _remedy(url, error, origin),
        ) from None
    if version < OLDEST_POSTGRES:
        raise _too_old(name, str(version), OLDEST_POSTGRES, origin)


def check_redis(url: str, origin: str, *, holds_queue: bool) -> dict[str, Any]:
    """Connect once, and return what it says of itself.

    Raises:
        ServiceUnavailableError: it does not answer, or refuses the account.
        UnsuitableServerError: it is a cluster, older than Redis 7, or holds the queue and may evict it.
    """
    name = _("Redis at {url} ({origin})").format(url=mask_password(url), origin=origin)
    try:
        info = _redis_info(url)
    except redis.AuthenticationError as error:
        raise ServiceUnavailableError(
            _("{server} rejects the password: {error}.").format(server=name, error=_one_line(error)),
            _("Check REDIS_PASSWORD, or the one in the URL."),
        ) from None
    except redis.BusyLoadingError:
        raise ServiceUnavailableError(
            _("{server} is still loading its keys.").format(server=name), _("Try again in a moment.")
        ) from None
    except redis.RedisError as error:
        raise ServiceUnavailableError(
            _("{server} cannot be used: {error}.").format(server=name, error=_one_line(error)),
            _redis_remedy(error, origin),
        ) from None
    if int(info.get("cluster_enabled", 0)):
        raise UnsuitableServerError(
            _("{server} is part of a Redis Cluster, in which the keys of a crawl would be spread.").format(server=name),
            _(
                "Point {origin} at a single Redis, or at one that Sentinel watches: "
                "redis+sentinel://host:26379,host:26379/mymaster/0."
            ).format(origin=origin),
        )
    if int(str(info["redis_version"]).partition(".")[0]) < OLDEST_REDIS:
        raise _too_old(name, str(info["redis_version"]), OLDEST_REDIS, origin)
    if holds_queue and may_evict_queue(info):
        raise UnsuitableServerError(
            _("{server} may evict the queue: its maxmemory-policy is {policy}.").format(
                server=name, policy=info["maxmemory_policy"]
            ),
            _(
                "Run `redis-cli CONFIG SET maxmemory-policy noeviction` there (and in its configuration file), "
                "or give the cache its own server with CACHE_REDIS_URL."
            ),
        )
    return info


def warn_of_cache_that_fills_queue(queue: Mapping[str, Any], cache: Mapping[str, Any]) -> None:
    """Say so where the cache takes the memory of the queue, since nothing is evicted; both as `check_redis` has it."""
    evicts = int(queue["maxmemory"]) > 0 and str(queue["maxmemory_policy"]) != "noeviction"
    if queue["run_id"] == cache["run_id"] and not evicts:
        logger.warning(
            "queue and page cache share a Redis that evicts nothing. Set its maxmemory, and its maxmemory-policy to "
            "volatile-lru, or give the cache a server of its own by CACHE_REDIS_URL. Under a limit of memory no page "
            "is kept beyond half of it"
        )


def may_evict_queue(info: Mapping[str, Any]) -> bool:
    """Whether a server with this `INFO` may drop what a crawl cannot do without, when its memory is full."""
    return str(info["maxmemory_policy"]) not in KEEPING_POLICIES and int(info["maxmemory"]) > 0


def _redis_info(url: str) -> dict[str, Any]:
    timeouts = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
    with open_client(url, **timeouts, retry=once()) as client:
        return dict(client.info())


def _redis_remedy(error: redis.RedisError, origin: str) -> str:
    """What to do about a server of Redis that does not answer, or that refuses."""
    if isinstance(error, redis.exceptions.NoPermissionError):
        return _("Allow this account what a crawl does: `redis-cli ACL SETUSER … ~* +@all -@dangerous +info`.")
    if "DB index is out of range" in str(error):
        return _(
            "It has no database of that number (its setting `databases`, usually 16): correct it in {origin}."
        ).format(origin=origin)
    if isinstance(error, redis.sentinel.MasterNotFoundError):
        return _("Check the addresses of the sentinels and the name of the service in {origin}.").format(origin=origin)
    return _start_or_unset("redis redis-cache", origin)


def _remedy(url: str, error: psycopg.OperationalError, origin: str) -> str:
    """What to do about a failed connection.  Judged by state where it tells, as servers speak any language."""
    if isinstance(error, errors.ConnectionTimeout):
        return _start_or_unset("postgres", origin)
    if FULL.search(str(error)):
        return _(
            "All its connections are taken: end what holds them (pg_stat_activity names it), use fewer workers, or "
            "raise max_connections there, or the limit of this account or database. Then try again."
        )
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    if _lacks_database(url, parts.get("dbname", "")):
        target = [
            f"--{option}={parts[key]}"
            for option, key in (("host", "host"), ("port", "port"), ("username", "user"))
            if key in parts
        ]
        told = _("The server has no such database: create it with `{command}`.")
        return told.format(command=shlex.join(["createdb", *target, parts["dbname"]]))
    if error.pgconn and error.pgconn.needs_password:
        return _("The server requires a password: set DB_PASSWORD, or put one into DATABASE_URL.")
    if error.pgconn and (error.pgconn.used_password or _takes_connections(url)):
        return _("The server answers: check user and password, DB_USER and DB_PASSWORD or those in DATABASE_URL.")
    return _start_or_unset("postgres", origin)


def _takes_connections(url: str) -> bool:
    """Tell whether a server answers there, whatever it says to this account."""
    return PGconn.ping(make_conninfo(url, connect_timeout=TIMEOUT_SECONDS).encode()) == Ping.OK


def _lacks_database(url: str, name: str) -> bool:
    try:
        with open_connection(make_conninfo(url, dbname="postgres"), seconds=TIMEOUT_SECONDS) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
    except psycopg.OperationalError:
        return False
    return found is None


def _start_or_unset(service: str, origin: str) -> str:
    told = _("Start it with `docker compose up -d {service}`, or unset {origin} to use the embedded server.")
    if sys.platform == "win32":  # which has none
        told = _("Start Docker Desktop and then it, with `docker compose up -d {service}`; or correct {origin}.")
    return told.format(service=service, origin=origin)


def _too_old(name: str, version: str, oldest: int, origin: str) -> UnsuitableServerError:
    return UnsuitableServerError(
        _("{server} is version {version}; refillspot needs {oldest} or later.").format(
            server=name, version=version, oldest=oldest
        ),
        _("Update it, or point {origin} at another.").format(origin=origin),
    )


def _one_line(error: Exception) -> str:
    return mask_password(server_words(error))
