"""Keys of Redis by their prefix."""

from __future__ import annotations

import redis


def remove_keys(redis_url: str, prefix: str) -> int:
    """Remove every key that starts with `prefix`, without blocking the server; return how many there were."""
    pattern = "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in prefix) + "*"
    with redis.Redis.from_url(redis_url) as client:
        return sum(int(client.unlink(key)) for key in client.scan_iter(pattern, count=1000))
