from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.clock import KST
from refillspot.exceptions import ConfigurationError
from refillspot.policies.politeness_settings import CrawlWindow

TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # given one
SPANS = st.tuples(st.times(), st.times()).map(lambda pair: f"{pair[0]:%H:%M}-{pair[1]:%H:%M}")


def at(hour: int, minute: int = 0, day: int = 9) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=KST)


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        ("01:00-06:00", at(0, 30), at(1)),
        ("01:00-06:00", at(1), at(1)),
        ("01:00-06:00", at(5, 59), at(5, 59)),
        ("01:00-06:00", at(6), at(1, day=10)),
        ("22:00-04:00", at(23), at(23)),
        ("22:00-04:00", at(3, 59), at(3, 59)),
        ("22:00-04:00", at(4), at(22)),
        ("20:30-24:00", at(23, 59), at(23, 59)),
        ("20:30-24:00", at(0), at(20, 30)),
        ("00:00-24:00", at(13), at(13)),
    ],
)
def test_when_the_site_may_be_asked(text: str, now: datetime, opens: datetime) -> None:
    window = CrawlWindow.parse(text)

    assert window
    assert window.opens_at(now) == opens
    assert window.opens_at(now.astimezone(UTC)) == opens
    assert window.seconds_until_open(now) == (opens - now).total_seconds()


@given(SPANS, TIMES)
def test_the_wait_ends_inside_the_window_within_a_day(text: str, now: datetime) -> None:
    begin, end = text.split("-")
    if begin == end:
        return
    window = CrawlWindow.parse(text)
    assert window
    opens = window.opens_at(now)

    assert timedelta() <= opens - now < timedelta(days=1)
    assert window.opens_at(opens) == opens


@pytest.mark.parametrize("text", ["1-6", "25:00-06:00", "01:00", "01:60-02:00", "01:00-01:00", "24:00-06:00", "night"])
def test_a_wrong_window_is_one_clear_message(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"01:00-06:00"):
        CrawlWindow.parse(text)


def test_no_window_is_the_whole_day() -> None:
    assert CrawlWindow.parse(" ") is None
