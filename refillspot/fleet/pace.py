"""From how far a crawl is, now and before: how fast it goes and how long it will take. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_SECONDS = 120.0  # long enough to be calm, short enough to follow a change


@dataclass(slots=True, frozen=True)
class Sample:
    seconds: float
    """On any steady clock."""
    stores: int
    done: int


class Pace:
    """Stores a minute and the time that is left, over the last two minutes."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)
        while len(self._samples) > 2 and sample.seconds - self._samples[1].seconds >= WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def stores_per_minute(self) -> float | None:
        """None until something can be said."""
        return self._per_second("stores", 60.0)

    def seconds_left(self, requests_left: int) -> float | None:
        """Return how long the requests that are known now will take; each list page may bring more."""
        per_second = self._per_second("done", 1.0)
        return requests_left / per_second if per_second else None

    def _per_second(self, what: str, times: float) -> float | None:
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        seconds = last.seconds - first.seconds
        return float((getattr(last, what) - getattr(first, what)) / seconds * times) if seconds > 0 else None
