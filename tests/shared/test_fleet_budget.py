"""Four processes on one budget, one killed and one suspended; judged by when the kernel saw what they sent."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.shared.arrivals import ArrivalLog, largest_burst

if TYPE_CHECKING:
    from collections.abc import Iterator

PER_SECOND = 50
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def log() -> Iterator[ArrivalLog]:
    with ArrivalLog() as log:
        yield log


@pytest.fixture
def workers(redis_url: str, key_prefix: str, log: ArrivalLog) -> Iterator[list[subprocess.Popen[bytes]]]:
    arguments = [redis_url, f"{key_prefix}:politeness", str(PER_SECOND), str(log.port)]
    started = [
        subprocess.Popen([sys.executable, "-m", "tests.shared.spender", str(number), *arguments], cwd=PROJECT)
        for number in range(4)
    ]
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


def test_deaths_and_suspensions_cost_little_and_fire_nothing_stale(
    workers: list[subprocess.Popen[bytes]], log: ArrivalLog
) -> None:
    log.wait_for(100)  # all are there
    started = len(log.arrivals)
    log.wait_for(started + 2 * PER_SECOND)
    workers[0].kill()
    workers[1].send_signal(signal.SIGSTOP)
    stopped = len(log.arrivals)
    log.wait_for(stopped + 4 * PER_SECOND)
    meanwhile = {arrival.worker for arrival in log.arrivals[stopped + 2 * PER_SECOND :]}
    workers[1].send_signal(signal.SIGCONT)
    log.wait_for(stopped + 10 * PER_SECOND)

    moments = [arrival.at for arrival in log.arrivals[started:]]
    share = (len(moments) - 1) / (moments[-1] - moments[0]) / PER_SECOND
    assert {"2", "3"} == meanwhile
    assert "1" in {arrival.worker for arrival in log.arrivals[-2 * PER_SECOND :]}
    assert largest_burst(moments, 0.95 / PER_SECOND) <= 2  # clocks of four processes
    assert 0.9 <= share <= 1.01  # 0.95 and more on a machine that is not busy
