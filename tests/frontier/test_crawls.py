"""Which crawl a worker joins where only Redis knows it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.frontier.redis_crawls import RedisCrawls

if TYPE_CHECKING:
    from refillspot.stats.crawl import Crawl

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_workers_with_equal_arguments_share_a_crawl_until_it_is_complete(redis_url: str, key_prefix: str) -> None:
    async def join(**arguments: str) -> Crawl:
        return await RedisCrawls(redis_url, key_prefix).join("books", arguments, None, NOW)

    async def all_of_them() -> None:
        first, second, other = await join(shelf="a"), await join(shelf="a"), await join(shelf="b")
        late = RedisCrawls(redis_url, key_prefix)
        await late.join("books", {"shelf": "a"}, None, NOW)
        ended = await late.complete(first.id, {"done": 3}, NOW)
        next_one = await join(shelf="a")
        await late.complete(first.id, {"done": 3}, NOW)  # said twice: it ends no crawl but its own

        assert (first.id, first.started_at) == (second.id, NOW)
        assert len({first.id, other.id, next_one.id}) == 3
        assert (ended.state, ended.result["done"]) == ("complete", 3)
        assert (await join(shelf="a")).id == next_one.id

    asyncio.run(all_of_them())


def test_a_named_crawl_is_not_begun_again_by_who_has_ended_it(redis_url: str, key_prefix: str) -> None:
    async def twice() -> None:
        crawls = RedisCrawls(redis_url, key_prefix)
        await crawls.join("books", {}, "autumn", NOW)
        await crawls.complete("autumn", {}, NOW)
        await crawls.join("books", {}, "autumn", NOW)

    with pytest.raises(ArgumentError, match="autumn is complete"):
        asyncio.run(twice())
