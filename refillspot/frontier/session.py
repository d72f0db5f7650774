"""A worker's part in a crawl: which one it joins (where there is no PostgreSQL, Redis says), its share, and the end."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.json import encode
from redis.exceptions import RedisError

from refillspot.clock import Clock
from refillspot.engine import LAST_SECONDS, was_told_to_stop
from refillspot.exceptions import (
    ArgumentError,
    QueueElsewhereError,
    ServiceUnavailableError,
    UnsuitableServerError,
    VersionError,
)
from refillspot.exit_status import OUTDATED, REFUSED, complete_exit_status
from refillspot.frontier.commit_check import CommitCheck, settle
from refillspot.frontier.consumer import FIRST_WAIT, LONGEST_WAIT, Consumer
from refillspot.frontier.leases import Limits
from refillspot.frontier.queue import CLOSING, COMPLETE, WON, CrawlQueue, name_worker, read_result
from refillspot.frontier.redis_crawls import RedisCrawls
from refillspot.language import gettext as _
from refillspot.policies.first_contact import FIRST_ANSWERS
from refillspot.policies.quality import THRESHOLDS
from refillspot.policies.retries import pauses
from refillspot.postgres.commits import Missing, Remembered
from refillspot.postgres.crawls import CrawlTable
from refillspot.redis_clients import connect, redis_errors_told
from refillspot.shared.keys import crawl_prefix
from refillspot.signals import crawl_event, crawl_joined, queue_rolled_back, stats_asked
from refillspot.stats.crawl import ABANDONED, GONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from refillspot.stats.crawl import Crawl

logger = logging.getLogger(__name__)

CLOSING_SECONDS = 0.2  # between looks at a crawl that another worker closes
KEEP_SECONDS = 7 * 24 * 3600  # for late workers; then Redis forgets a crawl that left no dead letters


class CrawlSession:
    """Joins the newest unfinished crawl with equal arguments, or begins one; ends it when nothing is left anywhere.

    The spider may say `crawl_arguments` (a mapping; equal ones share a crawl) and `crawl_id` (None = the newest).
    Without PostgreSQL Redis knows which crawl is unfinished.
    Settings: DATABASE_URL (empty = none), REDIS_URL, REDIS_KEY_PREFIX, CLOCK_OFFSET_SECONDS, SCHEDULER_PERSIST,
    SCHEDULER_FLUSH_ON_START, GATE_ENABLED, FRONTIER_LEASE_SECONDS, FRONTIER_PREFETCH, FRONTIER_MAX_IN_HAND,
    FRONTIER_MAX_ATTEMPTS.
    Stats: crawl/id, crawl/worker; at the end of a complete one crawl/state, stored, rejected, known, dead, …: of all
    workers; confirmed, likely: the all-you-can-eat stores among them; held: for how many figures the gate holds it.
    """

    consumer: Consumer

    def __init__(self, crawler: Crawler, changed: Callable[[], None]) -> None:
        settings = crawler.settings
        self._settings = settings
        self._stats = crawler.stats
        self._signals = crawler.signals
        self._changed = changed
        self._is_given_up = partial(was_told_to_stop, crawler)
        self._crawls = _crawls(settings, self._is_given_up)
        self._clock = Clock.of(settings)
        self._worker = name_worker()
        self._queue: CrawlQueue
        self._id = ""
        self._closing: asyncio.Task[None] | None = None
        self._closed: Crawl | None = None
        self.was_answered = False
        """The site had answered this crawl before those began who are at work in it."""

    async def join(self, spider: Spider) -> None:
        """Take part in a crawl.

        Raises:
            ArgumentError, HeldCrawlError, ServiceUnavailableError, SchemaVersionError: see `CrawlTable.join`.
            QueueElsewhereError, QueueFormatError: this is not the crawl's queue, or one of another version.
            ServiceUnavailableError: Redis does not answer.
        """
        with redis_errors_told():
            await self._join(spider)

    async def _join(self, spider: Spider) -> None:
        asked = (spider.name, getattr(spider, "crawl_arguments", {}), getattr(spider, "crawl_id", None))
        supersedes = getattr(spider, "supersedes", False)
        while True:
            crawl = await self._crawls.join(*asked, self._clock.now(), supersedes=supersedes)
            self._id = crawl.id
            prefix = crawl_prefix(self._settings["REDIS_KEY_PREFIX"], crawl.id)
            self._queue = CrawlQueue(connect(self._settings["REDIS_URL"]), prefix, self._worker)
            if self._settings.getbool("SCHEDULER_FLUSH_ON_START") and not await self._queue.flush():
                logger.warning(
                    "SCHEDULER_FLUSH_ON_START: others are at work in crawl %s, so it is left as it is", crawl.id
                )
            self._commit_check = _commit_check(self._queue, self._crawls, crawl.id, self._changed)
            if not await self._was_left_to_be_closed():
                break
            await self._queue.close()
        limits = Limits.of(self._settings)
        self.consumer = Consumer(self._queue, limits, self._changed, self._rolled_back, self._begin_closing)
        await self.consumer.start()
        self._checking = asyncio.create_task(self._commit_check.run()) if self._commit_check else None
        self._stats.set_value("crawl/id", crawl.id)
        self._stats.set_value("crawl/worker", self._worker)
        self._signals.connect(self._count_outages, signal=stats_asked)
        answered = max(crawl.stored, (await self._queue.counts()).get("done", 0))
        if not self._queue.is_in_use:
            await self._queue.begin_shift(FIRST_ANSWERS)
        self.was_answered = await self.agree("answered", str(answered)) != "0"
        self._signals.send_catch_log(crawl_joined, answered=answered, session=self)
        logger.info("crawl %s, begun at %s, worker %s", crawl.id, crawl.started_at, self._worker)

    async def _was_left_to_be_closed(self) -> bool:
        """Close the crawl if whoever did so died on the way: what is asked for now is another one."""
        state = await self._queue.open()
        await self._hold()
        while state == CLOSING:
            await self._queue.beat(self._settings.getfloat("FRONTIER_LEASE_SECONDS"), join=True)
            state, _result = await self._queue.try_finish()
            if state == WON and (crawl := await self._close()):
                await self._notify(crawl)
                return True
            if self._is_given_up():
                raise ServiceUnavailableError(_("PostgreSQL does not answer, and is waited for no longer."))
            await asyncio.sleep(CLOSING_SECONDS)
            state = await self._queue.open()
        if state == COMPLETE:
            await self._note_end()  # PostgreSQL did not come to know
        return state == COMPLETE

    async def _hold(self) -> None:
        try:
            await self._crawls.hold_queue(self._id, self._queue.id)
        except QueueElsewhereError:
            if self._queue.is_new:
                await self._queue.clear()
            raise

    async def counts(self) -> dict[str, int]:
        """Return what was counted over all workers, as far as they have told it; nothing while Redis is away."""
        try:
            return await self._queue.counts()
        except (RedisError, OSError):
            return {}

    async def agree(self, name: str, value: str) -> str:
        """Return what the first of those who are at work together says of something; our own while Redis is away."""
        try:
            return await self._queue.agree(name, value)
        except (RedisError, OSError):
            return value

    async def is_first_to(self, do: str) -> bool:
        """Tell whether nobody else of those who are at work together has done something."""
        return await self.agree(do, self._worker) == self._worker

    @property
    def trouble(self) -> str | None:
        """Why this worker has to stop before the crawl is complete."""
        failure = self.consumer.failure or (self._commit_check and self._commit_check.failure)
        if isinstance(failure, UnsuitableServerError):
            self._stats.set_value("postgres/refused", str(failure))
            return REFUSED
        if isinstance(failure, VersionError):
            self._stats.set_value("crawl/outdated", str(failure))
            return OUTDATED
        if failure:
            return "frontier_failed"
        return "crawl_gone" if self.consumer.ended == GONE else None

    async def leave(self) -> None:
        """Tell what the crawl came to, if it has ended, and hand back what this worker has."""
        if not hasattr(self, "consumer"):
            return  # it never joined
        self._count_outages()
        if self._checking:
            self._checking.cancel()
        if self._closing:  # somebody has stopped this worker in the middle of it
            await asyncio.wait([self._closing], timeout=LAST_SECONDS)
            self._closing.cancel()
        try:
            if self._closed:
                self._tell(self._closed.result)
                await self._notify(self._closed)
            elif self.consumer.ended == COMPLETE:
                result = read_result(self.consumer.result)
                if not result and (crawl := await self._note_end()):
                    result = crawl.result
                if result:
                    self._tell(result)
        except (ArgumentError, UnsuitableServerError, ServiceUnavailableError) as error:
            self._note_refusal(error)
        if await self.consumer.leave():
            await self._crawls.release_queue(self._id, self._queue.id)

    def _rolled_back(self) -> None:
        self._signals.send_catch_log(queue_rolled_back)

    def _count_outages(self) -> None:
        self._stats.set_value("frontier/redis_outages", self.consumer.outages)

    def _begin_closing(self) -> None:
        """Close the crawl, while this worker goes on giving signs of life. What ended the last attempt is raised."""
        if self._closing and self._closing.done():
            ended, self._closing = self._closing, None
            ended.result()
        self._closing = self._closing or asyncio.create_task(self._close_or_say_why())

    async def _close_or_say_why(self) -> None:
        try:
            self._closed = await self._close()
        except (ArgumentError, UnsuitableServerError, ServiceUnavailableError) as error:
            self._note_refusal(error)
        else:
            if not self._closed:
                return
        self.consumer.ended = WON
        self._changed()

    async def _close(self) -> Crawl | None:
        """Tell PostgreSQL and Redis that the crawl is complete; None if it is not: what is missing is queued again.

        None as well if another worker closes it by now. Waits for both until this worker is told to stop.

        Raises:
            ArgumentError, ServiceUnavailableError, UnsuitableServerError, VersionError: they could not be told.
        """
        waits = pauses(FIRST_WAIT, LONGEST_WAIT)
        seconds = KEEP_SECONDS if self._settings.getbool("SCHEDULER_PERSIST") else 0
        while True:
            try:
                crawl = await self._note_end()
                return crawl if crawl and await self._queue.complete(encode(crawl.result), seconds) else None
            except (RedisError, OSError) as error:
                if self._is_given_up():
                    raise ServiceUnavailableError(_("Redis: {error}").format(error=error)) from error
                logger.warning("Redis: %s; the crawl is complete, and closed when it answers", error)
                await asyncio.sleep(next(waits))

    async def _note_end(self) -> Crawl | None:
        """Tell PostgreSQL alone; None if something is missing there that is queued again."""
        while True:
            remembered = await self._queue.remembered() or Remembered()  # first: it tells of stores that are gone
            counts = await self._queue.counts() | {"known": self._stats.get_value("postgres/known", 0)}
            ended = await self._crawls.complete(self._id, counts, self._clock.now(), remembered)
            if not isinstance(ended, Missing):
                return ended
            if await settle(self._queue, remembered, ended):
                return None

    def _note_refusal(self, error: Exception) -> None:
        logger.error("the crawl is not closed: %s", error)
        self._stats.set_value("postgres/refused", str(error))

    async def _notify(self, crawl: Crawl) -> None:
        result, departures = crawl.result, list(crawl.departures or ())
        status = complete_exit_status(result, departures)
        facts: dict[str, Any] = {"crawl": self._id, "exit_code": status.exit_code, "sentence": status.sentence}
        facts |= result | ({"departures": departures} if crawl.is_held else {})
        events = ["held" if crawl.is_held else "finished", *(["dead_letters"] if result.get("dead") else ())]
        for event in events:
            await self._signals.send_catch_log_async(crawl_event, event=event, facts=facts)

    def _tell(self, result: dict[str, int]) -> None:
        self._stats.set_value("crawl/state", ABANDONED if "forgotten" in result else COMPLETE)
        for name, value in result.items():
            self._stats.set_value(f"crawl/{name}", value)


def gate_thresholds(settings: BaseSettings) -> dict[str, float] | None:
    """Return by how much each figure of a crawl may depart from what is usual; None where the gate is off."""
    if not settings.getbool("GATE_ENABLED", default=True):
        return None
    return {name: settings.getfloat(name, usual) for name, usual in THRESHOLDS.items()}


def _crawls(settings: BaseSettings, is_given_up: Callable[[], bool]) -> CrawlTable | RedisCrawls:
    if database_url := settings.get("DATABASE_URL"):
        return CrawlTable(database_url, is_given_up, gate_thresholds(settings))
    return RedisCrawls(settings["REDIS_URL"], settings["REDIS_KEY_PREFIX"])


def _commit_check(
    queue: CrawlQueue, crawls: CrawlTable | RedisCrawls, crawl_id: str, changed: Callable[[], None]
) -> CommitCheck | None:
    return CommitCheck(queue, crawls, crawl_id, changed) if isinstance(crawls, CrawlTable) else None
