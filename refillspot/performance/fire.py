"""Whether stores go on being committed while workers are killed, connections cut, and the site misbehaves."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from refillspot.postgres.crawl_list import list_crawls
from refillspot.postgres.database import commit_times
from refillspot.trial.crawl import workers_of
from refillspot.trial.distance import far_away
from refillspot.trial.ground import clean_ground

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refillspot.performance.stage import Stage

REQUESTS_PER_SECOND = 50.0  # so that the crawl outlasts what happens to it
SPOILT = 0.02  # of the answers, by each kind of fault
KINDS: tuple[dict[str, object], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "truncated"},
    {"kind": "delay", "seconds": 1},
)


@dataclass(slots=True, frozen=True)
class Fire:
    committed: int
    """Slots with a commit."""
    due: int
    """Slots in which one was due: all from the first commit to the end."""
    killed: int
    """Workers."""
    cut: int
    """Times that all connections to PostgreSQL, or to Redis, were reset."""

    @property
    def availability(self) -> float | None:
        return self.committed / self.due if self.due else None


def crawl_under_fire(stage: Stage) -> Fire:
    """Crawl for a while, with three misfortunes evenly spread over it."""
    conditions = stage.conditions
    with (
        clean_ground(stage.servers, "perf") as ground,
        far_away(ground.servers, 0) as distance,
        stage.site(conditions.city) as site,
    ):
        site.spoil(*({**kind, "probability": SPOILT} for kind in KINDS))
        with stage.fleet(replace(ground, servers=distance.servers), site, REQUESTS_PER_SECOND) as fleet:
            misfortunes: list[Callable[[], bool]] = [
                lambda: kill_a_worker(fleet),
                lambda: distance.cut("database_url"),
                lambda: distance.cut("redis_url"),
            ]
            happened = []
            for misfortune in misfortunes:
                _go_on(fleet, conditions.fire_seconds / (len(misfortunes) + 1))
                happened.append(misfortune())
            _go_on(fleet, conditions.fire_seconds / (len(misfortunes) + 1))
            until = datetime.now(UTC)
        crawl = list_crawls(ground.servers.database_url)[0]
        commits = commit_times(ground.servers.database_url)
        committed, due = count_slots(commits, crawl.ended_at or until, conditions.slot_seconds)
        return Fire(committed, due, killed=int(happened[0]), cut=sum(happened[1:]))


def count_slots(commits: Sequence[datetime], until: datetime, seconds: float) -> tuple[int, int]:
    """Return how many slots after the first commit have one, and how many there are."""
    begin = min(commits, default=until - timedelta(seconds=seconds))
    due = int((until - begin).total_seconds() // seconds)
    with_one = {int((commit - begin).total_seconds() // seconds) for commit in commits if commit > begin}
    return len(with_one & set(range(due))), due


def kill_a_worker(fleet: subprocess.Popen[bytes]) -> bool:
    """Kill one, as the system does that is out of memory; False if none runs."""
    for worker in workers_of(fleet):
        with suppress(psutil.NoSuchProcess):
            worker.kill()
            return True
    return False


def _go_on(fleet: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        fleet.wait(seconds)
