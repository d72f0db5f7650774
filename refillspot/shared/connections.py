"""Connections to Redis that are told as broken when they are."""

from __future__ import annotations

from functools import cache
from typing import Any

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15  # a half-open connection is noticed after this long


def connect(redis_url: str) -> redis.asyncio.Redis:
    """Return a client that reports an error instead of trying again by itself: the caller knows what is safe."""
    return with_told_breaks(
        redis.asyncio.Redis.from_url(
            redis_url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    )


def with_told_breaks(client: redis.asyncio.Redis) -> redis.asyncio.Redis:
    """Let each connection of a client raise redis.ConnectionError where uvloop has closed it already.

    uvloop's transports raise RuntimeError then, which redis-py hands on: to whoever waits for Redis it is a fault of
    the program.
    """
    pool: Any = client.connection_pool
    pool.connection_class = _told(pool.connection_class)
    return client


@cache
def _told(kind: Any) -> Any:
    class Told(kind):  # type: ignore[misc]  # TCP, TLS or a socket of the file system, as the address asks
        async def send_packed_command(self, *arguments: Any, **options: Any) -> None:
            try:
                await super().send_packed_command(*arguments, **options)
            except RuntimeError as error:
                raise redis.ConnectionError(str(error)) from error

    return Told
