"""What becomes of workers that hang, with such as only seem to be processes; real ones: test_fleet.py."""

from __future__ import annotations

import socket
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refillspot.fleet.supervisor import Supervisor
from refillspot.fleet.watch import Watchdog
from refillspot.interruption import INTERRUPTED
from refillspot.operations.progress import SilentWorkers

if TYPE_CHECKING:
    import pytest

PIDS = count(100)
KILLED = -9


class SomeWorker:
    """Hangs the first time that it is started; then its crawl is over at once. It may wake up when it is asked to."""

    number, log, last_words, seconds_alive = 1, Path("worker.log"), "", 0.0

    def __init__(self, *, wakes_up: bool) -> None:
        self.wakes_up = wakes_up
        self.starts = 0
        self.pid: int | None = None
        self.exit_code: int | None = None

    @property
    def is_running(self) -> bool:
        return self.starts > 0 and self.exit_code is None

    def start(self) -> None:
        self.starts += 1
        self.pid = next(PIDS)
        self.exit_code = None if self.starts == 1 else 0

    def stop(self) -> None:
        if self.wakes_up and self.is_running:
            self.exit_code = INTERRUPTED

    def kill(self) -> None:
        if self.is_running:
            self.exit_code = KILLED


def supervise(worker: SomeWorker) -> Supervisor:
    seconds = count(1000)  # each look is a second later

    def look() -> SilentWorkers:
        return SilentWorkers(next(seconds), frozenset({f"{socket.gethostname()}-{worker.pid}-abc123"}))

    some: Any = worker
    supervisor = Supervisor([some], lambda: worker.starts > 1, lambda: None, Watchdog(look, lease_seconds=0.5))
    supervisor.run()
    return supervisor


def test_who_does_not_listen_is_killed_and_another_starts(caplog: pytest.LogCaptureFixture) -> None:
    worker = SomeWorker(wakes_up=False)
    supervisor = supervise(worker)

    assert (worker.starts, supervisor.end.restarts, supervisor.end.gave_up) == (2, 1, False)
    assert "worker 1 hangs, without a sign of life beyond its lease" in caplog.text


def test_who_wakes_up_ends_by_itself_and_another_starts(caplog: pytest.LogCaptureFixture) -> None:
    worker = SomeWorker(wakes_up=True)
    supervisor = supervise(worker)

    assert (worker.starts, supervisor.end.restarts, supervisor.end.gave_up) == (2, 1, False)
    assert "hangs" not in caplog.text
