"""An extension that puts an older, faulty parser in place. Loaded by test_reparse.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot import parsing
from refillspot.items import Day, OpeningHours
from refillspot.postgres import store_row
from refillspot.sites.diningcode import stores

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class Misreading:
    """Whatever the hours are, they read as 01:00-02:00 on Mondays; whatever the offer costs, as 1 won."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003  # Scrapy's signature
        vars(stores)["parse_hours"] = lambda _value: OpeningHours({0: Day([("01:00", "02:00")])})
        vars(stores)["headline_price_krw"] = lambda _prices: 1
        vars(store_row)["PARSER_VERSION"] = parsing.PARSER_VERSION - 1
        return cls()


class Blind:
    """No hours are read."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003  # Scrapy's signature
        vars(stores)["parse_hours"] = lambda _value: None
        return cls()
