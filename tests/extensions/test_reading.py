"""A crawl's stats say how much its parsers left as text."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.utils.test import get_crawler

from refillspot.extensions.reading import Reading
from refillspot.items import RefillVerdict, Store, UnreadPage
from refillspot.sites.diningcode import NAME

if TYPE_CHECKING:
    import pytest


def test_what_was_left_as_text_is_in_the_stats(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "refillspot.extensions.reading")
    crawler = get_crawler()
    reading = Reading.from_crawler(crawler)
    for ref in ("AAAAaaaa1111", "BBBBbbbb2222"):
        store = Store(NAME, ref, "달빛", "https://www.diningcode.com", RefillVerdict("unlikely"))
        store.hours_text = "매장 문의"
        store.categories = ["무중력체험"]
        crawler.signals.send_catch_log(signals.item_scraped, item=store, spider=None)
    page = UnreadPage(NAME, "CCCCcccc3333", {}, b"", "…")
    crawler.signals.send_catch_log(signals.item_scraped, item=page, spider=None)

    assert reading
    assert {name: count for name, count in crawler.stats.get_stats().items() if name.startswith("parsing/")} == {
        "parsing/stores": 2,
        "parsing/hours_unread": 2,
        "parsing/categories_unknown": 2,
    }
    assert [record.getMessage() for record in caplog.records] == [
        "the category '무중력체험' of AAAAaaaa1111 is in no vocabulary"
    ]
