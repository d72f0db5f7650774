from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.shared.shared_state import MICROSECONDS, PATIENCE_SECONDS, ServerClock

AHEAD = 1_800_000_000.0  # of the server's clock, before this process' own
DELAYS = st.lists(st.tuples(st.floats(0.0001, 5), st.floats(0.0001, 5)), min_size=1, max_size=30)


def ask(clock: ServerClock, asked: float, way_there: float, way_back: float, ahead: float = AHEAD) -> None:
    clock.note(asked + way_there + ahead, asked, asked + way_there + way_back)


@given(DELAYS)
def test_the_best_answer_counts_however_late_the_others_were(delays: list[tuple[float, float]]) -> None:
    clock = ServerClock()
    for number, (way_there, way_back) in enumerate(delays):
        ask(clock, 100.0 * number, way_there, way_back)

    best = min(there + back for there, back in delays)
    assert abs(clock.local(AHEAD + 5000) - 5000) <= best + 1e-5


def test_an_answer_that_was_read_after_a_suspension_does_not_mislead() -> None:
    clock = ServerClock()
    ask(clock, 10, 0.001, 0.001)
    ask(clock, 20, 0.001, 60)

    assert clock.local(AHEAD + 30) == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_was_set_for_good_is_followed(jump: float) -> None:
    clock = ServerClock()
    ask(clock, 10, 0.001, 0.001)
    for asked in (20, 21):
        ask(clock, asked, 0.001, 0.001, AHEAD + jump)

    assert clock.local(AHEAD + jump + 30) == pytest.approx(30, abs=0.01)


def test_a_clock_that_leaps_is_held_and_not_followed() -> None:
    clock = ServerClock()
    ask(clock, 10, 0.001, 0.001)
    ask(clock, 20, 0.001, 0.001, AHEAD + PATIENCE_SECONDS)
    latest = clock.bounds()[1]
    ask(clock, 20.1, 0.001, 0.001, AHEAD + PATIENCE_SECONDS - 0.1)
    ask(clock, 20.3, 0.001, 0.001)

    assert clock.local(AHEAD + 30) == pytest.approx(30, abs=0.01)
    assert float(clock.bounds()[1]) - float(latest) >= PATIENCE_SECONDS * MICROSECONDS
