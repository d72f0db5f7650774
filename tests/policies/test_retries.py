from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from refillspot.policies.retries import (
    LONGEST_BACKOFF,
    LONGEST_RETRY_AFTER,
    backoff_seconds,
    pause_seconds,
    pauses,
    retry_after_seconds,
)

NOW = datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)


def test_pauses_double_up_to_the_longest() -> None:
    assert list(islice(pauses(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize("attempt", [101, 10**9])
def test_a_pause_after_any_number_of_attempts_is_the_longest(attempt: int) -> None:
    assert pause_seconds(attempt, 0.2, 60.0) == 60.0
    assert pause_seconds(attempt, 0.2, 60.0, factor=3.0) == 60.0


def test_each_wait_is_longer_than_the_one_before_whatever_chance_says() -> None:
    waits = [backoff_seconds(attempt, 5, chance) for attempt in (1, 2, 3) for chance in (0.0, 0.999)]

    assert waits == sorted(waits)
    assert waits[0] >= 2.5
    assert backoff_seconds(50, 5, 1.0) == LONGEST_BACKOFF


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("99999999999", LONGEST_RETRY_AFTER),
        ("Tue, 24 Nov 2026 03:01:30 GMT", 90),
        ("Tue, 24 Nov 2026 02:00:00 GMT", 0),
        ("Fri, 24 Nov 2090 03:00:00 GMT", LONGEST_RETRY_AFTER),
        ("soon", 0),
        ("1.5", 0),
        ("٣", 3),
        ("", 0),
        (None, 0),
    ],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Tue, 24 Nov 2026 02:58:30 GMT", 180),
        ("Tue, 24 Nov 2026 03:01:28 GMT", 2),
        ("Tue, 24 Nov 2026 03:01:30 GMT", 0),
        ("yesterday", 90),
        ("", 90),
        (None, 90),
    ],
)
def test_a_date_to_wait_for_is_one_of_the_sites_clock(date: str | None, seconds: float) -> None:
    assert retry_after_seconds("Tue, 24 Nov 2026 03:01:30 GMT", NOW, date) == seconds
