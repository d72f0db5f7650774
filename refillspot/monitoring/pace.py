"""From what was counted now and before: how fast it goes and how long it will take. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW_SECONDS = 120.0  # long enough to be calm, short enough to follow a change


@dataclass(slots=True, frozen=True)
class Sample:
    seconds: float
    """On any steady clock."""
    counts: Mapping[str, float]


class Pace:
    """What grows how fast, over the last two minutes."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample) -> None:
        """Take a sample; one that is no later than the last one says nothing new."""
        if self._samples and sample.seconds <= self._samples[-1].seconds:
            return
        self._samples.append(sample)
        while len(self._samples) > 2 and sample.seconds - self._samples[1].seconds >= WINDOW_SECONDS:
            self._samples.popleft()

    def per_second(self, what: str) -> float | None:
        """Return None until something can be said."""
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        return (last.counts.get(what, 0) - first.counts.get(what, 0)) / (last.seconds - first.seconds)

    def seconds_left(self, what: str, left: float) -> float | None:
        """Return how long the rest will take, as far as it is known now: each list page may bring more requests."""
        per_second = self.per_second(what)
        return left / per_second if per_second else None
