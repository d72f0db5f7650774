"""What is measured is measured: under other conditions it is another figure."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from refillspot.exceptions import MeasurementError
from refillspot.performance.conditions import City, Rig
from refillspot.performance.crawls import MemoryWatch, crawl_whole, watch_pace
from refillspot.performance.faults import crawl_under_faults
from refillspot.performance.goals import GOALS, measure_goals
from refillspot.performance.measurements import Measurements
from refillspot.performance.storage import round_trip
from refillspot.sandbox.replica import far_away
from refillspot.sandbox.scratch import scratch_space
from refillspot.services.inspection import measure_servers
from tests.programs import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.performance.conditions import Conditions
    from refillspot.services import ServiceAddresses
    from tests.programs import Launcher


@pytest.fixture(autouse=True)
def forking(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is measured here is compared with its like only."""
    monkeypatch.setattr("refillspot.performance.storage.ROUNDS", 1)
    monkeypatch.setattr("refillspot.performance.faults.workers_of", lambda fleet: children(fleet.pid))
    with launcher.forking(children_too=True):
        yield


def other(services: ServiceAddresses, conditions: Conditions) -> Measurements:
    return Measurements(services, conditions, told=lambda _: None)


def test_the_pace_is_the_one_of_the_budget(rig: Rig) -> None:
    slow = Rig(rig.servers, replace(rig.conditions, requests_per_second=4))

    assert watch_pace(slow) < watch_pace(rig) <= 2 * rig.conditions.requests_per_second


def test_a_slower_site_lowers_the_throughput(measured: Measurements, rig: Rig) -> None:
    few = {"CONCURRENT_REQUESTS": "4"}
    slow = Rig(rig.servers, replace(rig.conditions, latency_ms=300, settings=few))

    assert measured.whole.stores_per_hour > 0
    with scratch_space(rig.servers, "test") as scratch, slow.site(rig.conditions.city, is_fast=True) as site:
        assert 0 < crawl_whole(slow, scratch, site).stores_per_hour <= slow.conditions.workers * 4 / 0.3 * 3600


def test_a_repeat_hits_the_cache(measured: Measurements) -> None:
    (row,) = measure_goals(measured, ["cache"])

    assert row.is_met
    assert measured.repeat.pages_asked <= measured.repeat.misses < measured.repeat.hits
    assert measured.whole.pages_asked > 0


def test_without_the_cache_there_are_no_hits(services: ServiceAddresses, conditions: Conditions) -> None:
    with other(services, replace(conditions, settings={"CACHE_ENABLED": "False"})) as found:
        (row,) = measure_goals(found, ["cache"])

    assert (row.value, row.is_met) == (0.0, False)


def test_a_farther_database_takes_fewer_rows(measured: Measurements, rig: Rig) -> None:
    near, far = measured.storage, measured.far_storage
    added = rig.conditions.round_trip_ms / 1000
    with far_away(rig.servers, 10 * added) as distance:
        farther = round_trip(distance.servers.database_url)

    assert near.round_trip > 0
    assert far.round_trip >= added  # what a busy machine adds to each of them is not known
    assert farther >= 10 * added
    assert 0 < far.inserted <= 1 / added  # a row takes at least the way there and back
    assert near.inserted > 0
    assert far.inserted < far.merged


def test_requests_are_counted_against_those_of_a_crawler_that_reuses_nothing(measured: Measurements) -> None:
    (row,) = measure_goals(measured, ["requests"])

    assert row.value == 1 - measured.whole.requests / measured.naive.requests
    assert measured.naive.pages >= measured.naive.stores > 0


def test_stores_go_on_being_committed_under_faults(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refillspot.performance.faults.REQUESTS_PER_SECOND", 10)  # for as long as there are faults
    seen = crawl_under_faults(Rig(rig.servers, replace(rig.conditions, city=City(1500, 100))))

    assert (seen.killed, seen.cut) == (1, 2)
    assert seen.due > 0


def test_memory_counts_the_servers_and_each_of_them_once(
    services: ServiceAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["true"]) as ended:  # as a backend may, while the others are looked at
        gone = psutil.Process(ended.pid)
    there = psutil.Process.children
    monkeypatch.setattr(psutil.Process, "children", lambda process: [*there(process), gone])
    taken = {server.name: server.mib for server in measure_servers(services)}
    again = {server.name for server in measure_servers(replace(services, cache_redis_url=services.redis_url))}

    assert all(mib and mib > 1 for mib in taken.values())
    assert again == taken.keys() - {"Redis (cache)"}


def test_a_crawl_that_is_over_at_once_says_nothing_about_memory(
    services: ServiceAddresses, conditions: Conditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryWatch, "look", lambda *_: None)

    with (
        other(services, replace(conditions, large_city=City(40, 1))) as found,
        pytest.raises(MeasurementError, match="over after 0 samples"),
    ):
        measure_goals(found, ["memory"])


def test_a_crawl_that_fails_is_told_with_its_log(services: ServiceAddresses, conditions: Conditions) -> None:
    wrong = replace(conditions, settings={"FLEET_MAX_MEMORY_MB": "1"})

    with other(services, wrong) as found, pytest.raises(MeasurementError, match=r"ended with 2: see .*perf.*\.log"):
        measure_goals(found, ["requests"])


def test_every_name_of_the_table_has_its_measurement() -> None:
    assert list(GOALS) == ["throughput", "seoul", "memory", "cache", "database", "requests", "availability"]
