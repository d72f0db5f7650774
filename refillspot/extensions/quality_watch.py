"""What the gate judges in the end is looked at while the crawl runs: a field that falls silent stops it there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from scrapy import signals
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.exit_status import SILENT, crawl_exit_status
from refillspot.frontier.session import gate_thresholds
from refillspot.items import Store
from refillspot.policies.quality import MONITORS, WHOLE, CrawlFigures, Departure, judge
from refillspot.postgres.connection import open_for_a_look
from refillspot.postgres.crawl_figures import figures_before, pages_read, read_figures
from refillspot.signals import crawl_event, crawl_joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    from scrapy.crawler import Crawler

    from refillspot.frontier.session import CrawlSession

logger = logging.getLogger(__name__)

FIRST_PAGES = 50  # of all workers, before the first look
FEWEST_PAGES, MOST_PAGES = 5, 100  # of this worker until it counts again: others may join, and read many more
SILENT_SHARE = 0.5  # of what is usual: what falls below it says nothing any more, whatever else the day brings
OF_PAGES = tuple(monitor for monitor in MONITORS if monitor.by_district)
"""What the pages read so far can say; errors and odd parts have limits of their own while a crawl runs."""
AS_THEY_COME = {("refill", ""), ("fields", "offer")}
"""What depends on which keyword's stores come first: of 200 pages on the replica 57 % had an offer, of others 42 %."""


