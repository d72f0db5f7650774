"""The last place before the site: a request leaves when the budget of all workers has a place for it."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.clock import KST, Clock
from refillspot.downloadermiddlewares.requeue import requeue
from refillspot.engine import is_ending
from refillspot.exit_status import BLOCKED
from refillspot.policies.politeness_settings import CrawlWindow
from refillspot.signals import crawl_event, crawl_joined, pace_decided, stats_asked
from refillspot.site_access import SiteAccess

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

    from refillspot.policies.politeness import Decision
    from refillspot.shared.budget import RequestBudget

logger = logging.getLogger(__name__)

SENT = "politeness_sent"  # in a request's meta: when it left, on the clock of the budget
LONGEST_SLEEP = 1.0  # seconds; then it is asked again whether the crawl ends
HOLDING = {"held", "blocked", "waits"}
LEVELS = {"raised": logging.DEBUG, "limited": logging.INFO, "delayed": logging.INFO}


class PolitenessMiddleware:
    """Lets a request leave when it is its turn, robots.txt included, and within CRAWL_WINDOW.

    Settings: POLITENESS_REQUESTS_PER_SECOND (0 = no budget), POLITENESS_FAST_ALLOWED, CRAWL_WINDOW, SITE_ADDRESSES,
    REDIS_URL, REDIS_KEY_PREFIX, CLOCK_OFFSET_SECONDS. Stats: politeness/permits, discarded, waited_seconds,
    redis_outages, pace and ceiling (requests/s); of the decisions that this worker caused politeness/slowed, raised,
    held, blocked, limited, delayed; longest_hold_seconds (of those held); of those that others had taken waits, reset,
    resumed, stopped; windows_waited.
    Sends crawl_event "blocked", once for each block: the worker that met it.

    Raises:
        ConfigurationError: CRAWL_WINDOW cannot be read.
        ArgumentError: the pace cannot be read, or is too much for a site of somebody else.
    """

    def __init__(self, crawler: Crawler, budget: RequestBudget | None) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._budget = budget
        self._clock = Clock.of(settings)
        self._window = CrawlWindow.parse(settings.get("CRAWL_WINDOW") or "")
        self._opens_at: object = None
        self._ending: asyncio.Future[None] | None = None
        self._tellings: set[asyncio.Task[object]] = set()
        if budget is None and self._window is None:
            raise NotConfigured("POLITENESS_REQUESTS_PER_SECOND is 0: no limit.")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler, SiteAccess.of(crawler).budget)
        crawler.signals.connect(middleware.crawl_joined, signal=crawl_joined)
        crawler.signals.connect(middleware.pace_decided, signal=pace_decided)
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.stats_asked, signal=stats_asked)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    def crawl_joined(self, answered: int) -> None:
        if self._budget and answered:
            self._budget.note_asked()

    def spider_opened(self) -> None:
        if self._budget:
            looking = asyncio.ensure_future(self._budget.look())
            self._tellings.add(looking)
            looking.add_done_callback(self._tellings.discard)

    async def process_request(self, request: Request) -> Request | None:
        while not is_ending(self._crawler):
            if seconds := self._seconds_until_open():
                await asyncio.sleep(min(seconds, LONGEST_SLEEP))
            elif self._budget is None:
                return None
            elif (sent := await self._budget.permit()) and not self._seconds_until_open():
                request.meta[SENT] = sent
                return None
        return requeue(request)

    def pace_decided(self, decision: Decision) -> None:
        self._crawler.stats.inc_value(f"politeness/{decision.kind}")
        self._crawler.stats.set_value("politeness/pace", round(1 / decision.pace.interval, 3))
        held = self._budget.seconds_held() if self._budget else 0.0
        if decision.kind == "held":
            self._crawler.stats.max_value("politeness/longest_hold_seconds", round(held, 1))
        is_full = decision.kind == "raised" and decision.pace.rate == decision.pace.ceiling
        level = logging.INFO if is_full else LEVELS.get(decision.kind, logging.WARNING)
        until = ""
        if decision.kind in HOLDING:
            until = f"; it goes on at {self._clock.now().astimezone(KST) + timedelta(seconds=held):%H:%M:%S} KST"
        logger.log(level, "politeness, %s: %s%s", decision.kind, decision.reason, until)
        if decision.kind == "stopped":
            self._end()
        if decision.kind == "blocked":
            self._tell_operator(decision)

    def stats_asked(self) -> None:
        if self._budget is None:
            return
        stats = self._budget.stats
        self._crawler.stats.set_value("politeness/ceiling", self._budget.ceiling)
        self._crawler.stats.set_value("politeness/permits", stats.permits)
        self._crawler.stats.set_value("politeness/discarded", stats.discarded)
        self._crawler.stats.set_value("politeness/waited_seconds", round(stats.waited_seconds, 3))
        self._crawler.stats.set_value("politeness/redis_outages", stats.redis_outages)

    async def spider_closed(self) -> None:
        self.stats_asked()
        await asyncio.gather(*self._tellings)

    def _seconds_until_open(self) -> float:
        if self._window is None or not (seconds := self._window.seconds_until_open(self._clock.now())):
            return 0.0
        opens_at = self._window.opens_at(self._clock.now())
        if opens_at != self._opens_at:
            self._opens_at = opens_at
            self._crawler.stats.inc_value("politeness/windows_waited")
            logger.info("outside CRAWL_WINDOW nothing is asked; it goes on at %s KST", f"{opens_at:%Y-%m-%d %H:%M}")
        return seconds

    def _end(self) -> None:
        """Close the spider; what it has in hand goes back into the queue."""
        if self._crawler.engine and not is_ending(self._crawler):
            self._ending = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=BLOCKED))

    def _tell_operator(self, decision: Decision) -> None:
        pace = decision.pace
        seconds = round(pace.hold_until - pace.blocked_at)
        crawl = self._crawler.stats.get_value("crawl/id")
        facts = {"crawl": crawl, "sentence": decision.reason, "seconds": seconds, "blocks": pace.blocks}
        telling = asyncio.ensure_future(
            self._crawler.signals.send_catch_log_async(crawl_event, event="blocked", facts=facts)
        )
        self._tellings.add(telling)
        telling.add_done_callback(self._tellings.discard)
