from __future__ import annotations

from refillspot.stats.rates import RecentRates


def test_rates_are_of_the_last_two_minutes() -> None:
    rates = RecentRates()
    assert rates.per_second("done") is None
    for seconds, done in ((0, 0), (100, 100), (100, 500), (200, 300), (220, 340)):
        rates.add(seconds, {"done": done})

    assert rates.per_second("done") == 2.0  # since 100; what came at the same time is left out
    assert rates.per_second("never counted") == 0.0
    assert rates.seconds_left("done", 10) == 5.0
    assert rates.seconds_left("never counted", 10) is None
