"""From what was counted now and before: how fast it goes and how long it will take. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW_SECONDS = 120.0  # long enough to be calm, short enough to follow a change


@dataclass(slots=True, frozen=True)
class Rate:
    now: float | None = None
    """Over the last two minutes; None until something can be said."""
    so_far: float | None = None
    """Over all the time that workers were at work."""

    def times(self, factor: float) -> Rate:
        return Rate(*(None if value is None else value * factor for value in (self.now, self.so_far)))


class RecentRates:
    """What grows how fast, over the last two minutes."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Mapping[str, float]]] = deque()

    def add(self, seconds: float, counts: Mapping[str, float]) -> None:
        """Take what is counted at a moment of any steady clock; one that is no later than the last says nothing new."""
        if self._samples and seconds <= self._samples[-1][0]:
            return
        self._samples.append((seconds, counts))
        while len(self._samples) > 2 and seconds - self._samples[1][0] >= WINDOW_SECONDS:
            self._samples.popleft()

    def per_second(self, what: str) -> float | None:
        """Return None until something can be said."""
        if len(self._samples) < 2:
            return None
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last.get(what, 0) - first.get(what, 0)) / (ended - began)

    def seconds_left(self, what: str, left: float) -> float | None:
        """Return how long the rest will take, as far as it is known now: each list page may bring more requests."""
        per_second = self.per_second(what)
        return left / per_second if per_second else None
