from __future__ import annotations

import pytest

from refillspot.frontier.prefetch import Demand


def steadily(demand: Demand, per_second: float, seconds: float, step: float = 0.02, begin: float = 0.0) -> int:
    """So many requests a second, looked at each `step` seconds; what was found last."""
    found = 0
    for number in range(round(seconds / step)):
        found = demand.note(round(per_second * step), begin + number * step)
    return found


def test_a_steady_pace_is_found() -> None:
    assert steadily(Demand(0.25), 400, 5) == pytest.approx(100, rel=0.1)


def test_an_old_pace_is_forgotten() -> None:
    demand = Demand(0.25)
    steadily(demand, 400, 5)

    assert demand.note(0, 10.0) <= 1


def test_a_pause_does_not_make_the_next_request_a_rush() -> None:
    demand = Demand(0.25)

    assert demand.note(1, 1000.0) == 1
    assert demand.note(1, 2000.0) <= 2


def test_without_a_time_there_is_no_demand() -> None:
    assert steadily(Demand(0.0), 400, 1) == 0
