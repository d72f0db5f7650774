"""What a fleet looks at now and then: how far the crawl is, and which of its workers hang."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from refillspot.frontier.queue import COMPLETE, pid_here
from refillspot.monitoring.figures import FiguresOfCrawl
from refillspot.postgres.crawls import look_at_crawl

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from refillspot.monitoring.display import Display
    from refillspot.monitoring.snapshot import CrawlReader
    from refillspot.operations.progress import ProgressReader, SilentWorkers

LOOK_SECONDS = 1.0  # between looks at the servers
LONGEST_PATIENCE = 5.0  # seconds that a silence must be seen for, and that a worker is given to follow a signal
SETTLE_SECONDS = 15.0  # after Redis was away; workers try again every 5 s
LONGEST_GAP = 10.0  # seconds between two looks; after more of them this machine, or that of Redis, was suspended


class Watch:
    """Looks at the servers, and shows how far the crawl is.

    Never disturbs the workers: a server that is away is theirs to wait for.
    """

    def __init__(
        self,
        crawl: CrawlReader,
        display: Display,
        progress: ProgressReader,
        database_url: str,
        crawl_id: str,
    ) -> None:
        self._crawl = crawl
        self._progress = progress
        self._display = display
        self._database_url = database_url
        self._crawl_id = crawl_id
        self._figures = FiguresOfCrawl()
        self._began = self._looked = time.monotonic()

    def look(self) -> None:
        """Show the state of things, at most once a second."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        figures = self._figures.take(self._crawl.read())
        if not figures.away:
            self._display.show(now - self._began, figures)

    def is_over(self) -> bool:
        """Ask both servers: the one may be away, or back from before the end."""
        progress = self._progress.read()
        if progress is not None and progress.state == COMPLETE:
            return True
        crawl = look_at_crawl(self._database_url, self._crawl_id)
        return crawl is not None and crawl.state == COMPLETE


class Watchdog:
    """Decides which workers hang: they run, and give no sign of life beyond their lease.

    A worker that waits for PostgreSQL gives signs of life; one that starts or has left is not looked at.
    Nobody can give a sign while Redis is away or the machine sleeps: silence counts only as long as Redis has answered
    without a break, by its own clock. `read` says who is silent, None while Redis is away.
    """

    def __init__(self, read: Callable[[], SilentWorkers | None], lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self.patience = min(lease_seconds, LONGEST_PATIENCE)
        self._read = read
        self._looked_at: float | None = None
        self._counts_from = 0.0
        self._is_broken = False
        self._since: dict[str, float] = {}
        self._others: set[str] = set()
        """Of processes that are not, or no longer, among those asked about: a pid may be given again."""

    def hung(self, pids: Collection[int]) -> set[int]:
        """Look, and return the processes that hang."""
        silent = self._read()
        if silent is None:
            self._is_broken = True
            return set()
        if self._is_broken or not 0 <= silent.at - (self._looked_at or silent.at) <= LONGEST_GAP:
            self._is_broken = False
            self._counts_from = silent.at + max(self.lease_seconds, SETTLE_SECONDS)
        self._looked_at = silent.at
        own = {worker: pid for worker in silent.names - self._others if (pid := pid_here(worker)) in pids}
        self._others |= silent.names - own.keys()
        self._others &= silent.names
        self._since = {worker: max(self._since.get(worker, silent.at), self._counts_from) for worker in own}
        return {
            pid for worker, pid in own.items() if pid is not None and silent.at - self._since[worker] >= self.patience
        }
