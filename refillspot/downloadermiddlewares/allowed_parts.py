"""People's words go no further than this: what comes behind is what may be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.sites.diningcode.kept_page import kept_page

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector


class AllowedPartsMiddleware:
    """Takes out of each answer what is not read of it: reviews, blog posts, visitors' names.

    Before the page cache, the spider and all that keep pages, logs and dead letters, behind those that judge how the
    site is. Stats: pages/bytes_sent, pages/bytes_kept (bodies, unpacked).
    """

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.stats)

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002  # Scrapy's signature
        if "cached" in response.flags:  # it came from here before
            return response
        body = kept_page(response.url, response.status, response.body)
        if body is response.body:
            return response
        self._stats.inc_value("pages/bytes_sent", len(response.body))
        self._stats.inc_value("pages/bytes_kept", len(body))
        return response.replace(body=body)
