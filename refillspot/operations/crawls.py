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
from refillspot.planning import spider_arguments, write_options
from refillspot.postgres.connection import run
from refillspot.postgres.crawls import ANY, find_crawl, list_crawls
from refillspot.postgres.gate import abandon
from refillspot.redis_clients import blocking_client
from refillspot.shared.keys import crawl_prefix
from refillspot.stats.crawl import GONE, RUNNING, STATES, CrawlStats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from refillspot.clock import Clock
    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl, CrawlScope, Progress


@dataclass(slots=True, frozen=True)
class CrawlOverview:
    crawl: Crawl
    progress: Progress
    now: datetime

    @property
    def state(self) -> str:
        """running, paused, interrupted, complete or abandoned."""
        return CrawlStats.of([], self.now, self.crawl, self.progress).state

    def as_json(self) -> dict[str, Any]:
        times = {
            "started_at": self.crawl.started_at.isoformat(),
            "ended_at": self.crawl.ended_at.isoformat() if self.crawl.ended_at else None,
        }
        return asdict(self.crawl) | times | {"state": self.state, "progress": asdict(self.progress)}

    def as_text(self) -> dict[str, str]:
        crawl, progress = self.crawl, self.progress
        arguments = spider_arguments(crawl.arguments)
        state = STATES[self.state]()
        if progress.state == UNREADABLE:
            state = _("{state}, unreadable in Redis").format(state=state)
        elif crawl.state == RUNNING and progress.workers:
            told = ngettext("{state}, {count} worker at work", "{state}, {count} workers at work", progress.workers)
            state = told.format(state=state, count=progress.workers)
        elif crawl.is_held:
            state = _("{state}, held").format(state=state)
        elif crawl.decision:
            told = _("{state}, accepted") if crawl.accepted else _("{state}, rejected")
            state = told.format(state=state)
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
            "go on": f"scrapy crawl {crawl.spider} {write_options(arguments)}",
        }


@dataclass(slots=True, frozen=True)
class Crawls:
    """All crawls of a database and their queues."""

    services: ServiceAddresses
    key_prefix: str
    clock: Clock

    def read(self, scope: CrawlScope = ANY) -> list[CrawlOverview]:
        """Return the crawls that are meant, newest first.

        Raises:
            ServiceUnavailableError: a server does not answer.
        """
        return [self._overview(crawl) for crawl in list_crawls(self.services.database_url, scope)]

    def find(self, crawl_id: str) -> CrawlOverview:
        """Return the crawl with this id, or with the only id that begins so.

        Raises:
            ArgumentError: there is none, or there are several.
            ServiceUnavailableError: a server does not answer.
        """
        return self._overview(find_crawl(self.services.database_url, crawl_id))

    def set_paused(self, crawl_id: str | None, *, paused: bool) -> CrawlOverview:
        """Make all workers of a crawl pause or go on, within about two seconds; return the crawl as it was before.

        A paused worker finishes what is under way and asks for nothing more, and so does one that joins later.
        Without an id it is the crawl that has workers, else the only one that is not complete.

        Raises:
            ArgumentError: no crawl goes on, several may be meant, or the named one has ended.
            ServiceUnavailableError: a server does not answer.
        """
        one = self.find(crawl_id) if crawl_id is not None else self._meant(is_paused=not paused)
        if one.crawl.state == RUNNING and one.progress.state == GONE:
            told = _(
                "crawl {id} has no queue in this Redis (REDIS_URL, REDIS_KEY_PREFIX): nothing there can pause or go on"
            )
            raise ArgumentError(told.format(id=one.crawl.id))
        with blocking_client(self.services.redis_url) as client:
            script: Any = client.register_script(script_source("pause"))
            state = script(keys=[crawl_prefix(self.key_prefix, one.crawl.id)], args=[int(paused)])
        if state.decode("utf-8", "replace") != OPEN:
            raise ArgumentError(
                _("crawl {id} is not in progress: it is {state}").format(id=one.crawl.id, state=STATES[one.state]())
            )
        return one

    def _meant(self, *, is_paused: bool) -> CrawlOverview:
        """Return the crawl to pause, or, of the paused ones if there are any, the one to resume."""
        unfinished = [one for one in self.read() if one.crawl.state == RUNNING]
        if not unfinished:
            raise ArgumentError(_("no crawl is in progress: see scrapy crawls list"))
        paused = [one for one in unfinished if one.progress.paused == is_paused] or unfinished
        chosen = [one for one in paused if one.progress.workers] or paused
        if len(chosen) > 1:
            ids = ", ".join(f"{one.crawl.id} ({STATES[one.state]()})" for one in chosen)
            told = _("{count} crawls may be meant, name one: {ids}")
            raise ArgumentError(told.format(count=len(chosen), ids=ids))
        return chosen[0]

    def _overview(self, crawl: Crawl) -> CrawlOverview:
        progress = self._progress(crawl)
        if progress is None:
            raise ServiceUnavailableError(_("Redis does not answer: see scrapy services status"))
        return CrawlOverview(crawl, progress, self.clock.now())

    def to_watch(self, named: str | None) -> Crawl:
        """Return the crawl that is named, else the newest that workers are at work on, else the newest.

        Raises:
            ArgumentError: there is none.
            ServiceUnavailableError: PostgreSQL does not answer.
        """
        if named is not None:
            return find_crawl(self.services.database_url, named)
        crawls = list_crawls(self.services.database_url)
        if not crawls:
            raise ArgumentError(no_crawl())
        running = (crawl for crawl in crawls if crawl.state == RUNNING)
        at_work = (crawl for crawl in running if (progress := self._progress(crawl)) and progress.workers)
        return next(at_work, crawls[0])

    def _progress(self, crawl: Crawl) -> Progress | None:
        with ProgressReader(self.services.redis_url, crawl_prefix(self.key_prefix, crawl.id)) as reader:
            return reader.read()


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
    thresholds: Mapping[str, float] | None = None
    """Those that one is judged by that is given up; None = it is believed."""

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
                ngettext(
                    "{workers} worker is running crawl {id}: stop it first, or add --force",
                    "{workers} workers are running crawl {id}: stop them first, or add --force",
                    progress.workers,
                ).format(workers=progress.workers, id=crawl.id)
            )

    def _prune(self, crawl: Crawl) -> Pruned:
        with blocking_client(self.services.redis_url) as client:
            if not self.with_dead_letters and (kept := DeadLetters(client, self._prefix(crawl)).count()):
                return Pruned(crawl, 0, kept)
            if crawl.state == RUNNING:
                run(abandon(self.services.database_url, crawl.id, self.clock.now(), self.thresholds))
            forget: Any = client.register_script(script_source("forget"))
            return Pruned(crawl, int(forget(keys=[self._prefix(crawl)], args=[1])), 0)

    def _prefix(self, crawl: Crawl) -> str:
        return crawl_prefix(self.key_prefix, crawl.id)


def no_crawl() -> str:
    return _("There is no crawl yet: scrapy crawl diningcode -a district=강남구")
