"""When answers take much longer than they used to. Pure."""

from __future__ import annotations

import math

SAMPLES = 20
FACTOR = 2.0
LEAST_SECONDS = 0.1  # a smaller wobble is that of this machine
FORGETTING = 0.1  # share of the newest p95 in the baseline: what stays slow becomes the rule


class LatencyWatch:
    """Compares the 95th percentile of each 20 answers with that of the ones before."""

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._baseline: float | None = None

    def add(self, seconds: float) -> str | None:
        """Take one answer's latency; return what is wrong, in words, when a sample is full and too slow."""
        self._recent.append(seconds)
        if len(self._recent) < SAMPLES:
            return None
        p95 = sorted(self._recent)[math.ceil(0.95 * SAMPLES) - 1]
        self._recent.clear()
        baseline = p95 if self._baseline is None else self._baseline
        self._baseline = baseline + FORGETTING * (p95 - baseline)
        if p95 <= max(FACTOR * baseline, baseline + LEAST_SECONDS):
            return None
        return f"answers take {p95:.2f} s (p95 of {SAMPLES}), before it was {baseline:.2f} s"
