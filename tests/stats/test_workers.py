"""Who was at work, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refillspot.stats.workers import seconds_at_work, worker_figures
from tests.stats.test_totals import worker


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], 0.0),
        ([(0, 60)], 60.0),
        ([(0, 60), (30, 90)], 90.0),
        ([(0, 60), (10, 20)], 60.0),
        ([(0, 10), (60, 70)], 20.0),
    ],
)
def test_the_time_at_work_is_that_of_any_worker(spans: list[tuple[int, int]], expected: float) -> None:
    workers = [worker(str(number), started=began, seen=seen) for number, (began, seen) in enumerate(spans)]

    assert seconds_at_work(workers) == expected


@pytest.mark.parametrize(
    ("is_ended", "seconds_later", "is_over", "expected"),
    [
        (False, 10, False, "at work"),
        (False, 30, False, "silent"),
        (True, 30, False, "ended"),
        (False, 30, True, "ended"),
    ],
)
def test_the_state_of_a_worker(is_ended: bool, seconds_later: int, is_over: bool, expected: str) -> None:  # noqa: FBT001  # a table's values
    one = worker("one", ended=is_ended)

    assert worker_figures(one, one.seen_at + timedelta(seconds=seconds_later), is_over=is_over).state == expected
