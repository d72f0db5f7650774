"""Which requests are seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class SeedMiddleware:
    """Marks the seeds for the scheduler, as Scrapy's StartSpiderMiddleware, which also looks at all other results."""

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for result in start:
            if isinstance(result, Request):
                result.meta.setdefault("is_start_request", True)
            yield result
