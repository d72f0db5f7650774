"""Looks at the servers now and then, and shows how far the crawl is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refillspot.frontier.queue import COMPLETE
from refillspot.monitoring.display import write_hold
from refillspot.monitoring.pace import Pace, Sample
from refillspot.postgres.database import look_at_crawl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refillspot.monitoring.display import Display
    from refillspot.operations.progress import ProgressReader

LOOK_SECONDS = 1.0  # between looks at the servers


class Watch:
    """Never disturbs the workers: a server that is away is theirs to wait for.

    `pace` says how fast the site may be asked, see `read_pace`; None where workers have no limit, or nobody knows.
    """

    def __init__(
        self,
        reader: ProgressReader,
        display: Display,
        database_url: str,
        crawl_id: str,
        pace: Callable[[], Mapping[str, Any] | None],
    ) -> None:
        self._reader = reader
        self._display = display
        self._database_url = database_url
        self._crawl_id = crawl_id
        self._pace_now = pace
        self._pace = Pace()
        self._began = self._looked = time.monotonic()

    def look(self) -> None:
        """Show the state of things, at most once a second."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        progress, crawl = self._reader.read(), look_at_crawl(self._database_url, self._crawl_id)
        if progress is None or crawl is None:
            return
        self._pace.add(Sample(now, {"stores": crawl.stored, "done": progress.done}))
        per_second, left = self._pace.per_second("stores"), self._pace.seconds_left("done", progress.left)
        per_minute = None if per_second is None else per_second * 60
        self._display.held = write_hold(self._pace_now(), datetime.now(UTC))
        left = None if self._display.held else left
        self._display.show(now - self._began, progress, crawl.stored, per_minute, left)

    def is_over(self) -> bool:
        """Ask both servers: the one may be away, or back from before the end."""
        progress = self._reader.read()
        if progress is not None and progress.state == COMPLETE:
            return True
        crawl = look_at_crawl(self._database_url, self._crawl_id)
        return crawl is not None and crawl.state == COMPLETE
