"""What `write_osm` writes is read by an independent reader of OpenStreetMap's `opening_hours`."""

from __future__ import annotations

import json
from datetime import datetime

import opening_hours
import pytest

from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.osm import write_osm
from tests.parsing.hours.labels import labelled_hours
from tests.parsing.hours.test_hours import CAPTURE


@pytest.mark.parametrize("text", [text for text, _ in labelled_hours()], ids=str)
def test_osm_text_is_valid(text: str | dict[str, str]) -> None:
    if hours := parse_hours(text):
        assert opening_hours.validate(write_osm(hours))


@pytest.mark.skipif(not CAPTURE.exists(), reason="the captures are not part of the repository")
def test_osm_text_of_real_hours_is_valid() -> None:
    read = [hours for text in json.loads(CAPTURE.read_text("utf-8")) if (hours := parse_hours(text))]

    assert [hours for hours in read if not opening_hours.validate(write_osm(hours))] == []


def test_what_begins_after_midnight_is_said_of_the_day_after() -> None:
    hours = parse_hours({"일": "17:00 - 04:00 (브레이크타임 23:00 - 01:00)", "월": "휴무"})
    assert hours
    osm = opening_hours.OpeningHours(write_osm(hours))

    assert write_osm(hours) == "Mo off; Su 17:00-23:00, Mo 01:00-04:00"
    assert osm.is_open(datetime(2026, 7, 6, 2, 0))  # noqa: DTZ001  # Monday, Sunday's night
    assert not osm.is_open(datetime(2026, 7, 6, 0, 30))  # noqa: DTZ001
    assert not osm.is_open(datetime(2026, 7, 6, 12, 0))  # noqa: DTZ001


def test_osm_text_means_what_was_said() -> None:
    hours = parse_hours({"월-금": "17:00 - 02:00", "일": "12:00 - 20:00", "휴무일": "매주 일요일 (첫째 휴무)"})
    assert hours
    osm = opening_hours.OpeningHours(write_osm(hours))

    assert osm.is_open(datetime(2026, 7, 11, 1, 30))  # noqa: DTZ001  # Saturday, Friday's night; the reader knows no zone
    assert not osm.is_open(datetime(2026, 7, 11, 12, 0))  # noqa: DTZ001
    assert not osm.is_open(datetime(2026, 7, 5, 13, 0))  # noqa: DTZ001  # the first Sunday
    assert osm.is_open(datetime(2026, 7, 12, 13, 0))  # noqa: DTZ001
