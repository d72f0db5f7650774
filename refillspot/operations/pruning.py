"""What ended crawls left in Redis goes; unfinished ones are given up when they are named. For commands: this blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.exceptions import ArgumentError
from refillspot.frontier.queue import script_source
from refillspot.language import gettext as _
from refillspot.operations.dead_letters import DeadLetters
from refillspot.operations.progress import ProgressReader
from refillspot.postgres.crawl_list import abandon_crawl, find_crawl, list_crawls
from refillspot.shared.connections import blocking_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.clock import Clock
    from refillspot.postgres.crawls import Crawl
    from refillspot.services import ServiceAddresses

RUNNING, ABANDONED = "running", "abandoned"


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

    def prune(self, ids: Sequence[str]) -> list[Pruned]:
        """Prune the crawls that are named, unfinished ones too; without names all that have ended.

        Raises:
            ArgumentError: an id is unknown, or workers are at work on its crawl.
            ServiceUnavailableError: a server does not answer.
        """
        url = self.services.database_url
        crawls = [find_crawl(url, id_) for id_ in ids] if ids else list_crawls(url)
        chosen = [crawl for crawl in crawls if ids or crawl.state != RUNNING]
        for crawl in chosen:
            self._check_idle(crawl)
        return [self._prune(crawl) for crawl in chosen]

    def _check_idle(self, crawl: Crawl) -> None:
        with ProgressReader(self.services.redis_url, self._prefix(crawl)) as reader:
            progress = reader.read()
        if crawl.state == RUNNING and progress and progress.workers and not self.force:
            raise ArgumentError(
                _("{workers} workers are at work on crawl {id}: stop them first, or add --force").format(
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
        return f"{self.key_prefix}:{crawl.id}"
