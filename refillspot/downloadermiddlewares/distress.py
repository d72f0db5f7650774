"""What answers say about how the site is: too much, too slow, no more."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK

from refillspot.downloadermiddlewares.politeness import SENT
from refillspot.downloadermiddlewares.requeue import requeue
from refillspot.policies import politeness
from refillspot.policies.politeness import LatencyWatch
from refillspot.policies.retries import LONGEST_RETRY_AFTER, retry_after_seconds
from refillspot.process import lateness
from refillspot.site_access import SiteAccess

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.shared.budget import RequestBudget
    from refillspot.sites.site import Refusal

TOO_MUCH = {403, 429}
TICK_SECONDS = 0.25
LEAST_STALL_SECONDS = 0.1  # later than that is a stall


class DistressMiddleware:
    """Tells all workers what an answer means for the pace; a request that met a block waits in the queue, unharmed.

    Settings: SITE_ADDRESSES (other hosts say nothing about the site),
    POLITENESS_REQUESTS_PER_SECOND (0 = not there), POLITENESS_BLOCK_SECONDS. Stats: politeness/put_back,
    good_answers (of the site itself, whoever reads them), verification_pages, pages_for_humans, slow_answers (times
    that the latency had doubled), retry_after_cut (longer than is believed), retry_after_unusable; those of the
    decisions are PolitenessMiddleware's, which also says what they are.
    """

    def __init__(self, crawler: Crawler, access: SiteAccess, budget: RequestBudget) -> None:
        self._crawler = crawler
        self._site, self._hosts = access.site, access.hosts
        self._api = access.api
        self._budget = budget
        self._cool_down = crawler.settings.getfloat("POLITENESS_BLOCK_SECONDS")
        self._latency = LatencyWatch()
        self._stalls = Stalls()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        access = SiteAccess.of(crawler)
        if access.budget is None:
            raise NotConfigured  # POLITENESS_REQUESTS_PER_SECOND is 0: no limit
        middleware = cls(crawler, access, access.budget)
        crawler.signals.connect(middleware._stalls.watch, signal=signals.spider_opened)
        crawler.signals.connect(middleware._stalls.end, signal=signals.spider_closed)
        return middleware

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        sent = request.meta.pop(SENT, None)
        if sent is None or not self._is_of_site(request):
            return response
        if refusal := self._site.refusal_of(request.url, response.status, response.body):
            self._count(refusal.kind)
            return await self._refused(request, response, refusal, sent)
        await self._hold(request, response)
        await self._budget.answered(is_error=response.status >= 500)
        sign = self._sign(request, response)
        if sign is None and (response.status < 300 or response.status == 304):
            self._count("good_answers")
        if sign := sign or self._slowness(request, response):
            await self._budget.change(partial(politeness.slow_down, reason=sign, sent=sent))
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        was_sent = request.meta.pop(SENT, None) is not None and self._is_of_site(request)
        if was_sent and not isinstance(exception, IgnoreRequest):
            await self._budget.answered(is_error=True)

    def _is_of_site(self, request: Request) -> bool:
        """Whether an answer is the site's; redirects do not lead elsewhere."""
        return self._hosts.has(request.url)

    async def _refused(self, request: Request, response: Response, refusal: Refusal, sent: float) -> Request | Response:
        reason = f"{request.url} is {refusal.words}"
        block = partial(politeness.block, reason=reason, sent=sent, cool_down=self._cool_down)
        decision = await self._budget.change(block)
        if self._api and decision and decision.kind == "blocked":
            await self._api.blocked(request, refusal, response.status, reason)
        await self._hold(request, response)
        if request.callback is NO_CALLBACK:  # whoever asks for robots.txt judges for itself
            return response
        self._count("put_back")
        return requeue(request, self._budget.seconds_held())

    async def _hold(self, request: Request, response: Response) -> None:
        header = response.headers.get("Retry-After")
        if header is None or response.status < 400:
            return
        asked = header.decode("latin-1")
        date = (response.headers.get("Date") or b"").decode("latin-1")
        seconds = retry_after_seconds(asked, datetime.now(UTC), date)
        if not seconds:
            self._count("retry_after_unusable")
            return
        if seconds == LONGEST_RETRY_AFTER:
            self._count("retry_after_cut")
        reason = f"HTTP {response.status} of {request.url} with Retry-After: {asked[:40]}"
        await self._budget.change(partial(politeness.hold, seconds=seconds, reason=reason))

    def _sign(self, request: Request, response: Response) -> str | None:
        if response.status in TOO_MUCH:
            return f"HTTP {response.status} of {request.url}"
        if 200 <= response.status < 300 and not response.body.strip() and not self._site.is_page_due(request.url):
            return f"an empty answer of {request.url}"
        return None

    def _slowness(self, request: Request, response: Response) -> str | None:
        latency = request.meta.get("download_latency")
        if latency is None or response.status >= 400 or self._stalls.since(time.monotonic() - latency):
            return None
        if slowness := self._latency.add(latency):
            self._count("slow_answers")
        return slowness

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"politeness/{what}")


class Stalls:
    """When this process did nothing, suspended or too busy: what took long then says nothing about the site."""

    def __init__(self) -> None:
        self._last = 0.0
        self._ticked_at = math.inf
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        self._task = asyncio.create_task(self._tick(), name="stalls")

    def end(self) -> None:
        if self._task:
            self._task.cancel()

    def since(self, moment: float) -> bool:
        """Tell whether there was one since then, on `time.monotonic`; one that goes on is seen at its next tick."""
        return self._last >= moment or time.monotonic() > self._ticked_at + TICK_SECONDS + LEAST_STALL_SECONDS

    async def _tick(self) -> None:
        while True:
            self._ticked_at = time.monotonic()
            if await lateness(TICK_SECONDS) > LEAST_STALL_SECONDS:
                self._last = time.monotonic()
