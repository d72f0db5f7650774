"""robots.txt: what is not known is not allowed."""

from __future__ import annotations

import asyncio
import logging
import random
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin

from protego import Protego
from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, IgnoreRequest, StopDownload
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler, load_object

from refillspot.downloadermiddlewares.requeue import requeue
from refillspot.engine import is_ending
from refillspot.policies import politeness
from refillspot.policies.caching import ROBOTS_PATH
from refillspot.policies.retries import backoff_seconds
from refillspot.robots_text import LONGEST_RULES, rules_text
from refillspot.site_access import SiteAccess
from refillspot.site_hosts import host_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

NOT_NOW = {403, 408, 425, 429}  # and 5xx; any other 4xx means that there are no rules (RFC 9309)
NO_SITE = (CannotResolveHostError, DownloadConnectionRefusedError)  # nobody there: fails as any other request
LONGEST_SLEEP = 1.0  # seconds; then it is asked again whether the crawl ends
KNOWN_SECONDS = 24 * 3600  # then the rules are asked for again (RFC 9309)
LONGEST_BACKOFF_ATTEMPT = 5  # further ones wait as long
RULED_OUT = "ruled_out"
"""Key of a request's meta: the rules forbid it."""
RECEIVED = "robots_bytes"
"""Key of a request's meta: how much of the rules has come."""


class _Rules(NamedTuple):
    parser: RobotParser | None
    """None = everything is allowed."""


class _UnreadableError(Exception):
    """The rules could not be read; the message says why."""


class _NotNowError(Exception):
    """The crawl ends before the rules are known, or those that wait for them have another way."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, but after an error, a time-out or a block page requests wait until the rules could be read.

    `Crawl-delay` becomes the least spacing for all workers. Of rules without end the first part is read.

    Settings: ROBOTSTXT_OBEY, ROBOTSTXT_USER_AGENT, ROBOTSTXT_PARSER, RETRY_EXCEPTIONS, RETRY_BACKOFF_SECONDS.
    Stats: robotstxt/request_count, response_count, response_status_count/<HTTP status>, unknown (times that the rules
    could not be read), forbidden.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._count = crawler.stats.inc_value
        self._parser = load_object(settings["ROBOTSTXT_PARSER"])
        self._matched_as = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self._backoff = settings.getfloat("RETRY_BACKOFF_SECONDS")
        self._passing = tuple(load_object(error) for error in settings.getlist("RETRY_EXCEPTIONS"))
        self._access = SiteAccess.of(crawler)
        self._rules: dict[str, asyncio.Future[RobotParser | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = super().from_crawler(crawler)
        crawler.signals.connect(middleware.bytes_received, signal=signals.bytes_received)
        return middleware

    def bytes_received(self, data: bytes, request: Request) -> None:
        if RECEIVED not in request.meta:
            return
        request.meta.pop("download_maxsize", None)  # what is unpacked has the usual limit
        request.meta[RECEIVED] += len(data)
        if request.meta[RECEIVED] > LONGEST_RULES:
            raise StopDownload(fail=False)

    async def process_request(self, request: Request) -> Request | None:  # type: ignore[override]
        try:
            await super().process_request(request)
        except _NotNowError:
            return requeue(request)
        except IgnoreRequest:
            request.meta[RULED_OUT] = True
            raise
        return None

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the request's host, None = everything is allowed."""
        host = host_of(request.url)
        if host not in self._rules:
            self._rules[host] = asyncio.ensure_future(self._learn(urljoin(request.url, ROBOTS_PATH), host))
        try:
            return await asyncio.shield(self._rules[host])
        except Exception:
            self._rules.pop(host, None)  # the next request asks again
            raise

    async def _learn(self, url: str, host: str) -> RobotParser | None:
        attempt = 0
        while True:
            try:
                rules = await self._ask(url, host)
            except _UnreadableError as error:
                attempt = min(attempt + 1, LONGEST_BACKOFF_ATTEMPT)
                wait = backoff_seconds(attempt, self._backoff, random.random())  # noqa: S311
                self._count("robotstxt/unknown")
                logger.warning("nothing is asked of %s, its rules are unknown: %s; again in %.0f s", host, error, wait)
                if self._access.api and await self._access.api.rules_unknown(url, str(error)):
                    raise _NotNowError from error
                await self._sleep(wait)
            else:
                asyncio.get_running_loop().call_later(KNOWN_SECONDS, self._rules.pop, host, None)
                return rules.parser

    async def _ask(self, url: str, host: str) -> _Rules:
        self._count("robotstxt/request_count")
        meta: dict[str, Any] = {"dont_obey_robotstxt": True, "dont_retry": True}  # retries wait here
        meta |= {RECEIVED: 0, "download_maxsize": 0}  # else longer rules fail before their first part has come
        request = Request(url, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
        assert self.crawler.engine  # noqa: S101  # it asks this middleware
        try:
            response = await self.crawler.engine.download_async(request)
        except NO_SITE:
            raise
        except (IgnoreRequest, *self._passing) as error:
            if is_ending(self.crawler):
                raise _NotNowError from error
            raise _UnreadableError(f"{type(error).__name__} of {url}: {error}") from error
        self._count("robotstxt/response_count")
        self._count(f"robotstxt/response_status_count/{response.status}")
        return await self._rules_of(response, host)

    async def _rules_of(self, response: Response, host: str) -> _Rules:
        if refusal := self._access.site.refusal_of(response.url, response.status, response.body):
            raise _UnreadableError(f"{response.url} is {refusal.words}")
        if 400 <= response.status < 500 and response.status not in NOT_NOW:
            await self._keep_delay(host, 0.0)
            return _Rules(None)
        if not 200 <= response.status < 300:
            raise _UnreadableError(f"HTTP {response.status} of {response.url}")
        rules, delay = await asyncio.to_thread(self._parsed, response.body)  # long ones take a tenth of a second
        await self._keep_delay(host, delay)
        return _Rules(rules)

    def _parsed(self, body: bytes) -> tuple[RobotParser, float]:
        """Return the rules, and the `Crawl-delay` in them: Scrapy's parsers do not tell it."""
        text = rules_text(body, self._matched_as)
        rules = build_from_crawler(self._parser, self.crawler, text.encode())
        return rules, Protego.parse(text).crawl_delay(self._matched_as) or 0.0

    async def _keep_delay(self, host: str, seconds: float) -> None:
        if self._access.budget and host in self._access.hosts.hosts:
            await self._access.budget.change(partial(politeness.delay, host=host, seconds=seconds))

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            if is_ending(self.crawler):
                raise _NotNowError
            await asyncio.sleep(min(left, LONGEST_SLEEP))
