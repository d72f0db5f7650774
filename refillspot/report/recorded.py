"""Crawls as PostgreSQL remembers them, to be reported on. For commands: this blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.postgres.crawl_list import ANY, list_crawls
from refillspot.postgres.worker_stats import read
from refillspot.stats.crawl_stats import CrawlStats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from refillspot.stats.crawl import Crawl, CrawlScope, Progress

LAST = "last"
NAMED = 3  # ids that may be meant, in a message


class Records:
    """The crawls of a database that are meant, as of `now`.

    `progress_of` asks the queue of a crawl that is not complete, by its id; None where nobody knows.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """

    def __init__(
        self,
        database_url: str,
        now: datetime,
        scope: CrawlScope = ANY,
        progress_of: Callable[[str], Progress | None] = lambda _id: None,
    ) -> None:
        self._database_url = database_url
        self._now = now
        self._progress_of = progress_of
        self.crawls = list_crawls(database_url, scope)
        """Newest first."""

    def stats(self, crawl: Crawl) -> CrawlStats:
        progress = self._progress_of(crawl.id) if crawl.state == "running" else None
        return CrawlStats.of(read(self._database_url, crawl.id), self._now, crawl, progress)

    def find(self, name: str) -> Crawl:
        """Return the crawl with this id, or with the only id that begins so; "last" is the newest.

        Raises:
            ArgumentError: there is none, or there are several.
        """
        return find(self.crawls, name)

    def before(self, crawl: Crawl) -> Crawl | None:
        """Return the newest complete crawl with equal arguments that was begun before this one."""
        return previous(self.crawls, crawl)


def find(crawls: Sequence[Crawl], name: str) -> Crawl:
    if name != LAST:
        check_crawl_id(name)
    if not crawls:
        raise ArgumentError(_("there is no crawl yet: scrapy crawl diningcode -a district=강남구"))
    if name == LAST:
        return crawls[0]
    matching = [crawl for crawl in crawls if crawl.id == name] or [
        crawl for crawl in crawls if crawl.id.startswith(name)
    ]
    if not matching:
        raise ArgumentError(_("there is no crawl {name}: see scrapy crawls list").format(name=name))
    if len(matching) > 1:
        ids = ", ".join(crawl.id for crawl in matching[:NAMED]) + (", …" if len(matching) > NAMED else "")
        raise ArgumentError(_("{name} may be any of {ids}: give more of the id").format(name=name, ids=ids))
    return matching[0]


def previous(crawls: Sequence[Crawl], crawl: Crawl) -> Crawl | None:
    same = (
        one
        for one in crawls
        if one.state == "complete"
        and (one.spider, one.arguments) == (crawl.spider, crawl.arguments)
        and one.started_at < crawl.started_at
    )
    return next(same, None)
