"""Decides which workers hang: they run, and give no sign of life beyond their lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.frontier.queue import pid_here

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from refillspot.operations.progress import SilentWorkers

LONGEST_PATIENCE = 5.0  # seconds that a silence must be seen for, and that a worker is given to follow a signal
SETTLE_SECONDS = 15.0  # after Redis was away; workers try again every 5 s
LONGEST_GAP = 10.0  # seconds between two looks; after more of them this machine, or that of Redis, was suspended


class Watchdog:
    """A worker that waits for PostgreSQL gives signs of life; one that starts or has left is not looked at.

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
