"""A spider each of whose requests ends in another way. Run by test_request_ends.py, never imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider, DropItem, IgnoreRequest
from scrapy.http import TextResponse

from refillspot.exceptions import ApiError, LayoutChangedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure


class Way:
    """The last word of a URL's path says what becomes of it."""

    def process_item(self, item: dict[str, str]) -> dict[str, str]:
        if item["way"] == "item-dropped":
            raise DropItem("not wanted")
        if item["way"] == "item-error":
            raise RuntimeError("the pipeline failed")
        return item


class Gate:
    def process_request(self, request: Request) -> Response | None:
        way = request.url.rsplit("/", 1)[1]
        if way == "ignored":
            raise IgnoreRequest("not allowed")
        if way == "cached":
            return TextResponse(request.url, body=b"from the cache", request=request)
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        if request.url.endswith("/spoiled"):
            raise ValueError("a middleware failed")
        return response


class EndsSpider(Spider):
    name = "ends"
    custom_settings = {  # noqa: RUF012  # Scrapy's name and type
        "ITEM_PIPELINES": {Way: 1},
        "DOWNLOADER_MIDDLEWARES": {
            Gate: 900,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "refillspot.middlewares.RetryAfterMiddleware": 550,
            "refillspot.middlewares.SiteRedirectMiddleware": 600,
        },
        "ROBOTSTXT_OBEY": False,
    }

    async def start(self) -> AsyncIterator[Request]:
        site, gone = os.environ["ENDS_SITE"], os.environ["ENDS_GONE"]
        for way in os.environ["ENDS"].split():
            errback = self.handle_failure if way.startswith("errback") else None
            yield Request(f"{gone if 'refused' in way else site}/{way}", self.parse_way, errback=errback)

    def parse_way(self, response: Response) -> Iterator[dict[str, str] | Request]:
        way = response.url.rsplit("/", 1)[1]
        if way == "raises-early":
            raise KeyError("a bug")
        if way in {"no-output", "child"}:
            return
        yield {"way": way}
        yield response.follow("/child", self.parse_way)
        if way == "raises-midway":
            raise LayoutChangedError("a key is gone")
        if way == "passes" and b"first" in response.body:
            raise ApiError("result_code 001")
        if way == "never-passes":
            raise ApiError("result_code 001")
        if way == "closes":
            raise CloseSpider("enough")

    def handle_failure(self, failure: Failure) -> Any:
        self.logger.info("errback: %s", failure.getErrorMessage())