class QualityWatch:
    """Compares what pages say with what they usually do: after 50 pages of all workers, then every so many.

    The pages between two looks are those of the crawl, whoever read them: workers agree on where each of these windows
    begins, and each of them looks at each, so that none reads on when a field has fallen silent. That ends the crawl;
    what was leased goes back into the queue, and it can be resumed. Before a crawl was accepted nothing is usual, and
    nothing is compared. Never disturbs the crawl: a look that PostgreSQL does not answer is counted and left out.

    Settings: GATE_CHECK_PAGES (0 = never), GATE_ENABLED, GATE_STORES_LOST … (the thresholds), DATABASE_URL.
    Stats: gate/looks, gate/looks_failed, gate/departures (what departs so far), gate/silent (for what the crawl stops).
    Sends crawl_event "held".
    """

    def __init__(self, crawler: Crawler, database_url: str, pages: int, thresholds: Mapping[str, float]) -> None:
        self._crawler = crawler
        self._stats = crawler.stats
        self._database_url = database_url
        self._pages = pages
        self._thresholds = thresholds
        self._session: CrawlSession | None = None
        self._before: Sequence[CrawlFigures] | None = None
        self._began: datetime | None = None  # as all that follow by the clock of the database
        self._window: datetime | None = None
        self._windows = 0
        self._read, self._due = 0, FEWEST_PAGES
        self._last_look = (0, 0)
        self._look: asyncio.Task[None] | None = None
        self._held: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pages, database_url = crawler.settings.getint("GATE_CHECK_PAGES"), crawler.settings.get("DATABASE_URL")
        thresholds = gate_thresholds(crawler.settings)
        if pages <= 0 or not database_url or thresholds is None:
            raise NotConfigured  # GATE_CHECK_PAGES is 0, or there is no gate: never
        extension = cls(crawler, database_url, pages, thresholds)
        crawler.signals.connect(extension.crawl_joined, signal=crawl_joined)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def crawl_joined(self, session: CrawlSession) -> None:
        self._session = session

    async def spider_opened(self) -> None:
        crawl_id = self._stats.get_value("crawl/id")
        if crawl_id is None or self._session is None:
            return
        with self._failures_counted():
            async with open_for_a_look(self._database_url) as connection:
                newest, _pages = await pages_read(connection, crawl_id, None)
                self._began = self._window = await self._begin_window(newest)  # it may go on
                self._before = await figures_before(connection, crawl_id)

    async def item_scraped(self, item: object) -> None:
        if not isinstance(item, Store) or not self._before:
            return
        self._read += 1
        if self._read >= self._due and (self._look is None or self._look.done()):
            self._look = asyncio.ensure_future(self._look_and_judge())
        if self._look:
            await self._look  # or many pages are asked for meanwhile that nobody can use

    async def spider_closed(self) -> None:
        if self._look:
            await self._look

    async def _look_and_judge(self) -> None:
        crawl_id, read = self._stats.get_value("crawl/id"), self._read
        self._due = read + FEWEST_PAGES  # should PostgreSQL not answer
        with self._failures_counted():
            async with open_for_a_look(self._database_url) as connection:
                newest, pages = await pages_read(connection, crawl_id, self._began)
                if self._left(pages) <= 0:
                    so_far, newly = [
                        await read_figures(connection, crawl_id, is_partial=True, since=since)
                        for since in (self._began, self._window)
                    ]
                    self._judge(so_far, newly)
            while self._left(pages) <= 0:  # who has joined later does not look at what others have looked at
                self._window = await self._begin_window(newest)
            (read_then, pages_then), self._last_look = self._last_look, (read, pages)
            all_for_one = max(1.0, (pages - pages_then) / max(read - read_then, 1))
            half = min(self._left(pages) / 2, MOST_PAGES)  # others may read more slowly from now on
            self._due = read + max(FEWEST_PAGES, round(half / all_for_one))

    def _left(self, pages: int) -> int:
        """Return how many pages all workers together have to read until the next look."""
        return FIRST_PAGES + (self._windows - 1) * self._pages - pages

    async def _begin_window(self, newest: datetime | None) -> datetime | None:
        """Return when the next one began, as the first worker said that came to it."""
        assert self._session  # noqa: S101  # else nothing is compared
        self._windows += 1
        begun = await self._session.agree(f"window {self._windows}", newest.isoformat() if newest else "")
        return datetime.fromisoformat(begun) if begun else None

    def _judge(self, so_far: CrawlFigures, newly: CrawlFigures) -> None:
        self._stats.inc_value("gate/looks")
        self._stats.set_value("gate/departures", msgspec.to_builtins(self._departures(so_far)))
        if silent := next(filter(is_silent, self._departures(newly)), None):
            self._before = None
            assert self._crawler.engine  # noqa: S101  # it has read pages
            self._crawler.engine.pause()  # whoever is told may take a while to listen
            self._held = asyncio.ensure_future(self._hold(silent))

    def _departures(self, figures: CrawlFigures) -> list[Departure]:
        found = judge(figures, self._before or (), self._thresholds, OF_PAGES)
        return [one for one in found if (one.monitor, one.part) not in AS_THEY_COME]

    async def _hold(self, silent: Departure) -> None:
        self._stats.set_value("gate/silent", msgspec.to_builtins(silent))
        logger.error(
            "%s: %d of the newest %s store pages say it, usually %.0f %% do. This crawl stops, its queue is kept. "
            "`scrapy doctor --shapes FILE` writes what the site sends; docs/site-changed.md says what to do with it",
            silent.part, silent.now.number, silent.now.of, 100 * (silent.usual or 0),
        )  # fmt: skip
        status = crawl_exit_status({**self._stats.get_stats(), "finish_reason": SILENT})
        if self._session is None or await self._session.is_first_to("hold"):
            facts = {"crawl": self._stats.get_value("crawl/id"), "sentence": status.sentence}
            await self._crawler.signals.send_catch_log_async(crawl_event, event="held", facts=facts)
        assert self._crawler.engine  # noqa: S101  # it has read pages
        await self._crawler.engine.close_spider_async(reason=SILENT)

    @contextmanager
    def _failures_counted(self) -> Iterator[None]:
        try:
            yield
        except (ServiceUnavailableError, UnsuitableServerError) as error:
            self._stats.inc_value("gate/looks_failed")
            logger.warning("what the pages say is not compared for now: %s", error)


def is_silent(departure: Departure) -> bool:
    """Tell whether pages have stopped saying something, whatever else the day brings."""
    is_field = (departure.monitor, departure.district) == ("fields", WHOLE)
    return is_field and departure.now.value < SILENT_SHARE * (departure.usual or 0.0)
