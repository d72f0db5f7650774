"""How many requests a worker should have under way: found by trying, kept as long as nothing changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FULL_SHARE = 0.8  # of the time all places are taken, or more places are no use
BUSY = 0.95  # of the one core a worker can use: more requests would only wait for it
MEMORY_FULL = 0.9
SLOW_LOOP_SECONDS = 0.25  # half of all callbacks wait longer: leases and commits suffer
WORTH_DOUBLING, WORTH_KEEPING = 1.25, 1.07  # answers a second after and before
CHANGED = 0.3  # share by which the answers a second differ, twice in a row: it is tried anew


@dataclass(slots=True, frozen=True, kw_only=True)
class Window:
    """What a worker did in the last seconds."""

    answers_per_second: float
    full: float
    """Share of the time in which the site had as many requests as allowed; less where the budget holds them back."""
    cpu: float = 0.0
    """Share of a core that this process used. A machine that is busy with others shows in the answers a second."""
    memory: float = 0.0
    """Share of what the worker may use."""
    lag: float = 0.0
    """Seconds by which the event loop was late, median."""


@dataclass(slots=True, frozen=True)
class LevelChange:
    level: int
    reason: str


class ConcurrencyControl:
    """Doubles while that brings a quarter more answers a second, takes back what brought nothing, then stays."""

    def __init__(self, start: int, most: int) -> None:
        self.level = max(1, min(start, most))
        self._most = most
        self._before: tuple[int, float] | None = None  # level and answers a second before the last doubling
        self._settled_at: float | None = None  # answers a second
        self._surprises = 0

    def step(self, window: Window) -> LevelChange | None:
        """Judge a window in which the level was the same throughout; return the next level where it changes."""
        if window.memory >= MEMORY_FULL:
            return self._retreat(self.level // 2, f"{window.memory:.0%} of the memory is used")
        if window.lag >= SLOW_LOOP_SECONDS:
            return self._retreat(self.level * 3 // 4, f"the event loop is {window.lag:.2f} s late")
        if window.full < FULL_SHARE:
            self._before = None  # it says nothing about more places
            return None
        rate = window.answers_per_second
        if self._before:
            return self._judge(*self._before, rate, window)
        if self._is_settled(rate):
            return None
        return self._double(rate, window)

    def _judge(self, level: int, before: float, rate: float, window: Window) -> LevelChange | None:
        told = f"{before:.3g} → {rate:.3g} answers/s with {level} → {self.level} places"
        if rate >= before * WORTH_DOUBLING:
            return self._double(rate, window)
        self._before, self._settled_at = None, rate
        if rate >= before * WORTH_KEEPING:
            return None
        self.level, self._settled_at = level, before
        return LevelChange(level, f"{told}: not worth it")

    def _double(self, rate: float, window: Window) -> LevelChange | None:
        level = min(2 * self.level, self._most)
        if level == self.level or window.cpu >= BUSY:
            self._before, self._settled_at = None, rate
            return None
        self._before, self.level = (self.level, rate), level
        return LevelChange(level, f"all places are taken at {rate:.3g} answers/s")

    def _retreat(self, level: int, reason: str) -> LevelChange | None:
        level = max(1, level)
        self._before, self._settled_at = None, None
        self._most = max(1, min(self._most, level))  # for the life of this worker: it would come back
        if level == self.level:
            return None
        self.level = level
        return LevelChange(level, reason)

    def _is_settled(self, rate: float) -> bool:
        if self._settled_at is None:
            return False
        if abs(rate - self._settled_at) <= CHANGED * self._settled_at:
            self._surprises = 0
            return True
        self._surprises += 1
        if self._surprises < 2:
            return True
        self._surprises = 0
        return False
