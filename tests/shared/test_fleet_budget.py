"""Four processes on one budget, one killed and one suspended; judged by what they were granted and when they sent."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.programs import PROJECT
from tests.shared.arrivals import ArrivalLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.programs import Launcher

PER_SECOND = 50
SUSPENDED_SECONDS = 4  # at least: as long as four times PER_SECOND take the others


@pytest.fixture
def log() -> Iterator[ArrivalLog]:
    with ArrivalLog() as log:
        yield log


@pytest.fixture
def workers(
    launcher: Launcher, redis_url: str, key_prefix: str, log: ArrivalLog
) -> Iterator[list[subprocess.Popen[bytes]]]:
    arguments = [redis_url, f"{key_prefix}:politeness", str(PER_SECOND), str(log.port)]
    command = [sys.executable, "-m", "tests.shared.spender"]
    with launcher.forking():
        started = [subprocess.Popen([*command, str(number), *arguments], cwd=PROJECT) for number in range(4)]
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


def test_after_deaths_and_suspensions_the_others_go_on_and_nothing_stale_is_fired(
    workers: list[subprocess.Popen[bytes]], log: ArrivalLog
) -> None:
    log.wait_for(100)  # all are there
    started = len(log.arrivals)
    log.wait_for(started + 4 * PER_SECOND)
    workers[0].kill()
    workers[1].send_signal(signal.SIGSTOP)
    stopped = len(log.arrivals)
    log.wait_for(stopped + 4 * PER_SECOND)
    left = log.arrivals[stopped + 2 * PER_SECOND :]
    workers[1].send_signal(signal.SIGCONT)
    resumed = len(log.arrivals)
    log.wait_for_worker("1", resumed)
    log.wait_for(resumed + PER_SECOND)

    moments = sorted(arrival.permitted_at for arrival in log.arrivals[started:])
    stale = [arrival for arrival in log.arrivals if arrival.at - arrival.permitted_at >= SUSPENDED_SECONDS / 4]
    assert {arrival.worker for arrival in left} == {"2", "3"}
    assert min(one - other for other, one in pairwise(moments)) >= 1 / PER_SECOND - 1e-5
    assert [arrival.worker for arrival in stale] in ([], ["1"])  # it may have been stopped between its look and sending
