"""Connections to Redis."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15  # a half-open connection is noticed after this long


def connect(redis_url: str) -> redis.asyncio.Redis:
    """Return a client that reports an error instead of trying again by itself: the caller knows what is safe."""
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def blocking_client(redis_url: str) -> Iterator[Any]:
    """A client for commands; its own types mix sync and async.

    Raises:
        ServiceUnavailableError: Redis does not answer, or not to that.
    """
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=ANSWER_SECONDS) as client:
            yield client
    except RedisError as error:
        raise ServiceUnavailableError(_("Redis: {error}").format(error=error)) from error
