"""Crawls as their operator sees them: what PostgreSQL and Redis know, together. For commands: this blocks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.operations.progress import UNREADABLE, Progress, ProgressReader
from refillspot.planning import spider_arguments
from refillspot.postgres.crawl_list import find_crawl, list_crawls

if TYPE_CHECKING:
    from refillspot.postgres.crawls import Crawl
    from refillspot.services import ServiceAddresses


@dataclass(slots=True, frozen=True)
class CrawlOverview:
    crawl: Crawl
    progress: Progress

    def as_json(self) -> dict[str, Any]:
        times = {
            "started_at": self.crawl.started_at.isoformat(),
            "ended_at": self.crawl.ended_at.isoformat() if self.crawl.ended_at else None,
        }
        return asdict(self.crawl) | times | {"progress": asdict(self.progress)}

    def as_text(self) -> dict[str, str]:
        crawl, progress = self.crawl, self.progress
        arguments = spider_arguments(crawl.arguments)
        at_work = f", {progress.workers} workers at work" if crawl.state == "running" else ""
        if progress.state == UNREADABLE:
            at_work = f", {UNREADABLE} in Redis"
        return {
            "crawl": crawl.id,
            "state": crawl.state + at_work,
            "begun": write_kst(crawl.started_at),
            "ended": write_kst(crawl.ended_at) if crawl.ended_at else "",
            "site": str(crawl.arguments.get("site", "")),
            **arguments,
            "stored": str(crawl.stored),
            "rejected": str(crawl.rejected),
            "left": str(progress.left),
            "dead": str(progress.dead),
            "counts": ", ".join(f"{name} {count}" for name, count in (crawl.counts or {}).items()),
            "go on": "scrapy crawl diningcode " + " ".join(f"-a {name}={text}" for name, text in arguments.items()),
        }


def read_overviews(services: ServiceAddresses, key_prefix: str) -> list[CrawlOverview]:
    """Return all crawls, newest first.

    Raises:
        ServiceUnavailableError: a server does not answer.
    """
    return [_overview(services, key_prefix, crawl) for crawl in list_crawls(services.database_url)]


def read_overview(services: ServiceAddresses, key_prefix: str, crawl_id: str) -> CrawlOverview:
    """Return one crawl.

    Raises:
        ArgumentError: there is none with this id.
        ServiceUnavailableError: a server does not answer.
    """
    return _overview(services, key_prefix, find_crawl(services.database_url, crawl_id))


def _overview(services: ServiceAddresses, key_prefix: str, crawl: Crawl) -> CrawlOverview:
    with ProgressReader(services.redis_url, f"{key_prefix}:{crawl.id}") as reader:
        progress = reader.read()
    if progress is None:
        raise ServiceUnavailableError(_("Redis does not answer: see scrapy services status"))
    return CrawlOverview(crawl, progress)
