"""A network that swallows everything, and a site that is only slow."""

from __future__ import annotations

import asyncio

import pytest
from scrapy import Request
from scrapy.utils.test import get_crawler

from refillspot.downloadermiddlewares import network
from refillspot.downloadermiddlewares.network import NetworkMiddleware

SITE = {"SITE_ADDRESSES": ["https://im.diningcode.com", "https://www.diningcode.com"]}
PATIENCE = {"SITE_AWAY_START_SECONDS": 3600, "SITE_AWAY_MAX_SECONDS": 3600}


@pytest.mark.parametrize("is_there", [False, True])
async def test_silence_is_the_networks_only_where_no_connection_can_be_made(
    monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    asked: list[str] = []

    async def accepts(url: str) -> bool:
        asked.append(url)
        return is_there

    monkeypatch.setattr(network, "_accepts", accepts)
    monkeypatch.setattr(network, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(network, "POLL_SECONDS", 0.001)
    crawler = get_crawler(settings_dict=SITE | PATIENCE)
    middleware = NetworkMiddleware(crawler)
    middleware.spider_opened()
    assert await middleware.process_request(Request("https://im.diningcode.com/API/isearch/")) is None
    while len(asked) < 2:  # noqa: ASYNC110  # being asked sets no event
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.001)
    middleware.spider_closed()

    assert (crawler.stats.get_value("network/outages", 0) == 1) is not is_there
    assert set(asked) <= set(SITE["SITE_ADDRESSES"])
    if not is_there:
        assert crawler.stats.get_value("network/host") == "im.diningcode.com and www.diningcode.com"


async def test_where_nothing_is_under_way_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(network, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(network, "_accepts", lambda _: pytest.fail("nobody was asked anything"))
    middleware = NetworkMiddleware(get_crawler(settings_dict=SITE | PATIENCE))
    middleware.spider_opened()
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert middleware._watch
    assert not middleware._watch.done()
    middleware.spider_closed()
