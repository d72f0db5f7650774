"""Spider middlewares that make pages out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH, Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class RefreshStores:
    """Each store page is wanted anew."""

    async def process_spider_output(self, response: object, result: AsyncIterator[Any]) -> AsyncIterator[Any]:  # noqa: ARG002  # Scrapy's signature
        async for output in result:
            if isinstance(output, Request) and output.meta.get(CACHE_KIND) == Kind.STORE:
                output.meta[CACHE_REFRESH] = True
            yield output


class ChangeRows:
    """Each list row has another phone number than the site wrote."""

    async def process_spider_output(self, response: object, result: AsyncIterator[Any]) -> AsyncIterator[Any]:  # noqa: ARG002  # Scrapy's signature
        async for output in result:
            if isinstance(output, Request) and "row" in output.cb_kwargs:
                output.cb_kwargs["row"]["phone"] = "02-000-0000"
            yield output
