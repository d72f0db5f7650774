"""Who hangs, and who only seems to: out of made-up looks at Redis."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from refillspot.fleet.watch import LONGEST_GAP, LONGEST_PATIENCE, SETTLE_SECONDS, Watchdog
from refillspot.frontier.queue import name_worker, pid_here
from refillspot.operations.progress import SilentWorkers

if TYPE_CHECKING:
    from collections.abc import Iterable

LEASE = 30.0
MINE, OTHER = 41, 42
HUNG = f"{socket.gethostname()}-{MINE}-abc123"
ELSEWHERE = f"another-machine-{MINE}-abc123"


class Looks:
    """A watchdog, and what it is shown."""

    def __init__(self) -> None:
        self.shown: SilentWorkers | None = None
        self.watchdog = Watchdog(lambda: self.shown, LEASE)

    def at(self, second: float, *silent: str, pids: Iterable[int] = (MINE, OTHER)) -> set[int]:
        self.shown = SilentWorkers(1000.0 + second, frozenset(silent))
        return self.watchdog.hung(list(pids))

    def through(self, seconds: Iterable[float], *silent: str) -> set[int]:
        """Look again and again; return who hung at any time."""
        return set().union(*(self.at(second, *silent) for second in seconds))

    def while_redis_is_away(self) -> set[int]:
        self.shown = None
        return self.watchdog.hung([MINE, OTHER])


def test_a_name_tells_its_process_on_this_machine_alone() -> None:
    import os  # noqa: PLC0415  # its own pid is what is asked for

    assert pid_here(name_worker()) == os.getpid()
    assert pid_here(HUNG) == MINE
    assert [pid_here(name) for name in (ELSEWHERE, "", "x", f"{socket.gethostname()}-²-a", "a-b-c")] == [None] * 5


def test_who_stays_silent_hangs() -> None:
    looks = Looks()

    assert looks.through(range(int(LONGEST_PATIENCE)), HUNG) == set()
    assert looks.at(LONGEST_PATIENCE, HUNG) == {MINE}


def test_who_speaks_again_does_not() -> None:
    looks = Looks()
    looks.through(range(4), HUNG)
    looks.at(4)

    assert looks.through(range(5, 9), HUNG) == set()


def test_nobody_hangs_while_redis_is_away_nor_before_all_had_the_time_to_say_so() -> None:
    looks = Looks()
    looks.through(range(4), HUNG)

    assert looks.while_redis_is_away() == set()
    settled = 5 + max(LEASE, SETTLE_SECONDS)
    assert looks.through(range(5, int(settled + LONGEST_PATIENCE)), HUNG) == set()
    assert looks.at(settled + LONGEST_PATIENCE, HUNG) == {MINE}


def test_a_machine_that_was_suspended_is_no_worker_that_hangs() -> None:
    looks = Looks()
    looks.at(0)

    assert looks.through(range(int(LONGEST_GAP) + 1, 40), HUNG) == set()


def test_nor_is_a_clock_that_was_set_back() -> None:
    looks = Looks()
    looks.at(0)

    assert looks.through(range(-500, -470), HUNG) == set()


def test_workers_of_others_are_theirs() -> None:
    looks = Looks()

    assert looks.through(range(20), ELSEWHERE, f"{socket.gethostname()}-7-abc123") == set()


def test_a_process_is_not_taken_for_a_dead_one_that_had_its_pid() -> None:
    looks = Looks()
    looks.at(0, HUNG, pids=[OTHER])

    assert looks.through(range(1, 20), HUNG) == set()
