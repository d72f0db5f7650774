"""Whether stores go on being committed while workers are killed, connections cut, and the site misbehaves."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from refillspot.postgres.database import commit_times
from refillspot.sandbox.replica import are_near, far_away
from refillspot.sandbox.scratch import scratch_space, workers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refillspot.performance.conditions import Rig
    from refillspot.sandbox.replica import Distance, SyntheticSite

REQUESTS_PER_SECOND = 50.0  # so that the crawl outlasts what happens to it
SPOILT = 0.02  # of the answers, by each kind of fault
KINDS: tuple[dict[str, object], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "truncated"},
    {"kind": "delay", "seconds": 1},
)


@dataclass(slots=True, frozen=True)
class Availability:
    committed: int
    """Slots with a commit."""
    due: int
    """Slots in which one was due: all from the first commit to the end."""
    killed: int
    """Workers."""
    cut: int
    """Times that all connections to PostgreSQL, or to Redis, were reset."""

    @property
    def share(self) -> float | None:
        return self.committed / self.due if self.due else None


def crawl_under_faults(rig: Rig) -> Availability:
    """Crawl for a while, with three misfortunes evenly spread over it."""
    conditions = rig.conditions
    with scratch_space(rig.servers, "perf") as scratch, ExitStack() as stack:
        # connections to servers elsewhere are not led through here: their certificates would not fit
        distance = stack.enter_context(far_away(scratch.servers, 0)) if are_near(scratch.servers) else None
        site = stack.enter_context(rig.site(conditions.city))
        site.spoil(*({**kind, "probability": SPOILT} for kind in KINDS))
        servers = distance.servers if distance else scratch.servers
        with rig.fleet(replace(scratch, servers=servers), site, REQUESTS_PER_SECOND) as fleet:
            _let_it_begin(fleet, site)
            happened = _suffer(fleet, distance, conditions.fault_seconds)
            until = datetime.now(UTC)
        ended_at = rig.newest_crawl(scratch).ended_at
        commits = commit_times(scratch.servers.database_url)
        committed, due = count_slots(commits, ended_at or until, conditions.slot_seconds)
        return Availability(committed, due, killed=int(happened[0]), cut=sum(happened[1:]))


def _let_it_begin(fleet: subprocess.Popen[bytes], site: SyntheticSite) -> None:
    """Return when the first store page was asked for: how long processes take to start says nothing here."""
    while fleet.poll() is None and not any(entry["kind"] == "store" for entry in site.log()):
        _go_on(fleet, 0.2)


def _suffer(fleet: subprocess.Popen[bytes], distance: Distance | None, seconds: float) -> list[bool]:
    """Return which of the misfortunes came about: a worker killed, PostgreSQL and Redis cut off."""
    misfortunes: list[Callable[[], bool]] = [
        lambda: kill_a_worker(fleet),
        lambda: distance is not None and distance.cut("database_url"),
        lambda: distance is not None and distance.cut("redis_url"),
    ]
    happened = []
    for misfortune in misfortunes:
        _go_on(fleet, seconds / (len(misfortunes) + 1))
        happened.append(misfortune())
    _go_on(fleet, seconds / (len(misfortunes) + 1))
    return happened


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
