"""The control against workers whose best level is known."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from refillspot.policies.concurrency import ConcurrencyControl, Window

if TYPE_CHECKING:
    from collections.abc import Callable

NOISE = 0.03


def latency_bound(seconds: float, most: float) -> Callable[[int], Window]:
    """A worker whose answers take so long, and that can handle so many a second."""

    def window(level: int) -> Window:
        rate = min(level / seconds, most)
        return Window(answers_per_second=rate, full=1.0, cpu=rate / most)

    return window


def run(control: ConcurrencyControl, worker: Callable[[int], Window], windows: int, seed: int = 1) -> list[int]:
    chance = random.Random(seed)  # noqa: S311
    levels = []
    for _ in range(windows):
        window = worker(control.level)
        rate = window.answers_per_second * (1 + chance.uniform(-NOISE, NOISE))
        control.step(Window(answers_per_second=rate, full=window.full, cpu=window.cpu, lag=window.lag))
        levels.append(control.level)
    return levels


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("seconds", "most"), [(0.2, 250), (0.02, 250), (0.4, 1000), (2.0, 20), (0.001, 300)])
def test_it_settles_within_a_tenth_of_the_best_level(seconds: float, most: float, seed: int) -> None:
    worker = latency_bound(seconds, most)
    control = ConcurrencyControl(8, 64)
    levels = run(control, worker, 50, seed)

    best = max(worker(level).answers_per_second for level in range(1, 65))
    assert len(set(levels[10:])) == 1, levels
    assert worker(control.level).answers_per_second >= 0.9 * best


def test_what_brings_nothing_is_taken_back() -> None:
    def by_the_site(level: int) -> Window:
        """Nothing here is busy; the site answers so many a second and no more."""
        return Window(answers_per_second=min(level / 0.2, 40), full=1.0, cpu=0.1)

    levels = run(ConcurrencyControl(8, 64), by_the_site, 10)
    assert levels[0] == 16
    assert levels[-1] == 8


def test_places_that_stand_empty_are_not_multiplied() -> None:
    control = ConcurrencyControl(8, 64)
    assert all(control.step(Window(answers_per_second=1, full=0.3)) is None for _ in range(20))
    assert control.level == 8


def test_a_slower_site_is_noticed() -> None:
    control = ConcurrencyControl(8, 64)
    run(control, latency_bound(0.02, 250), 10)
    before = control.level
    run(control, latency_bound(0.2, 250), 10)
    assert before < control.level == 64


@pytest.mark.parametrize("window", [
    Window(answers_per_second=40, full=1.0, memory=0.95),
    Window(answers_per_second=40, full=1.0, lag=0.5),
])  # fmt: skip
def test_a_worker_that_suffers_does_less_and_keeps_to_it(window: Window) -> None:
    control = ConcurrencyControl(16, 64)
    step = control.step(window)
    assert step is not None
    assert step.level < 16
    assert step.reason
    run(control, latency_bound(0.2, 1000), 20)
    assert control.level == step.level
    for _ in range(50):
        control.step(window)
    assert control.level == 1
