"""A spider middleware that wants each store page anew, as a changed list row would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from refillspot.caching import CACHE_KIND, CACHE_REFRESH, Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class RefreshStores:
    async def process_spider_output(self, response: object, result: AsyncIterator[Any]) -> AsyncIterator[Any]:  # noqa: ARG002  # Scrapy's signature
        async for output in result:
            if isinstance(output, Request) and output.meta.get(CACHE_KIND) == Kind.STORE:
                output.meta[CACHE_REFRESH] = True
            yield output
