"""Workers of one crawl on the real Redis, without Scrapy."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from refillspot.frontier.queue import CrawlQueue
from refillspot.redis_clients import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    Workers = Callable[..., AbstractAsyncContextManager[list[CrawlQueue]]]

LEASE = 60  # seconds; no worker is given up because this machine is busy


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
