"""The one way to Redis: clients for an address of one server, or of whichever one Sentinel calls the master.

The second is written as Redis-Sentinel-Url has introduced it, which other clients have taken over:
`redis+sentinel://user:password@host:26379,host:26379/service/db?sentinel_password=…`. User and password are those of
the servers; the sentinels have theirs in `sentinel_username` and `sentinel_password`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from redis.backoff import NoBackoff
from redis.connection import URL_QUERY_ARGUMENT_PARSERS
from redis.driver_info import DriverInfo
from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError, TryAgainError
from redis.retry import Retry

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.retelling import server_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

SENTINEL = "redis+sentinel://"
SENTINEL_PORT = 26379
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
CONNECT_SECONDS, ANSWER_SECONDS = 5, 15  # a half-open connection is noticed after this long
PASSING = (OutOfMemoryError, ReadOnlyError, ClusterDownError, TryAgainError)
PASSING_CODES = ("MISCONF", "NOREPLICAS", "BUSY", "LOADING")  # of which redis-py makes no class
DRIVER: dict[str, Any] = {"driver_info": DriverInfo(lib_version=redis.__version__)}
"""Of each connection, which would otherwise read the version from where packages are installed."""
ASK_SECONDS = 2.0  # for an answer of one sentinel; then the next one is asked


@dataclass(slots=True, frozen=True)
class Watched:
    """A master that sentinels watch."""

    sentinels: list[tuple[str, int]]
    service: str
    options: dict[str, Any]
    """Of connections to the master: db, username, password …"""
    sentinel_options: dict[str, Any]

    @classmethod
    def read(cls, url: str) -> Self:
        """Read an address that starts with `SENTINEL`.

        Raises:
            ValueError: it is none; the message holds no secret.
        """
        parts = urlsplit(url)
        account, _at, hosts = parts.netloc.rpartition("@")
        username, _colon, password = account.partition(":")
        service, _slash, database = parts.path.removeprefix("/").partition("/")
        if not service:
            raise ValueError(_("the name of the service is missing: redis+sentinel://host:26379/mymaster/0"))
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        read: dict[str, Any] = URL_QUERY_ARGUMENT_PARSERS
        options = {name: read.get(name, str)(given[name]) for name in given.keys() - set(SENTINEL_OPTIONS)}
        account_given = {"username": unquote(username), "password": unquote(password), "db": database}
        options = {name: value for name, value in account_given.items() if value} | options
        return cls(
            [_host_and_port(host) for host in hosts.split(",")],
            unquote(service),
            options | {"db": int(options.get("db", 0))},
            {name.removeprefix("sentinel_"): given[name] for name in SENTINEL_OPTIONS if name in given},
        )


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if text.endswith("]") or not colon:  # an IPv6 address has colons, and brackets around it
        host, port = text, str(SENTINEL_PORT)
    if not (host and port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(_("the sentinels are written as host:port, with commas between them"))
    return host.strip("[]"), int(port)


def is_watched(url: str) -> bool:
    """Tell whether Sentinel is to be asked where the server of this address is."""
    return url.startswith(SENTINEL)


def open_client(url: str, **options: Any) -> redis.Redis:
    """Return a client that blocks; `options` are those of redis-py's connections."""
    if not is_watched(url):
        return redis.Redis.from_url(url, **DRIVER, **options)
    watched = Watched.read(url)
    manager: Any = redis.sentinel.Sentinel(watched.sentinels, sentinel_kwargs=_asking(watched))  # type: ignore[no-untyped-call]
    pool = _MasterPool(watched.service, manager, **watched.options, **DRIVER, **options)  # type: ignore[no-untyped-call]
    return redis.Redis.from_pool(pool)


def open_async_client(url: str, **options: Any) -> redis.asyncio.Redis:
    """Return a client for an event loop."""
    if not is_watched(url):
        return redis.asyncio.Redis.from_url(url, **DRIVER, **options)
    return redis.asyncio.Redis.from_pool(_async_pool(url, _AsyncMasterPool, options))


