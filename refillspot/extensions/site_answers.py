"""What came from the site itself: Scrapy's own counts have the answers of the page cache among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector


class SiteAnswers:
    """Counts answers when they arrive.

    Stats: site/answers, site/status/<HTTP status>, site/bytes (of bodies, as they came), site/seconds (from the
    request to the headers, all together) and site/longest_seconds.
    """

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats
        self._seconds = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler.stats)
        crawler.signals.connect(extension.response_downloaded, signal=signals.response_downloaded)
        return extension

    def response_downloaded(self, response: Response, request: Request) -> None:
        seconds = request.meta.get("download_latency", 0.0)
        self._seconds += seconds
        self._stats.inc_value("site/answers")
        self._stats.inc_value(f"site/status/{response.status}")
        self._stats.inc_value("site/bytes", len(response.body))
        self._stats.set_value("site/seconds", round(self._seconds, 3))
        self._stats.max_value("site/longest_seconds", round(seconds, 3))
