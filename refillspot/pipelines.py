"""Items into storage."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.batches import Batches
from refillspot.clock import Clock
from refillspot.engine import count_in_hand, has_lost_patience, is_ending
from refillspot.exceptions import SchemaVersionError, UnsuitableServerError
from refillspot.exit_status import OUTDATED, REFUSED
from refillspot.items import Commit, UnknownStore, UnreadPage
from refillspot.planning import KEYWORDS
from refillspot.planning.keywords import QueryAnswer
from refillspot.postgres.connection import when_available
from refillspot.postgres.query_yields import QueryYieldTable
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import StoreTable
from refillspot.site_access import SiteAccess, site_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from refillspot.items import Store
    from refillspot.planning import SearchPlan


logger = logging.getLogger(__name__)

Item: TypeAlias = "Store | UnreadPage | UnknownStore | QueryAnswer"


class PostgresPipeline:
    """What PostgreSQL will not take for good ends the crawl; what is in hand goes back into the queue.

    Stats: postgres/refused (PostgreSQL's reason, with the remedy), crawl/outdated (which version can go on).
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._stats: StatsCollector = crawler.stats
        self._ending: asyncio.Task[None] | None = None

    async def process_item(self, item: Item) -> Item:
        try:
            await self._keep(item)
        except SchemaVersionError as error:
            self._stats.set_value("crawl/outdated", str(error))
            self._end(error, OUTDATED)
            raise
        except UnsuitableServerError as error:
            self._stats.set_value("postgres/refused", str(error))
            self._end(error, REFUSED)
            raise
        return item

    async def _keep(self, item: Item) -> None:
        raise NotImplementedError

    def _end(self, error: Exception, reason: str) -> None:
        if self._crawler.engine and not is_ending(self._crawler):
            logger.error("%s", error)
            self._ending = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))


