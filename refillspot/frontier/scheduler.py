"""Scrapy's scheduler on a queue that loses nothing: a request is gone when its stores are committed, not before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.request import request_from_dict
from scrapy_redis.scheduler import Scheduler as ScrapyRedisScheduler

from refillspot.engine import leave_unopened, wake, watch
from refillspot.exceptions import RefillspotError, RefusedRequestError
from refillspot.frontier.acknowledgement import (
    Acknowledgement,
    Disposition,
    RequestEnd,
    judge_download,
    judge_failure,
    judge_item_failure,
    lane,
)
from refillspot.frontier.codec import RequestCodec, request_fields
from refillspot.frontier.session import CrawlSession
from refillspot.planning.arguments import CRAWL_LIMIT
from refillspot.signals import concurrency_changed
from refillspot.site_hosts import SiteHosts

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from refillspot.frontier.queue import Entry

REMEMBERED_REQUESTS = 2000  # of those that this worker queued; a few kB each


@dataclass(slots=True)
class Leased:
    """A request in hand."""

    entry: Entry
    end: RequestEnd = field(default_factory=RequestEnd)

    def note(self, end: RequestEnd) -> None:
        if end.disposition > self.end.disposition:
            self.end = end


class Scheduler(ScrapyRedisScheduler):  # type: ignore[misc]  # scrapy-redis publishes no types
    """Processes that crawl the same share one queue; any of them may die at any moment.

    Settings: see `refillspot.frontier.session`; SITE_ADDRESSES, outside of which nothing is
    queued; RETRY_ENABLED, RETRY_TIMES, RETRY_BACKOFF_SECONDS, CRAWL_STATS.
    Stats: frontier/queued, dequeued, retried, dead, refused, redis_outages; crawl/… when the crawl is complete.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self._session = CrawlSession(crawler, self._changed)
        hosts = SiteHosts.of(settings)
        self._codec = RequestCodec(hosts if hosts.urls else None)
        self._good_statuses = {int(status) for status in settings.getlist("HTTPERROR_ALLOWED_CODES")}
        self._published = dict.fromkeys(settings.getlist("CRAWL_STATS"), 0)
        self._leased: dict[Request, Leased] = {}
        self._written: dict[bytes, Request] = {}  # what comes back as it was written need not be read
        self._replacements: set[Request | None] = set()
        self._has_start_failed = self._is_stopping = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    # --- what Scrapy calls

    def open(self, spider: Spider) -> Deferred[None]:
        self.spider = spider
        self._published |= dict.fromkeys(getattr(spider, "crawl_stats", ()), 0)
        self._good_statuses |= set(getattr(spider, "handle_httpstatus_list", ()))
        assert self.crawler.engine  # noqa: S101  # it opens this scheduler
        watch(self.crawler.engine, self)
        self.crawler.signals.connect(self._item_error, signal=signals.item_error)
        self.crawler.signals.connect(self._item_scraped, signal=signals.item_scraped)
        self.crawler.signals.connect(self._spider_error, signal=signals.spider_error)
        if not self.crawler.settings.getint("FRONTIER_PREFETCH"):
            self.crawler.signals.connect(self._concurrency_changed, signal=concurrency_changed)
        return deferred_from_coro(self._join(spider))

    def close(self, reason: str) -> Deferred[None]:  # noqa: ARG002  # how it ended is in the queue
        self._is_stopping = True
        return deferred_from_coro(self._session.leave())

    def enqueue_request(self, request: Request) -> bool:
        """Take a request; never waits and never raises. Whether it is new, Redis decides."""
        if request in self._replacements:  # its place in the queue is that of the request it replaces
            return True
        is_seed = request.meta.pop("is_start_request", False)  # seeds go in once a crawl, whatever dont_filter says
        most: int | None = request.meta.pop(CRAWL_LIMIT, None)
        try:
            payload = self._codec.dumps(request_fields(request, self.spider))
        except RefusedRequestError as error:
            self._acknowledgement.refuse(request, error)
            return False
        is_filtered = is_seed or not request.dont_filter
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request) if is_filtered else b""
        tell = self._session.consumer.seed if is_seed else self._session.consumer.push
        tell(*(("push",) if most is None else ("push_within", most)), fingerprint, lane(request.priority), payload)
        self._remember(payload, request)
        self._count("queued")
        return True

    def next_request(self) -> Request | None:
        while entry := self._session.consumer.next():
            try:
                request = self._written.pop(entry.payload, None) or self._read(entry.payload)
            except Exception as error:  # noqa: BLE001  # whatever it is: it would raise that again, here and elsewhere
                reason = f"not a request of this crawl: {error}"
                self._acknowledgement.acknowledge(entry, RequestEnd(Disposition.DEAD, reason, type(error).__name__))
                continue
            self._leased[request] = Leased(entry)
            self._count("dequeued")
            return request
        return None

    def has_pending_requests(self) -> bool:
        """Tell whether the crawl goes on, in any worker. The engine asks only when every seed was pushed."""
        if self._has_start_failed:
            return not self._session.consumer.is_idle
        self._session.consumer.end_of_seeds()
        if self._session.trouble:
            self._changed()
            return True
        return self._session.consumer.ended is None

    def __len__(self) -> int:
        """Return how many requests this worker has in hand."""
        return len(self._leased)

    def _remember(self, payload: bytes, request: Request) -> None:
        if len(self._written) >= REMEMBERED_REQUESTS:
            del self._written[next(iter(self._written))]
        self._written[payload] = request

    def _read(self, payload: bytes) -> Request:
        return request_from_dict(self._codec.loads(payload), spider=self.spider)

    async def _join(self, spider: Spider) -> None:
        settings = self.crawler.settings
        try:
            await self._session.join(spider)
        except RefillspotError:
            await self._session.leave()
            leave_unopened(self.crawler)
            raise
        self._acknowledgement = Acknowledgement(
            self._session.consumer,
            self._codec,
            self.crawler.stats,
            retry_times=settings.getint("RETRY_TIMES") if settings.getbool("RETRY_ENABLED") else 0,
            retry_backoff=settings.getfloat("RETRY_BACKOFF_SECONDS"),
        )

    # --- what the engine tells

    def downloaded(self, request: Request, result: Response | Request | Failure) -> None:
        if leased := self._leased.get(request):
            good = self._good_statuses.union(request.meta.get("handle_httpstatus_list", ()))
            leased.note(judge_download(result, good))
            if isinstance(result, Request):
                self._replacements.add(result)

    def failed(self, request: Request, failure: Failure) -> None:
        if leased := self._leased.get(request):
            leased.note(judge_failure(failure))

    def finished(self, request: Request) -> None:
        if leased := self._leased.pop(request, None):
            self._publish()
            self._replacements.discard(leased.end.replacement)
            self._acknowledgement.acknowledge(leased.entry, leased.end)

    def _item_error(self, response: Any, failure: Failure) -> None:
        if leased := self._leased.get(getattr(response, "request", None)):  # type: ignore[arg-type]
            leased.note(judge_item_failure(failure))

    def _item_scraped(self, item: Any, response: Any) -> None:
        leased, commit = self._leased.get(getattr(response, "request", None)), getattr(item, "commit", None)  # type: ignore[arg-type]
        if leased and commit and leased.end.disposition is Disposition.DONE:
            leased.end = RequestEnd(commit=max(commit, leased.end.commit or commit))

    def _concurrency_changed(self, level: int) -> None:
        self._session.consumer.lease_ahead(2 * level)

    def _spider_error(self, response: Any) -> None:
        self._has_start_failed |= response is None

    def _publish(self) -> None:
        """Add what this process counted since the last time to the crawl's own counts."""
        for name, before in self._published.items():
            value = self.crawler.stats.get_value(name, 0)
            if value != before:
                self._session.consumer.push("count", name, value - before)
                self._published[name] = value

    def _changed(self) -> None:
        """Something came from Redis."""
        engine = self.crawler.engine
        if engine is None or not engine.running or self._is_stopping:
            return
        if reason := self._session.trouble:
            self._is_stopping = True
            deferred_from_coro(engine.close_spider_async(reason=reason))
        else:
            wake(self.crawler)

    def _count(self, what: str) -> None:
        self.crawler.stats.inc_value(f"frontier/{what}")
