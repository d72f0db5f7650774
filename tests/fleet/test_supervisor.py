"""What becomes of workers that hang, with such as only seem to be processes; real ones: test_fleet.py."""

from __future__ import annotations

import socket
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refillspot.exit_status import COMPLETE, COULD_NOT_RUN
from refillspot.fleet import supervisor as supervisor_module
from refillspot.fleet.supervisor import MAX_FALSE_STARTS, Supervisor
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


class Failing(SomeWorker):
    """Cannot start, however often."""

    def start(self) -> None:
        super().start()
        self.exit_code = COULD_NOT_RUN


class Steady(SomeWorker):
    """Gets on until the other one has failed often enough for a fleet to give up."""

    def __init__(self, other: SomeWorker) -> None:
        super().__init__(wakes_up=False)
        self.other = other
        self.was_stopped = False

    @property
    def is_running(self) -> bool:
        if self.exit_code is None and self.other.starts > 2 * MAX_FALSE_STARTS:
            self.exit_code = COMPLETE
        return super().is_running

    def stop(self) -> None:
        self.was_stopped = True


def test_those_who_get_on_are_not_stopped_because_one_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLL_SECONDS", "FIRST_BACKOFF", "LONGEST_BACKOFF"):
        monkeypatch.setattr(supervisor_module, name, 0.0)
    failing: Any = Failing(wakes_up=False)
    steady: Any = Steady(failing)
    nobody = SilentWorkers(0, frozenset())
    supervisor = Supervisor(
        [steady, failing], lambda: steady.exit_code == COMPLETE, lambda: None, Watchdog(lambda: nobody, lease_seconds=1)
    )
    end = supervisor.run()

    assert (steady.was_stopped, end.gave_up) == (False, False)


def test_a_fleet_none_of_whose_workers_can_start_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLL_SECONDS", "FIRST_BACKOFF", "LONGEST_BACKOFF"):
        monkeypatch.setattr(supervisor_module, name, 0.0)
    failing: Any = [Failing(wakes_up=False), Failing(wakes_up=False)]
    nobody = SilentWorkers(0, frozenset())
    supervisor = Supervisor(failing, lambda: False, lambda: None, Watchdog(lambda: nobody, lease_seconds=1))

    assert supervisor.run().gave_up
