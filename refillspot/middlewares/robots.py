"""robots.txt: what is not known is not allowed."""

from __future__ import annotations

import asyncio
import logging
import random
from functools import partial
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from refillspot import politeness
from refillspot.diningcode.refusals import ROBOTS_PATH, refusal_of
from refillspot.middlewares.politeness import PolitenessMiddleware, put_back
from refillspot.retries import backoff_seconds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

NOT_NOW = {403, 408, 425, 429}  # and 5xx; any other 4xx means that there are no rules (RFC 9309)
NO_SITE = (CannotResolveHostError, DownloadConnectionRefusedError)  # nothing there that could forbid: as of any request
LONGEST_SLEEP = 1.0  # seconds; then it is asked again whether the crawl ends
KNOWN_SECONDS = 24 * 3600  # then the rules are asked for again (RFC 9309)


class _EndingError(Exception):
    """The crawl ends before the rules are known."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, but after an error, a time-out or a block page requests wait until the rules could be read.

    `Crawl-delay` becomes the least spacing for all workers.

    Settings: ROBOTSTXT_OBEY, ROBOTSTXT_USER_AGENT, ROBOTSTXT_PARSER, RETRY_EXCEPTIONS, RETRY_BACKOFF_SECONDS.
    Stats: robotstxt/request_count, response_count, unknown (times that the rules could not be read), forbidden.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._backoff = settings.getfloat("RETRY_BACKOFF_SECONDS")
        self._passing = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        self._rules: dict[str, asyncio.Future[RobotParser | None]] = {}

    async def process_request(self, request: Request) -> Request | None:  # type: ignore[override]
        try:
            await super().process_request(request)
        except _EndingError:
            return put_back(request)
        return None

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the request's host, None = everything is allowed."""
        host = urlparse_cached(request).netloc
        if host not in self._rules:
            self._rules[host] = asyncio.ensure_future(self._learn(request, host))
        try:
            return await asyncio.shield(self._rules[host])
        except Exception:
            self._rules.pop(host, None)  # the next request asks again
            raise

    async def _learn(self, request: Request, host: str) -> RobotParser | None:
        attempt = 1
        while why := await self._ask(f"{urlparse_cached(request).scheme}://{host}{ROBOTS_PATH}", host):
            if not isinstance(why, str):
                return why.parser
            self._stats.inc_value("robotstxt/unknown")
            wait = backoff_seconds(attempt, self._backoff, random.random())  # noqa: S311
            logger.warning(
                "%s: nothing is asked of %s until its rules are known; they are asked for again in %.0f s", why, host, wait
            )
            await self._sleep(wait)
            attempt += 1
        return None