def open_bounded_client(url: str, **options: Any) -> redis.asyncio.Redis:
    """Return a client whose callers wait for one of `max_connections`, `timeout` seconds at most."""
    if is_watched(url):
        return redis.asyncio.Redis.from_pool(_async_pool(url, _BoundedMasterPool, options))
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, **DRIVER, **options)
    return redis.asyncio.Redis.from_pool(pool)


def once() -> Retry:
    """Return what lets a client report an error instead of trying again by itself: the caller knows what is safe."""
    return Retry(NoBackoff(), 0)


def connect(redis_url: str) -> redis.asyncio.Redis:
    """Return a client for workers: it tries everything once."""
    return open_async_client(
        redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS, retry=once()
    )


def tell_of_connections(client: redis.asyncio.Redis, told: Callable[[], None]) -> None:
    """Say each time that the client connects: another server may answer from then on, or one from before."""

    async def connected(connection: Any) -> None:
        await connection.on_connect()
        told()

    client.connection_pool.connection_kwargs["redis_connect_func"] = connected


def connect_blocking(redis_url: str, seconds: float = ANSWER_SECONDS) -> Any:
    """Return a client for commands, whose own types mix sync and async; `seconds` is how long an answer may take."""
    return open_client(redis_url, socket_timeout=seconds)


@contextmanager
def blocking_client(redis_url: str) -> Iterator[Any]:
    """A client for commands, closed at the end.

    Raises:
        ServiceUnavailableError: Redis does not answer, or not to that.
    """
    try:
        with connect_blocking(redis_url) as client:
            yield client
    except RedisError as error:  # no OSError: what is done with the client may write, to a pipe that is closed
        raise ServiceUnavailableError(_("Redis: {error}").format(error=server_words(error))) from error


@contextmanager
def redis_errors_told() -> Iterator[None]:
    """Let whatever Redis has against it, or the way to it, be a sentence.

    Raises:
        ServiceUnavailableError: it does not answer, or not to that.
    """
    try:
        yield
    except (RedisError, OSError) as error:
        raise ServiceUnavailableError(_("Redis: {error}").format(error=server_words(error))) from error


def is_passing(error: Exception) -> bool:
    """Tell whether Redis is away, full or not ready: what is asked of it may do later. Else it never will."""
    if isinstance(error, ResponseError):
        return isinstance(error, PASSING) or str(error).startswith(PASSING_CODES)
    return isinstance(error, RedisError | OSError)


def _async_pool(url: str, pool_class: type[_AsyncMasterPool], options: dict[str, Any]) -> _AsyncMasterPool:
    watched = Watched.read(url)
    manager = redis.asyncio.sentinel.Sentinel(watched.sentinels, sentinel_kwargs=_asking(watched))  # type: ignore[no-untyped-call]
    return pool_class(watched.service, manager, **watched.options, **DRIVER, **options)


def _asking(watched: Watched) -> dict[str, Any]:
    timeouts = {"socket_connect_timeout": ASK_SECONDS, "socket_timeout": ASK_SECONDS}
    return {**watched.sentinel_options, **timeouts, **DRIVER, "retry": once()}


class _MasterPool(redis.sentinel.SentinelConnectionPool):
    """Sentinels are asked when a connection is made, and not kept waiting with an idle one."""

    def get_master_address(self) -> tuple[str, int]:
        try:
            address: tuple[str, int] = super().get_master_address()  # type: ignore[no-untyped-call]
        finally:
            for sentinel in self.sentinel_manager.sentinels:
                sentinel.close()
        return address


class _AsyncMasterPool(redis.asyncio.sentinel.SentinelConnectionPool):
    """The same for an event loop."""

    async def get_master_address(self) -> tuple[str, int]:
        try:
            address: tuple[str, int] = await super().get_master_address()  # type: ignore[no-untyped-call]
        finally:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()
        return address


class _BoundedMasterPool(_AsyncMasterPool, redis.asyncio.BlockingConnectionPool):
    """The same with a bound."""
