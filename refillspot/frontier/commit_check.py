"""Looks at PostgreSQL while a crawl goes on: whether it still has what it has committed, and whose crawl it is.

One that takes over, or is restored, may be older than it was. Workers of another host may have another queue.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from refillspot.exceptions import QueueElsewhereError, ServiceUnavailableError, UnsuitableServerError, VersionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.frontier.queue import CrawlQueue
    from refillspot.postgres.commits import Missing, Remembered
    from refillspot.postgres.crawls import CrawlTable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # between looks, of all workers together
KEEP_SECONDS = 60.0  # for which a request is kept after its commit: a copy that takes over is seconds behind


class CommitCheck:
    """Looks now and then for what is stored; each look is a sign of life of this queue.

    `changed` is called when there is a `failure`.
    """

    def __init__(
        self, queue: CrawlQueue, crawls: CrawlTable, crawl_id: str, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._queue = queue
        self._crawls = crawls
        self._crawl_id = crawl_id
        self._changed = changed
        self.failure: Exception | None = None
        """Why this worker must not go on."""

    async def run(self) -> None:
        """Look again and again, as long as the task lives."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except (QueueElsewhereError, VersionError) as error:
                logger.error("%s", error)  # noqa: TRY400  # no fault of this program
                self.failure = error
                self._changed()
                return
            except (ServiceUnavailableError, UnsuitableServerError, RedisError, OSError) as error:
                logger.debug("what PostgreSQL has is not known now: %s", error)

    async def _look(self) -> None:
        remembered = await self._queue.remembered(LOOK_SECONDS)
        if remembered is None:
            return
        try:
            missing = await self._crawls.find_missing(self._crawl_id, remembered)
        except (QueueElsewhereError, VersionError):
            await self._queue.look_again()  # each worker of this queue has to know
            raise
        if missing is not None:
            await settle(self._queue, remembered, missing)


async def settle(queue: CrawlQueue, remembered: Remembered, missing: Missing) -> int:
    """Queue again what is missing; what nobody remembers is counted as gone. Return how many requests that were."""
    requeued, gone = await queue.settle(KEEP_SECONDS, remembered, missing)
    if requeued:
        logger.warning("PostgreSQL came back older than it was: %d pages are fetched again", requeued)
    if gone:
        logger.error(
            "PostgreSQL came back older than it was: %d stores are gone. When this crawl has ended, the same "
            "command fetches them again",
            gone,
        )
    return requeued
