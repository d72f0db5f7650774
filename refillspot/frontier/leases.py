"""What one worker has leased: which requests wait for their turn, how many are in hand, which must run alone."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from typing import Self

    from scrapy.settings import BaseSettings

    from refillspot.frontier.queue import Entry, Key

AHEAD_SECONDS = 0.25  # a turn of the consumer takes some 20 ms, in a busy process more; others wait for what is leased
SUSPECT_ATTEMPTS = 2  # after as many dead workers a request runs alone
SUSPECT_DELIVERIES = 4  # so it does as the lease of so many: one that hangs at once tells nobody what it had started


@dataclass(slots=True, frozen=True)
class Limits:
    """How much a worker takes on."""

    lease_seconds: float
    """After this long without a sign of life its requests go to others."""
    prefetch: int
    """Requests leased ahead of their turn, at least."""
    max_in_hand: int
    """Requests under way at once, those included whose stores wait for their commit."""
    max_attempts: int
    """Workers that may die with a request before it is buried."""
    ahead_seconds: float = 0.0
    """What this worker needs in so long is leased ahead, where that is more than `prefetch`."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Return those of FRONTIER_LEASE_SECONDS, _PREFETCH, _MAX_IN_HAND, _MAX_ATTEMPTS and CONCURRENCY_START."""
        prefetch = settings.getint("FRONTIER_PREFETCH")
        return cls(
            lease_seconds=settings.getfloat("FRONTIER_LEASE_SECONDS"),
            prefetch=prefetch or 2 * settings.getint("CONCURRENCY_START"),
            ahead_seconds=0.0 if prefetch else AHEAD_SECONDS,
            max_in_hand=settings.getint("FRONTIER_MAX_IN_HAND"),
            max_attempts=settings.getint("FRONTIER_MAX_ATTEMPTS"),
        )


class Leases:
    """In memory only. A request whose workers died runs alone: who dies with it then, dies of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.prefetch = limits.prefetch
        self._ready: deque[Entry] = deque()
        self._suspects: deque[Entry] = deque()
        self._chosen: Entry | None = None  # the suspect whose start is being told
        self._alone: Key | None = None
        self.held: set[Key] = set()
        """Leased to this worker, as far as it knows, until their end is told."""
        self.in_hand = 0

    @property
    def room(self) -> int:
        """How many more requests to lease; 0 while there are enough, or while a suspect is to run alone."""
        if self._suspects or self._alone or len(self._ready) > self.prefetch // 2:
            return 0
        return self.prefetch - len(self._ready)

    @property
    def has_ready(self) -> bool:
        """Tell whether there is a request to be given out."""
        return bool(self._ready)

    @property
    def waiting(self) -> list[Entry]:
        """The requests that were not given out."""
        return [*self._ready, *self._suspects, *([self._chosen] if self._chosen else ())]

    def receive(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.held.add(entry.key)
            is_suspect = entry.attempts >= SUSPECT_ATTEMPTS or entry.deliveries >= SUSPECT_DELIVERIES
            (self._suspects if is_suspect else self._ready).append(entry)

    def give(self) -> Entry | None:
        """Return the next request, None if there is none or too much is in hand."""
        if not self._ready or self.in_hand >= self._limits.max_in_hand:
            return None
        self.in_hand += 1
        return self._ready.popleft()

    def is_alone(self, key: Key) -> bool:
        return key == self._alone

    def choose_suspect(self) -> Entry | None:
        """Return the suspect whose turn it is, once nothing else is in hand. Its start must be told before it runs."""
        if self.in_hand or self._ready or self._alone or not self._suspects:
            return None
        self._chosen = self._suspects.popleft()
        self._alone = self._chosen.key
        return self._chosen

    def all_told(self) -> None:
        """Redis knows everything there was to tell: a chosen suspect may run, one that has run is none any more."""
        if self._chosen:
            self._ready.append(self._chosen)
            self._chosen = None
        elif self._alone not in self.held:
            self._alone = None

    def drop(self, lost: AbstractSet[Key]) -> None:
        """Forget leases that others have now. What is in hand goes on: a late success counts."""
        self.held -= lost
        self._ready = deque(entry for entry in self._ready if entry.key not in lost)
        self._suspects = deque(entry for entry in self._suspects if entry.key not in lost)
        if self._alone in lost:
            self._chosen = self._alone = None

    def clear(self) -> None:
        self.drop(set(self.held))


class Prefetch:
    """How many requests a worker uses up within `seconds`, about: older counts fade away. Pure."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._level = self._noted_at = 0.0

    def note(self, given: int, now: float) -> int:
        """Add what was given out since the last time; return how many are used up within `seconds`."""
        if not self._seconds:
            return 0
        self._level = self._level * math.exp((self._noted_at - now) / self._seconds) + given
        self._noted_at = now
        return math.ceil(self._level)
