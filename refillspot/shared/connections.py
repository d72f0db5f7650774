"""Connections to Redis."""

from __future__ import annotations

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15  # a half-open connection is noticed after this long


def connect(redis_url: str) -> redis.asyncio.Redis:
    """Return a client that reports an error instead of trying again by itself: the caller knows what is safe."""
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
