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
    from refillspot.postgres.crawls import CrawlTable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # between looks, of all workers together
KEEP_SECONDS = 60.0  # for which a request is kept after its commit: a copy that takes over is seconds behind
RETRY_SECONDS = 1.0


class CommitCheck:
    """Looks for the commits of the last minute; requests whose stores are gone are queued again, whatever was seen.

    Each look is a sign of life of this queue; `changed` is called when there is a `failure`.
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
                await self._look(LOOK_SECONDS)
            except (QueueElsewhereError, VersionError) as error:
                logger.error("%s", error)  # noqa: TRY400  # no fault of this program
                self.failure = error
                self._changed()
                return
            except (ServiceUnavailableError, UnsuitableServerError, RedisError, OSError) as error:
                logger.debug("what PostgreSQL has is not known now: %s", error)

    async def may_end(self) -> bool:
        """Tell whether everything that was stored is there; False as well while PostgreSQL is away.

        Raises:
            redis.RedisError, OSError: Redis does not answer.
            UnsuitableServerError: PostgreSQL refuses to say so.
        """
        try:
            return await self._look(0)
        except ServiceUnavailableError as error:
            logger.warning("the crawl is complete when PostgreSQL says so: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
            return False

    async def _look(self, within_seconds: float) -> bool:
        told = await self._queue.stored_lately(within_seconds)
        if told is None:
            return True
        stored, written = told
        try:
            is_ending = not within_seconds
            found = await self._crawls.commits(self._crawl_id, written, self._queue.id, is_ending=is_ending)
        except (QueueElsewhereError, VersionError):
            await self._queue.look_again()  # each worker of this queue has to know
            raise
        if found is None:  # PostgreSQL has closed it, only Redis does not know yet
            return True
        total, batches = found
        there = {one: batches.get(one.writer, ()) for one in written}
        requeued, forgotten = await self._queue.settle(KEEP_SECONDS, max(0, stored - total), there)
        if requeued:
            logger.warning("PostgreSQL came back older than it was: %d pages are fetched again", requeued)
        if forgotten:
            logger.error(
                "PostgreSQL came back older than it was: %d stores are gone. When this crawl has ended, the same "
                "command fetches them again",
                forgotten,
            )
        return not requeued
