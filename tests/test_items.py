from __future__ import annotations

import pytest

from refillspot.items import Day, OpeningHours
from refillspot.parsing.hours.osm import write_osm

LUNCH = Day([("11:30", "15:00"), ("17:00", "26:00")])
CLOSED = Day(closed=True)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ({}, ""),
        ({3: LUNCH}, "Th 11:30-15:00,17:00-26:00"),
        ({0: LUNCH, 1: LUNCH, 2: LUNCH}, "Mo-We 11:30-15:00,17:00-26:00"),
        ({0: LUNCH, 2: LUNCH}, "Mo 11:30-15:00,17:00-26:00, We 11:30-15:00,17:00-26:00"),
        ({5: LUNCH, 6: CLOSED}, "Su off; Sa 11:30-15:00,17:00-26:00"),
        ({0: Day(), 1: CLOSED}, "Tu off"),
    ],
)
def test_hours_as_openstreetmap_writes_them(days: dict[int, Day], text: str) -> None:
    assert write_osm(OpeningHours(days)) == text
