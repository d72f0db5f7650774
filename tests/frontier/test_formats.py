"""Which versions of refillspot have written into a queue, and who may go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refillspot.exceptions import QueueFormatError
from refillspot.frontier.codec import check_formats, own_format
from refillspot.frontier.queue import CrawlQueue
from refillspot.redis_clients import connect
from tests.frontier.test_queue import names, push, take

if TYPE_CHECKING:
    from tests.frontier.conftest import Workers

LATER = b"99.9/7.7"
LEASE = 60


async def test_nothing_is_taken_from_a_queue_in_which_a_later_version_writes(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    own = own_format().encode()
    async with workers("a") as (a,), connect(redis_url) as client:
        assert await client.hget(f"{key_prefix}:crawl", "formats") == own
        await a.commit(1, push("x"))
        await client.hset(f"{key_prefix}:crawl", "formats", own + b" " + LATER)

        assert await a.take(1, max_attempts=1, inherit=True) is None
        with pytest.raises(QueueFormatError, match=r"refillspot 7\.7 \(format 99\.9\).*scrapy crawls prune"):
            await a.beat(LEASE, join=False)
        another = CrawlQueue(connect(redis_url), key_prefix, "b")
        with pytest.raises(QueueFormatError):
            await another.open()
        await another.close()
        assert await a.length() == 1


async def test_who_cannot_read_a_queue_leaves_no_trace_in_it(redis_url: str, key_prefix: str) -> None:
    async with connect(redis_url) as client:
        await client.hset(f"{key_prefix}:crawl", mapping={"state": "open", "formats": LATER})
        queue = CrawlQueue(client, key_prefix, "a")
        with pytest.raises(QueueFormatError):
            await queue.open()
        assert await client.hget(f"{key_prefix}:crawl", "formats") == LATER


@pytest.mark.parametrize("found", [None, b"", b"\xff\x00", b"/// 1.x/ x", b"9" * 1000])
async def test_what_says_no_format_stops_nobody(
    workers: Workers, redis_url: str, key_prefix: str, found: bytes | None
) -> None:
    """As where Redis came back from before it was noted, or of a queue that the version before began."""
    async with workers("a") as (a,), connect(redis_url) as client:
        await a.commit(1, push("x"))
        await client.hdel(f"{key_prefix}:crawl", "formats")
        if found is not None:
            await client.hset(f"{key_prefix}:crawl", "formats", found)
        await a.beat(LEASE, join=False)

        noted = await client.hget(f"{key_prefix}:crawl", "formats")
        assert isinstance(noted, bytes)
        assert noted.endswith(own_format().encode())
        assert names(await take(a)) == ["x"]


def test_what_a_queue_says_is_not_believed_to_be_more_than_it_is() -> None:
    check_formats(f"{own_format()} \x1b[2J \n 99 .9/x", "one")
    with pytest.raises(QueueFormatError) as told:
        check_formats("99.9/\x1b[2J", "one")
    assert "\x1b" not in str(told.value)
