from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from refillspot.spidermiddlewares import SeedMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def test_seeds_are_marked_as_scrapy_marks_them() -> None:
    async def start() -> AsyncIterator[Any]:
        yield Request("https://im.diningcode.com/a")
        yield Request("https://im.diningcode.com/b", meta={"is_start_request": False})
        yield {"an": "item"}

    first, second, item = [result async for result in SeedMiddleware().process_start(start())]

    assert first.meta == {"is_start_request": True}
    assert second.meta == {"is_start_request": False}
    assert item == {"an": "item"}