class PostgresCopyPipeline(PostgresPipeline):
    """Buffers stores and commits them to PostgreSQL in groups; an item has passed when it is committed.

    A group is committed when it is full, when its first store has waited POSTGRES_COPY_MAX_SECONDS, and when this
    process has nothing else in hand. What PostgreSQL refuses goes to `refillspot.rejects` with the reason.

    Settings: DATABASE_URL, POSTGRES_COPY_MAX_ROWS, POSTGRES_COPY_MAX_SECONDS, POSTGRES_TIMEOUT_SECONDS,
    CLOCK_OFFSET_SECONDS.
    Stats: postgres/rows, postgres/rejected, postgres/flushes, postgres/seconds and longest_seconds (from the first
    attempt of a flush to its commit), postgres/waits, postgres/known (refill stores of the asked districts that were
    there before), postgres/unread (pages kept for `scrapy db reparse`). Reads crawl/id, the crawl that the stores are
    counted for.
    """

    def __init__(self, crawler: Crawler, table: StoreTable, *, max_rows: int, max_seconds: float) -> None:
        super().__init__(crawler)
        self._table = table
        self._seconds = 0.0
        self._access = SiteAccess.of(crawler)
        self._group: Batches[StoreRow, Commit] = Batches(self._commit, largest=max_rows, longest_seconds=max_seconds)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.get("DATABASE_URL"):
            raise NotConfigured("DATABASE_URL is not set.")
        pipeline = cls(
            crawler,
            StoreTable(
                settings["DATABASE_URL"],
                Clock.of(settings),
                attempt_seconds=settings.getfloat("POSTGRES_TIMEOUT_SECONDS"),
                is_given_up=partial(has_lost_patience, crawler),
            ),
            max_rows=settings.getint("POSTGRES_COPY_MAX_ROWS"),
            max_seconds=settings.getfloat("POSTGRES_COPY_MAX_SECONDS"),
        )
        crawler.signals.connect(pipeline.scheduler_empty, signal=signals.scheduler_empty)
        return pipeline

    async def open_spider(self) -> None:
        """Waits for PostgreSQL, as all that comes later; the crawl is joined by now."""
        seconds = self._crawler.settings.getfloat("POSTGRES_TIMEOUT_SECONDS")
        is_given_up = partial(has_lost_patience, self._crawler)
        await when_available(self._look, self._table.close, attempt_seconds=seconds, is_given_up=is_given_up)

    async def _look(self) -> None:
        await self._table.open()
        self._access.barred = self._table.barred
        codes = [district.code for district in getattr(self._crawler.spider, "districts", ())]
        self._stats.set_value(
            "postgres/known", await self._table.known_refill_stores(site_of(self._crawler).name, codes)
        )
        if outdated := await self._table.outdated_stores(site_of(self._crawler).name):
            logger.warning(
                "%d stores were read by older parsers: `scrapy db reparse --all` reads their pages again, not the site",
                outdated,
            )

    def scheduler_empty(self) -> None:
        self._flush_if_idle()

    async def close_spider(self) -> None:
        await self._table.close()

    async def _keep(self, item: Item) -> None:
        if isinstance(item, UnknownStore):
            await self._table.deny(item, self._stats.get_value("crawl/id"))
        elif isinstance(item, UnreadPage):
            await self._table.keep_unread(item, self._stats.get_value("crawl/id"))
            self._stats.inc_value("postgres/unread")
        elif not isinstance(item, QueryAnswer):
            committed = self._group.add(StoreRow.of(item))
            self._flush_if_idle()
            item.stored_by(await committed)

    def _flush_if_idle(self) -> None:
        """Do not let stores wait for a timer when every request in hand is one that waits for this commit."""
        in_hand = count_in_hand(self._crawler)
        if in_hand is not None and in_hand <= self._group.waiting:
            self._group.flush()

    async def _commit(self, rows: Sequence[StoreRow]) -> list[Commit]:
        began = time.monotonic()
        outcome = await self._table.write_rows(rows, crawl_id=self._stats.get_value("crawl/id"))
        seconds = time.monotonic() - began
        self._stats.inc_value("postgres/flushes")
        self._seconds += seconds
        self._stats.set_value("postgres/seconds", round(self._seconds, 3))
        self._stats.max_value("postgres/longest_seconds", round(seconds, 3))
        self._stats.inc_value("postgres/rows", outcome.stored)
        self._stats.inc_value("postgres/rejected", outcome.rejected)
        self._stats.inc_value("postgres/waits", outcome.waits)
        self._access.barred = self._table.barred
        return [Commit(self._table.writer, outcome.batch)] * len(rows)


class QueryYieldPipeline(PostgresPipeline):
    """Keeps what each search brought, and tells the spider's plan what is known from crawls before.

    Settings: DATABASE_URL, POSTGRES_TIMEOUT_SECONDS, CLOCK_OFFSET_SECONDS. Stats: diningcode/keywords_resting (in
    how many districts a keyword is left out this time, summed up). Reads crawl/id.
    """

    def __init__(self, crawler: Crawler, table: QueryYieldTable, clock: Clock) -> None:
        super().__init__(crawler)
        self._table = table
        self._clock = clock

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.get("DATABASE_URL"):
            raise NotConfigured("DATABASE_URL is not set.")
        clock = Clock.of(settings)
        seconds = settings.getfloat("POSTGRES_TIMEOUT_SECONDS")
        is_given_up = partial(has_lost_patience, crawler)
        table = QueryYieldTable(settings["DATABASE_URL"], clock, attempt_seconds=seconds, is_given_up=is_given_up)
        return cls(crawler, table, clock)

    async def open_spider(self) -> None:
        plan: SearchPlan | None = getattr(self._crawler.spider, "plan", None)
        if plan:
            codes = [district.code for district in plan.districts]
            plan.learn(await self._table.read(site_of(self._crawler).name, codes, KEYWORDS), self._clock.now())
            self._stats.set_value("diningcode/keywords_resting", len(plan.resting))

    async def _keep(self, item: Item) -> None:
        crawl_id = self._stats.get_value("crawl/id")
        if isinstance(item, QueryAnswer) and crawl_id:
            await self._table.record(item, crawl_id)

    async def close_spider(self) -> None:
        await self._table.close()
