"""Connections to Redis."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError, TryAgainError
from redis.retry import Retry

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.redis_clients import open_async_client, open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis.asyncio

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15  # a half-open connection is noticed after this long


def connect(redis_url: str) -> redis.asyncio.Redis:
    """Return a client that reports an error instead of trying again by itself: the caller knows what is safe."""
    return open_async_client(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
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


PASSING = (OutOfMemoryError, ReadOnlyError, ClusterDownError, TryAgainError)
PASSING_CODES = ("MISCONF", "NOREPLICAS", "BUSY", "LOADING")  # of which redis-py makes no class


def is_passing(error: Exception) -> bool:
    """Tell whether Redis is away, full or not ready: what is asked of it may do later. Else it never will."""
    if isinstance(error, ResponseError):
        return isinstance(error, PASSING) or str(error).startswith(PASSING_CODES)
    return isinstance(error, RedisError | OSError)


@contextmanager
def blocking_client(redis_url: str) -> Iterator[Any]:
    """A client for commands, closed at the end.

    Raises:
        ServiceUnavailableError: Redis does not answer, or not to that.
    """
    try:
        with connect_blocking(redis_url) as client:
            yield client
    except RedisError as error:
        raise ServiceUnavailableError(_("Redis: {error}").format(error=error)) from error
