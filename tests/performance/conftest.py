"""A small city and short times, on this test's servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refillspot.performance.conditions import City, Conditions, Rig
from refillspot.performance.measurements import Measurements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses


@pytest.fixture(scope="session")
def conditions(tmp_path_factory: pytest.TempPathFactory) -> Conditions:
    return Conditions(
        requests_per_second=20,
        group=1000,
        logs=tmp_path_factory.mktemp("perf"),
        city=City(60, 60),
        district="강남구,서초구,송파구,금천구",
        large_city=City(120, 120),
        pace_seconds=2,
        fault_seconds=12,
        slot_seconds=4,
        workers=1,
    )


@pytest.fixture(scope="session")
def measured(services: ServiceAddresses, conditions: Conditions) -> Iterator[Measurements]:
    """Measurements that several tests look at; each part of them is made once."""
    with Measurements(services, conditions, told=lambda _: None) as found:
        yield found


@pytest.fixture(scope="session")
def rig(services: ServiceAddresses, conditions: Conditions) -> Rig:
    return Rig(services, conditions)
