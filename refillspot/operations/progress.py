"""How far a crawl is, read from Redis without disturbing it. For commands: this blocks."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError, ResponseError

from refillspot.frontier.queue import NUMBER, read_counts, read_result
from refillspot.redis_clients import connect_blocking
from refillspot.shared.keys import CrawlKeys
from refillspot.stats.crawl import Progress

if TYPE_CHECKING:
    from typing import Self

GROUP = "workers"
LOOK_SECONDS = 5  # for an answer; who looks does so again
AHEAD = b"clock_ahead"  # by how many microseconds the time of a crawl is ahead of Redis' own: shared/lua/clock.lua
LANE = re.compile(rb"-?\d{1,4}")
UNREADABLE = "unreadable"
"""Instead of a state: something else than the queue of a crawl is under its keys."""


@dataclass(slots=True, frozen=True)
class SilentWorkers:
    at: float
    """Seconds on the clock that the queue goes by."""
    names: frozenset[str]
    """Those whose lease has run out, others having their requests or not; who has left is none of them."""


class ProgressReader:
    """Reads one crawl; None while Redis is away. `prefix` is `<REDIS_KEY_PREFIX>:<crawl>`."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._client = connect_blocking(redis_url, LOOK_SECONDS)
        self._keys = CrawlKeys(prefix)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self) -> Progress | None:
        try:
            return self._read()
        except ResponseError:
            return Progress(UNREADABLE)
        except (RedisError, OSError):
            return None

    def result(self) -> dict[str, int] | None:
        """Return what the crawl came to, None while it goes on."""
        with suppress(RedisError, OSError):
            return read_result(self._fields().get(b"result"))
        return None

    def queue(self) -> tuple[str, ...]:
        """Return what the queue of the crawl is called and its formats; "" where there is none, or Redis is away."""
        with suppress(RedisError, OSError):
            fields = self._fields()
            return tuple(fields.get(name, b"").decode("ascii", "ignore") for name in (b"queue", b"formats"))
        return "", ""

    def silent_workers(self) -> SilentWorkers | None:
        """Return who has given no sign of life within its lease."""
        with suppress(RedisError, OSError), self._client.pipeline(transaction=True) as steps:
            steps.time()
            steps.hget(self._keys.crawl, AHEAD)
            steps.zrange(self._keys.workers, 0, -1, withscores=True)
            steps.smembers(self._keys.silent)
            (seconds, microseconds), ahead, leases, inherited = steps.execute()
            now = seconds + (microseconds + _ahead(ahead)) / 1e6
            expired = {worker for worker, until_ms in leases if 0 < until_ms <= now * 1000}  # 0 = it has left
            return SilentWorkers(now, frozenset(worker.decode("utf-8", "replace") for worker in expired | inherited))
        return None

    def _read(self) -> Progress:
        fields = self._fields()
        seconds, microseconds = self._time()
        lanes: list[bytes] = self._client.zrange(self._keys.lanes, 0, -1)
        streams = [self._keys.lane(lane.decode()) for lane in lanes if LANE.fullmatch(lane)]
        entries = sum(int(self._client.xlen(stream)) for stream in streams)
        leased = sum(self._client.xpending(stream, GROUP)["pending"] for stream in streams)
        now_ms = seconds * 1000 + (microseconds + _ahead(fields.get(AHEAD))) // 1000
        return Progress(
            state=fields.get(b"state", b"gone").decode("utf-8", "replace"),
            done=read_counts(fields).get("done", 0),
            queued=entries - leased,
            leased=leased,
            waiting=int(self._client.zcard(self._keys.waiting)),
            dead=int(self._client.hlen(self._keys.dead)),
            workers=int(self._client.zcount(self._keys.workers, now_ms, "+inf")),
            paused=b"paused" in fields,
        )

    def _fields(self) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = self._client.hgetall(self._keys.crawl)
        return fields

    def _time(self) -> tuple[int, int]:
        time: tuple[int, int] = self._client.time()
        return time


def _ahead(written: bytes | None) -> int:
    return int(written) if written and NUMBER.fullmatch(written) else 0
