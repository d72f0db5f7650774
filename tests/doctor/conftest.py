"""A check-up of this test's servers and of a synthetic site, called as the command calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from refillspot.clock import Clock
from refillspot.doctor.checkup import Questions, examine
from refillspot.doctor.site import Hosts
from refillspot.sandbox.replica import running_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from refillspot.doctor import Check
    from refillspot.sandbox.replica import SyntheticSite

CheckUp = Callable[..., list["Check"]]


@pytest.fixture(scope="session")
def running() -> Iterator[SyntheticSite]:
    with running_site(7, "--refill-stores", "300", "--ordinary-stores", "300", "--odd", "0") as site:
        yield site


@pytest.fixture
def site(running: SyntheticSite) -> Iterator[SyntheticSite]:
    running.clear_log()
    yield running
    with urlopen(Request(f"{running.url}/_faults", method="DELETE")):
        pass


@pytest.fixture
def questions(site: SyntheticSite, environment: dict[str, str], key_prefix: str) -> Questions:
    return Questions(
        environ=environment,
        fleet_mib=1,
        fleet_workers=1,
        backup_seconds=48 * 3600,
        every_hours=None,
        hosts=Hosts(site.url, site.url, "refillspot"),
        headers={"User-Agent": "refillspot/test"},
        requests_per_second=100,
        most_believed=100,
        block_seconds=180,
        politeness_key=f"{key_prefix}:politeness",
        window="",
        clock=Clock(),
        is_offline=False,
    )


@pytest.fixture
def check_up(questions: Questions, tmp_path: Path) -> CheckUp:
    """Return the findings, with some of the questions changed. Whatever is wrong has a remedy."""

    def check(**changed: Any) -> list[Check]:
        found = list(examine(replace(questions, **changed), tmp_path))
        assert [one for one in found if one.state in {"warning", "problem"} and not one.remedy] == []
        return found

    return check
