"""A crawl begins with the questions of `scrapy doctor`: where the first answers are none, it asks for nothing more."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.spidermiddlewares.httperror import HttpError

from refillspot.downloadermiddlewares.robots import RULED_OUT
from refillspot.exceptions import LayoutChangedError
from refillspot.exit_status import UNREADABLE, crawl_exit_status
from refillspot.policies.caching import CACHE_KIND
from refillspot.policies.circuit_breaker import API_FAILURE
from refillspot.policies.first_contact import SEEN, UNREAD, Question, Trouble, is_unanswered, trouble_of
from refillspot.signals import crawl_event, crawl_joined, list_read, request_failed, store_read
from refillspot.site_access import site_of
from refillspot.spidermiddlewares import is_for_good

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from refillspot.frontier.session import CrawlSession
    from refillspot.sites.site import ListPage

logger = logging.getLogger(__name__)


class EarlyStop:
    """Closes the spider when robots.txt forbids what it asks, or too few of the first answers of a kind can be used.

    Lists and store pages are counted apart, those of all workers that are at work together; what the page cache answers
    says nothing of the site. What was leased goes back into the queue, unread pages are kept, and the crawl can be
    resumed.

    Settings: EARLY_STOP_PAGES (0 = never), RETRY_ENABLED, RETRY_TIMES. Stats: early_stop/lists, lists_unread, pages (of
    stores), unread; of what it stops for question, trouble, part.
    Sends crawl_event "held", one worker for all.
    """

    def __init__(self, crawler: Crawler, pages: int, retry_times: int) -> None:
        self._crawler = crawler
        self._stats = crawler.stats
        self._pages = pages
        self._retry_times = retry_times
        self._session: CrawlSession | None = None
        self._troubles: dict[Question, Counter[tuple[Trouble, str]]] = {question: Counter() for question in Question}
        self._asking: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        pages = settings.getint("EARLY_STOP_PAGES")
        if pages <= 0 or site_of(crawler).examination is None:
            raise NotConfigured  # EARLY_STOP_PAGES is 0: never; or nothing is known that such a site should answer
        extension = cls(crawler, pages, settings.getint("RETRY_TIMES") if settings.getbool("RETRY_ENABLED") else 0)
        crawler.signals.connect(extension.crawl_joined, signal=crawl_joined)
        crawler.signals.connect(extension.list_read, signal=list_read)
        crawler.signals.connect(extension.store_read, signal=store_read)
        crawler.signals.connect(extension.spider_error, signal=signals.spider_error)
        crawler.signals.connect(extension.request_failed, signal=request_failed)
        return extension

    def crawl_joined(self, session: CrawlSession) -> None:
        self._session = session

    def list_read(self, page: ListPage, response: Response) -> None:
        if page.sent:  # an empty list proves nothing
            self._note_read(Question.LIST, response)

    def store_read(self, response: Response) -> None:
        self._note_read(Question.STORE, response)

    def spider_error(self, failure: Any, response: Response | None) -> None:
        """Note an answer that cannot be read, and whose page for people is not asked instead."""
        if response is None or response.request is None:
            return
        if is_for_good(response.request, failure.value, self._retry_times):
            is_layout = isinstance(failure.value, LayoutChangedError)
            self._note_unread(response.request, Trouble.CHANGED if is_layout else Trouble.NOT_NOW, str(failure.value))

    def request_failed(self, request: Request, error: BaseException) -> None:
        """Note what has no answer that can be read; where nobody answers, nothing is known of the site."""
        failed: str = request.meta.get(API_FAILURE, "")
        if request.meta.get(RULED_OUT):
            self._note_unread(request, Trouble.FORBIDDEN, request.url)
        elif failed.startswith(LayoutChangedError.__name__):
            self._note_unread(request, Trouble.CHANGED, failed.partition(": ")[2])  # nor was there a page for people
        elif isinstance(error, HttpError):
            status = error.response.status
            self._note_unread(request, trouble_of(status) or Trouble.CHANGED, f"HTTP {status}")
        elif failed:
            self._note_unread(request, Trouble.NOT_NOW, failed)

    def _note_read(self, question: Question, response: Response) -> None:
        if "cached" not in response.flags and self._seen(question) < self._pages:
            self._stats.inc_value(f"early_stop/{SEEN[question]}")

    def _note_unread(self, request: Request, trouble: Trouble, part: str) -> None:
        kind = request.meta.get(CACHE_KIND)
        if kind not in {*SEEN} or self._stopping or self._seen(question := Question(kind)) >= self._pages:
            return
        self._troubles[question][trouble, part] += 1
        if trouble is not Trouble.NOT_NOW:
            self._stats.inc_value(f"early_stop/{SEEN[question]}")
            self._stats.inc_value(f"early_stop/{UNREAD[question]}")
        if trouble is Trouble.FORBIDDEN or self._is_unanswered(question, {}):
            self._stop(question)
        elif self._session:
            self._asking = asyncio.ensure_future(self._ask_others(question, self._session))

    async def _ask_others(self, question: Question, session: CrawlSession) -> None:
        if self._is_unanswered(question, await session.counts()):
            self._stop(question)

    def _seen(self, question: Question) -> int:
        seen: int = self._stats.get_value(f"early_stop/{SEEN[question]}", 0)
        return seen

    def _is_unanswered(self, question: Question, counts: Mapping[str, int]) -> bool:
        """Judge by what this worker has counted, and by what all have told: what is ours may not be among it yet."""
        own, names = self._stats.get_stats(), (f"early_stop/{names[question]}" for names in (SEEN, UNREAD))
        seen, unread = (max(counts.get(name, 0), own.get(name, 0)) for name in names)
        failed = sum(count for (trouble, _), count in self._troubles[question].items() if trouble is Trouble.NOT_NOW)
        is_first = self._session is None or not self._session.was_answered
        return is_unanswered(seen - unread, unread, failed, self._pages, is_first=is_first)

    def _stop(self, question: Question) -> None:
        if self._stopping:
            return
        assert self._crawler.engine  # noqa: S101  # it has asked for pages
        self._crawler.engine.pause()  # whoever is told may take a while to listen
        ((trouble, part), _count), *_others = self._troubles[question].most_common(1)
        asked = Question.RULES if trouble is Trouble.FORBIDDEN else question
        for name, value in (("question", asked), ("trouble", trouble), ("part", part)):
            self._stats.set_value(f"early_stop/{name}", str(value))
        facts = {"crawl": self._stats.get_value("crawl/id"), "part": part, "unread": self._troubles[question].total()}
        self._stopping = asyncio.ensure_future(self._tell_and_close(facts))

    async def _tell_and_close(self, facts: dict[str, Any]) -> None:
        status = crawl_exit_status({**self._stats.get_stats(), "finish_reason": UNREADABLE})
        logger.error("this crawl stops, its queue and unread pages are kept: %s", status.sentence)
        if self._session is None or await self._session.is_first_to("hold"):
            facts |= {"sentence": status.sentence}
            await self._crawler.signals.send_catch_log_async(crawl_event, event="held", facts=facts)
        assert self._crawler.engine  # noqa: S101  # it has asked for pages
        await self._crawler.engine.close_spider_async(reason=UNREADABLE)
