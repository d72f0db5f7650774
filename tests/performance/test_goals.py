"""From figures to rows: what is met, what is computed, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from refillspot.commands.perf import show
from refillspot.performance.crawls import Memory, MemorySample, NaiveCrawl, WholeCrawl, growth, rate
from refillspot.performance.faults import Availability, count_slots
from refillspot.performance.goals import measure_goals, write_hours, write_share
from refillspot.performance.measurements import Measurements
from refillspot.performance.storage import Storage
from refillspot.services import ServiceAddresses
from tests.english import english_in

if TYPE_CHECKING:
    from refillspot.performance.conditions import Conditions
    from refillspot.performance.goals import Goal

WHOLE = WholeCrawl(stores=1800, requests=2000, seconds=9.0, hits=0, misses=1999, pages_asked=1999, round_trip=0.001)
ELSEWHERE = ServiceAddresses("postgresql://db.example.org/d", "redis://r.example.org", "redis://r.example.org")


@pytest.fixture
def found(conditions: Conditions) -> Measurements:
    """Figures as they might be, of servers that are elsewhere."""
    made = Measurements(ELSEWHERE, replace(conditions, requests_per_second=1), told=lambda _: None)
    made.whole, made.pace, made.naive = WHOLE, 0.9, NaiveCrawl(lists=1000, pages=4000, stores=1800)
    made.repeat = replace(WHOLE, hits=1990, misses=10, pages_asked=10)
    made.memory = Memory(MemorySample(crawl=300, servers=100, unknown=()), growth=0.01, stores=6000)
    made.storage = Storage(merged=5000, inserted=500, rows=1500, rounds=3, round_trip=0.001)
    made.availability = Availability(committed=8, due=8, killed=1, cut=2)
    return made


def row(found: Measurements, name: str) -> Goal:
    return measure_goals(found, [name])[0]


def test_the_table_of_figures_that_are_met(found: Measurements) -> None:
    rows = measure_goals(found, [])

    assert [one.is_met for one in rows] == [True] * len(rows)
    assert [(one.key, one.is_computed) for one in rows] == [
        ("throughput", True),
        ("throughput", False),
        ("seoul", True),
        ("memory", False),
        ("cache", False),
        ("database", False),
        ("requests", True),
        ("availability", False),
    ]  # nothing is put farther away that is elsewhere already


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_table_fits_into_80_columns(
    found: Measurements, language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("REFILLSPOT_LANG", language)
    show(measure_goals(found, []))
    told = capsys.readouterr().out

    assert [line for line in told.splitlines() if cell_len(line) > 80] == []
    assert language == "en" or english_in(told) == []


def test_what_is_computed_says_of_what(found: Measurements) -> None:
    by_budget, seoul, requests = (row(found, name) for name in ("throughput", "seoul", "requests"))

    assert by_budget.value == pytest.approx(3600 * 0.9 * 1800 / 2000)
    assert "0.90 requests/s" in by_budget.note
    assert "1,800 stores ÷ 2,000 requests" in by_budget.note
    assert seoul.value == pytest.approx(2000 / 0.9 / 3600)
    assert requests.value == pytest.approx(1 - 2000 / 5000)


def test_a_smaller_figure_misses_its_goal(found: Measurements) -> None:
    found.pace = 0.04
    found.repeat = replace(found.repeat, hits=11, misses=1989, pages_asked=1989)
    found.storage = replace(found.storage, merged=999)
    found.naive = NaiveCrawl(lists=900, pages=3000, stores=1800)
    found.availability = replace(found.availability, committed=7)

    missed = {
        name: row(found, name) for name in ("throughput", "seoul", "cache", "database", "requests", "availability")
    }

    assert {name: one.is_met for name, one in missed.items()} == dict.fromkeys(missed, False)


def test_a_request_for_what_the_cache_had_misses_the_goal(found: Measurements) -> None:
    found.repeat = replace(found.repeat, pages_asked=11)

    assert row(found, "cache").is_met is False


@pytest.mark.parametrize(
    ("crawl", "grown", "unknown", "is_met"),
    [
        (300, 0.05, (), True),
        (300, 0.06, (), False),
        (1999, 0.0, (), False),  # with the 100 of the servers
        (300, 0.0, ("PostgreSQL",), None),
        (2100, 0.0, ("PostgreSQL",), False),
    ],
)
def test_memory_is_small_and_constant(
    found: Measurements,
    crawl: float,
    grown: float,
    unknown: tuple[str, ...],
    is_met: bool | None,  # noqa: FBT001
) -> None:
    found.memory = Memory(MemorySample(crawl, 100, unknown), grown, 6000)

    memory = row(found, "memory")

    assert memory.is_met is is_met
    assert ("not measured" in memory.note) == bool(unknown)


def test_growth_is_that_of_the_last_quarter() -> None:
    assert growth([1, 50, 100, 100, 100, 100, 110, 110]) == pytest.approx(0.1)
    assert growth([10.0] * 9) == 0


def test_slots_with_a_commit() -> None:
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    commits = [begin + timedelta(seconds=at) for at in (0, 6, 8, 16)]

    assert count_slots(commits, begin + timedelta(seconds=19), 5) == (1, 3)  # the last, unfinished slot does not count
    assert count_slots([], begin, 5) == (0, 1)
    assert count_slots(commits[:1], begin, 5) == (0, 0)


def test_no_slot_is_no_availability(found: Measurements) -> None:
    found.availability = replace(found.availability, committed=0, due=0)

    assert row(found, "availability").is_met is None


def test_a_rate_is_from_the_first_to_the_last() -> None:
    assert rate([10.0, 11.0, 12.0]) == 1


@pytest.mark.parametrize(("share", "expected"), [(1, "100 %"), (0.99999, "99.99 %"), (0.6, "60 %"), (0, "0 %")])
def test_only_all_is_written_as_all(share: float, expected: str) -> None:
    assert write_share(share) == expected


@pytest.mark.parametrize(("hours", "expected"), [(0.7, "42 min"), (12, "12 h"), (6.05, "6 h 03 min"), (0.9999, "1 h")])
def test_hours(hours: float, expected: str) -> None:
    assert write_hours(hours) == expected
