from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from refillspot.policies.politeness import LATENCIES, LatencyWatch


def signs(watch: LatencyWatch, latencies: list[float]) -> list[str]:
    return [sign for latency in latencies if (sign := watch.add(latency))]


@given(st.lists(st.floats(0, 100), max_size=LATENCIES + LATENCIES - 1))
def test_too_few_answers_say_nothing(latencies: list[float]) -> None:
    assert signs(LatencyWatch(), latencies) == []


def test_more_than_twice_as_long_is_distress_with_both_figures() -> None:
    watch = LatencyWatch()
    signs(watch, [0.3] * LATENCIES)

    assert signs(watch, [0.59] * LATENCIES) == []
    (sign,) = signs(watch, [0.9] * LATENCIES)
    assert "0.90 s" in sign
    assert "before it was 0.33 s" in sign


def test_one_outlier_in_twenty_is_none() -> None:
    watch = LatencyWatch()

    assert signs(watch, ([0.3] * (LATENCIES - 1) + [9.0]) * 5) == []


def test_a_wobble_of_some_milliseconds_is_none() -> None:
    watch = LatencyWatch()

    assert signs(watch, [0.005] * LATENCIES + [0.09] * LATENCIES) == []


def test_what_stays_slow_becomes_the_rule() -> None:
    watch = LatencyWatch()
    signs(watch, [0.3] * LATENCIES)
    told = signs(watch, [0.9] * LATENCIES * 50)

    assert 1 <= len(told) < 10
