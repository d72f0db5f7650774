"""Scrapy's line for each page and each item, only where somebody reads it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter, LogFormatterResult

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class BriefLogFormatter(LogFormatter):
    """Says of pages and items what Scrapy's own says with LOG_LEVEL = DEBUG, and nothing otherwise.

    Scrapy lets every logger make its records, and drops at the handler those that nobody wants. Settings: LOG_LEVEL.
    """

    def __init__(self, level: str) -> None:
        self._is_asked = logging.getLevelNamesMapping().get(level, logging.DEBUG) <= logging.DEBUG

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings["LOG_LEVEL"])

    def crawled(  # type: ignore[override]  # None = no line, as Scrapy documents
        self, request: Request, response: Response, spider: Spider
    ) -> LogFormatterResult | None:
        return super().crawled(request, response, spider) if self._is_asked else None

    def scraped(  # type: ignore[override]
        self, item: Any, response: Response | Any, spider: Spider
    ) -> LogFormatterResult | None:
        if not self._is_asked:
            return None
        return super().scraped(repr(item), response, spider)  # whole; as text, a store is its name
