"""A spider each of whose requests takes another road through the engine. Run by test_roads.py, never imported."""

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


class Road:
    """The last word of a URL's path says what becomes of it."""

    def process_item(self, item: dict[str, str]) -> dict[str, str]:
        if item["road"] == "item-dropped":
            raise DropItem("not wanted")
        if item["road"] == "item-error":
            raise RuntimeError("the pipeline failed")
        return item


class Gate:
    def process_request(self, request: Request) -> Response | None:
        road = request.url.rsplit("/", 1)[1]
        if road == "ignored":
            raise IgnoreRequest("not allowed")
        if road == "cached":
            return TextResponse(request.url, body=b"from the cache", request=request)
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        if request.url.endswith("/spoiled"):
            raise ValueError("a middleware failed")
        return response


class RoadsSpider(Spider):
    name = "roads"
    custom_settings = {  # noqa: RUF012  # Scrapy's name and type
        "ITEM_PIPELINES": {Road: 1},
        "DOWNLOADER_MIDDLEWARES": {
            Gate: 900,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "refillspot.middlewares.RetryAfterMiddleware": 550,
            "refillspot.middlewares.SiteRedirectMiddleware": 600,
        },
        "ROBOTSTXT_OBEY": False,
    }

    async def start(self) -> AsyncIterator[Request]:
        site, gone = os.environ["ROADS_SITE"], os.environ["ROADS_GONE"]
        for road in os.environ["ROADS"].split():
            errback = self.handle_failure if road.startswith("errback") else None
            yield Request(f"{gone if 'refused' in road else site}/{road}", self.parse_road, errback=errback)

    def parse_road(self, response: Response) -> Iterator[dict[str, str] | Request]:
        road = response.url.rsplit("/", 1)[1]
        if road == "raises-early":
            raise KeyError("a bug")
        if road in {"no-output", "child"}:
            return
        yield {"road": road}
        yield response.follow("/child", self.parse_road)
        if road == "raises-midway":
            raise LayoutChangedError("a key is gone")
        if road == "passes" and b"first" in response.body:
            raise ApiError("result_code 001")
        if road == "never-passes":
            raise ApiError("result_code 001")
        if road == "closes":
            raise CloseSpider("enough")

    def handle_failure(self, failure: Failure) -> Any:
        self.logger.info("errback: %s", failure.getErrorMessage())
