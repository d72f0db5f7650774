"""The whole city without a limit: once, and once more within the life of the cached pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from refillspot.performance.storage import round_trip
from refillspot.postgres.worker_stats import read
from refillspot.stats.totals import total

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.performance.stage import Stage
    from refillspot.sandbox.scratch import Ground
    from refillspot.sandbox.site import SyntheticSite

PAGES = ("list", "store")  # kinds of requests that a page answers


@dataclass(slots=True, frozen=True)
class Whole:
    """One crawl of the whole city."""

    stores: int
    requests: int
    """That the site was asked, robots.txt included."""
    seconds: float
    """From the first worker's start to the last commit."""
    hits: int
    misses: int
    pages_asked: int
    """Pages that the site was asked for, by its own log."""
    round_trip: float
    """Seconds to PostgreSQL and back, after the crawl."""

    @property
    def stores_per_hour(self) -> float:
        return 3600 * self.stores / self.seconds

    @property
    def hit_rate(self) -> float:
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


def crawl_whole(
    stage: Stage, ground: Ground, site: SyntheticSite, look: Callable[[psutil.Process], None] | None = None
) -> Whole:
    """Crawl the whole city, and return what it came to; `look` at the fleet now and then meanwhile.

    Raises:
        MeasurementError: the crawl failed.
    """
    site.clear_log()
    with stage.fleet(ground, site, requests_per_second=0) as fleet:
        process = psutil.Process(fleet.pid)
        stage.wait_for(fleet, ground, (lambda: look(process)) if look else None)
    crawl = stage.newest_crawl(ground)
    assert crawl.ended_at  # noqa: S101  # it is complete
    stats = total(read(ground.servers.database_url, crawl.id))
    asked = Counter(entry["kind"] for entry in site.log())
    return Whole(
        stores=crawl.stored,
        requests=asked.total(),
        seconds=(crawl.ended_at - crawl.started_at).total_seconds(),
        hits=stats.get("cache/hits", 0),
        misses=stats.get("cache/misses", 0) + stats.get("cache/refreshes", 0),
        pages_asked=sum(asked[kind] for kind in PAGES),
        round_trip=round_trip(ground.servers.database_url),
    )
