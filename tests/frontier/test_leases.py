from __future__ import annotations

import pytest

from refillspot.frontier.leases import SUSPECT_ATTEMPTS, Leases, Limits, Prefetch
from refillspot.frontier.queue import Entry, Key

LIMITS = Limits(lease_seconds=30, prefetch=8, max_in_hand=3, max_attempts=5)


def entry(name: int, attempts: int = 0) -> Entry:
    return Entry(Key(0, f"{name}-0"), b"", attempts)


def over(leases: Leases, *entries: Entry) -> None:
    """These requests are through, and Redis knows."""
    leases.in_hand -= len(entries)
    leases.held -= {entry.key for entry in entries}
    leases.all_told()


def test_no_more_is_given_than_may_be_in_hand() -> None:
    leases = Leases(LIMITS)
    leases.receive(map(entry, range(5)))

    assert [given.key.id for given in (leases.give(), leases.give(), leases.give()) if given] == ["0-0", "1-0", "2-0"]
    assert leases.give() is None
    over(leases, entry(0))
    assert leases.give() == entry(3)


def test_more_is_leased_only_when_half_is_used() -> None:
    leases = Leases(LIMITS)

    assert leases.room == 8
    leases.receive(map(entry, range(5)))
    assert leases.room == 0
    leases.give()
    assert leases.room == 4


def test_a_suspect_runs_when_nothing_else_does_and_after_its_start_was_told() -> None:
    leases = Leases(LIMITS)
    suspect, innocent = entry(1, SUSPECT_ATTEMPTS), entry(2, SUSPECT_ATTEMPTS - 1)
    leases.receive([suspect, innocent])

    assert leases.room == 0
    assert leases.choose_suspect() is None
    assert leases.give() == innocent
    assert leases.choose_suspect() is None
    over(leases, innocent)
    assert leases.choose_suspect() == suspect
    assert leases.give() is None  # not told yet
    leases.all_told()
    assert leases.give() == suspect
    assert leases.is_alone(suspect.key)
    assert leases.room == 0
    over(leases, suspect)
    assert leases.room == LIMITS.prefetch


def test_suspects_run_one_after_the_other() -> None:
    leases = Leases(LIMITS)
    first, second = entry(1, SUSPECT_ATTEMPTS), entry(2, SUSPECT_ATTEMPTS)
    leases.receive([first, second])

    leases.choose_suspect()
    leases.all_told()
    assert leases.give() == first
    assert leases.choose_suspect() is None
    over(leases, first)
    assert leases.choose_suspect() == second


def test_what_others_have_now_is_not_given_out() -> None:
    leases = Leases(LIMITS)
    leases.receive([entry(1), entry(2), entry(3, SUSPECT_ATTEMPTS), entry(4, SUSPECT_ATTEMPTS)])
    in_hand = leases.give()
    leases.drop({entry(1).key, entry(2).key, entry(3).key})

    assert in_hand == entry(1)
    assert leases.waiting == [entry(4, SUSPECT_ATTEMPTS)]
    assert leases.held == {entry(4).key}


def test_a_suspect_that_others_have_now_blocks_nothing() -> None:
    leases = Leases(LIMITS)
    suspect = entry(1, SUSPECT_ATTEMPTS)
    leases.receive([suspect])
    leases.choose_suspect()
    leases.drop({suspect.key})

    assert leases.waiting == []
    assert leases.room == LIMITS.prefetch


def steadily(prefetch: Prefetch, per_second: float, seconds: float, step: float = 0.02, begin: float = 0.0) -> int:
    """So many requests a second, looked at each `step` seconds; what was found last."""
    found = 0
    for number in range(round(seconds / step)):
        found = prefetch.note(round(per_second * step), begin + number * step)
    return found


def test_a_steady_pace_is_found() -> None:
    assert steadily(Prefetch(0.25), 400, 5) == pytest.approx(100, rel=0.1)


def test_an_old_pace_is_forgotten() -> None:
    prefetch = Prefetch(0.25)
    steadily(prefetch, 400, 5)

    assert prefetch.note(0, 10.0) <= 1


def test_a_pause_does_not_make_the_next_request_a_rush() -> None:
    prefetch = Prefetch(0.25)

    assert prefetch.note(1, 1000.0) == 1
    assert prefetch.note(1, 2000.0) <= 2


def test_without_a_time_there_is_no_prefetch() -> None:
    assert steadily(Prefetch(0.0), 400, 1) == 0
