"""Workers of one crawl on the real Redis, without Scrapy; and a Redis that may be killed."""

from __future__ import annotations

import subprocess
import time
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from refillspot.frontier.queue import CrawlQueue, connect
from refillspot.services.binaries import find_redis
from refillspot.services.redis_server import QUEUE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    Workers = Callable[..., AbstractAsyncContextManager[list[CrawlQueue]]]

LEASE = 0.3  # seconds; short, because tests wait for its end


@pytest.fixture
def workers(redis_url: str, key_prefix: str) -> Workers:
    """`async with workers("a", "b") as (a, b)`: each has joined the crawl."""

    @asynccontextmanager
    async def join(*names: str) -> AsyncIterator[list[CrawlQueue]]:
        async with AsyncExitStack() as stack:
            queues = []
            for name in names:
                queue = CrawlQueue(connect(redis_url), key_prefix, name)
                stack.push_async_callback(queue.close)
                await queue.open()
                await queue.beat(LEASE, join=True)
                queues.append(queue)
            yield queues

    return join


class OwnRedis:
    """A Redis of its own, with the queue's options."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"unix://{directory}/redis.sock"

    def start(self, *options: str) -> None:
        command = [str(find_redis()), "--port", "0", "--unixsocket", f"{self.directory}/redis.sock", "--save", ""]
        command += ["--dir", str(self.directory), "--logfile", f"{self.directory}/log", *QUEUE_OPTIONS, *options]
        self.process = subprocess.Popen(command)
        client = self.client()
        while True:  # ends at pytest's timeout if never
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.01)
        client.close()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_redis(short_directory: Path) -> Iterator[OwnRedis]:
    directory = short_directory / uuid.uuid4().hex[:8]
    directory.mkdir()
    server = OwnRedis(directory)
    server.start()
    yield server
    server.kill()
