"""Crawls in their operator's hand: looked at, paused, pruned. PostgreSQL and Redis together; this blocks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.exceptions import ArgumentError, ServiceUnavailableError
from refillspot.frontier.queue import OPEN, script_source
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.operations.dead_letters import DeadLetters
from refillspot.operations.progress import UNREADABLE, ProgressReader
from refillspot.planning import spider_arguments
from refillspot.postgres.crawls import ANY, abandon_crawl, find_crawl, list_crawls
from refillspot.shared.connections import blocking_client
from refillspot.shared.keys import crawl_prefix
from refillspot.stats.crawl import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.clock import Clock
    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl, CrawlScope, Progress

RUNNING = "running"


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
        state = STATES[crawl.state]()
        if progress.state == UNREADABLE:
            state = _("{state}, unreadable in Redis").format(state=state)
        elif crawl.state == RUNNING:
            told = ngettext("{state}, {count} worker at work", "{state}, {count} workers at work", progress.workers)
            state = told.format(state=state, count=progress.workers)
        return {
            "crawl": crawl.id,
            "state": state,
            "begun": write_kst(crawl.started_at),
            "ended": write_kst(crawl.ended_at) if crawl.ended_at else "",
            "site": str(crawl.arguments.get("site", "")),
            **arguments,
            "stored": str(crawl.stored),
            "rejected": str(crawl.rejected),
            "left": str(progress.left),
            "dead": str(progress.dead),
            "counts": ", ".join(f"{name}={count}" for name, count in (crawl.counts or {}).items()),
            "go on": "scrapy crawl diningcode " + " ".join(f"-a {name}={text}" for name, text in arguments.items()),
        }


def read_overviews(services: ServiceAddresses, key_prefix: str, scope: CrawlScope = ANY) -> list[CrawlOverview]:
    """Return the crawls that are meant, newest first.

    Raises:
        ServiceUnavailableError: a server does not answer.
    """
    return [_overview(services, key_prefix, crawl) for crawl in list_crawls(services.database_url, scope)]


def read_overview(services: ServiceAddresses, key_prefix: str, crawl_id: str) -> CrawlOverview:
    """Return one crawl.

    Raises:
        ArgumentError: there is none with this id.
        ServiceUnavailableError: a server does not answer.
    """
    return _overview(services, key_prefix, find_crawl(services.database_url, crawl_id))


def _overview(services: ServiceAddresses, key_prefix: str, crawl: Crawl) -> CrawlOverview:
    with ProgressReader(services.redis_url, crawl_prefix(key_prefix, crawl.id)) as reader:
        progress = reader.read()
    if progress is None:
        raise ServiceUnavailableError(_("Redis does not answer: see scrapy services status"))
    return CrawlOverview(crawl, progress)


def set_paused(services: ServiceAddresses, key_prefix: str, crawl_id: str | None, *, paused: bool) -> Crawl:
    """Make all workers of a crawl pause or go on, within about two seconds; return the crawl.

    A paused worker finishes what is under way and asks for nothing more, and so does one that joins later.

    Raises:
        ArgumentError: no crawl goes on, several do and none is named, or the named one has ended.
        ServiceUnavailableError: a server does not answer.
    """
    crawl = (
        _the_running(list_crawls(services.database_url))
        if crawl_id is None
        else find_crawl(services.database_url, crawl_id)
    )
    with blocking_client(services.redis_url) as client:
        script: Any = client.register_script(script_source("pause"))
        state = script(keys=[crawl_prefix(key_prefix, crawl.id)], args=[int(paused)])
    in_redis = state.decode("utf-8", "replace")
    if in_redis != OPEN:
        raise ArgumentError(
            _("crawl {id} is not in progress: it is {state}").format(id=crawl.id, state=STATES[crawl.state]())
        )
    return crawl


def _the_running(crawls: list[Crawl]) -> Crawl:
    running = [crawl for crawl in crawls if crawl.state == RUNNING]
    if not running:
        raise ArgumentError(_("no crawl is in progress: see scrapy crawls list"))
    if len(running) > 1:
        ids = ", ".join(crawl.id for crawl in running)
        raise ArgumentError(_("{count} crawls are in progress, name one: {ids}").format(count=len(running), ids=ids))
    return running[0]


@dataclass(slots=True, frozen=True)
class Pruned:
    crawl: Crawl
    keys: int
    """Keys removed from Redis."""
    kept_letters: int
    """Dead letters that kept it from being pruned."""


@dataclass(slots=True, frozen=True)
class Pruning:
    services: ServiceAddresses
    key_prefix: str
    clock: Clock
    with_dead_letters: bool = False
    """Drop dead letters too."""
    force: bool = False
    """Give up crawls that workers are at work on; these stop by themselves."""
    scope: CrawlScope = ANY
    """Which of them are pruned that have ended, if none is named."""

    def prune(self, ids: Sequence[str]) -> list[Pruned]:
        """Prune the crawls that are named, unfinished ones too; without names all that have ended.

        Raises:
            ArgumentError: an id is unknown, or workers are at work on its crawl.
            ServiceUnavailableError: a server does not answer.
        """
        url = self.services.database_url
        crawls = [find_crawl(url, id_) for id_ in ids] if ids else list_crawls(url, self.scope)
        chosen = [crawl for crawl in crawls if ids or crawl.state != RUNNING]
        for crawl in chosen:
            self._check_idle(crawl)
        return [self._prune(crawl) for crawl in chosen]

    def _check_idle(self, crawl: Crawl) -> None:
        with ProgressReader(self.services.redis_url, self._prefix(crawl)) as reader:
            progress = reader.read()
        if crawl.state == RUNNING and progress and progress.workers and not self.force:
            raise ArgumentError(
                _("{workers} workers are running crawl {id}: stop them first, or add --force").format(
                    workers=progress.workers, id=crawl.id
                )
            )

    def _prune(self, crawl: Crawl) -> Pruned:
        with blocking_client(self.services.redis_url) as client:
            if not self.with_dead_letters and (kept := DeadLetters(client, self._prefix(crawl)).count()):
                return Pruned(crawl, 0, kept)
            if crawl.state == RUNNING:
                abandon_crawl(self.services.database_url, crawl.id, self.clock.now())
            forget: Any = client.register_script(script_source("forget"))
            return Pruned(crawl, int(forget(keys=[self._prefix(crawl)], args=[1])), 0)

    def _prefix(self, crawl: Crawl) -> str:
        return crawl_prefix(self.key_prefix, crawl.id)
