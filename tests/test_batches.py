from __future__ import annotations

import asyncio

import pytest

from refillspot.batches import Batches

NEVER = 3600.0  # seconds: a timer that no test waits for


class Ledger:
    """Commits into memory; can be held up, and can fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def commit(self, rows: list[int]) -> list[int]:
        await self.open.wait()
        if self.error:
            raise self.error
        self.batches.append(rows)
        return [10 * row for row in rows]


def test_a_full_group_is_committed_at_once() -> None:
    async def scenario() -> list[list[int]]:
        ledger = Ledger()
        group = Batches(ledger.commit, largest=3, longest_seconds=NEVER)
        await asyncio.gather(*(group.add(row) for row in range(3)))
        return ledger.batches

    assert asyncio.run(scenario()) == [[0, 1, 2]]


def test_a_lone_row_is_committed_when_its_time_is_up() -> None:
    async def scenario() -> list[list[int]]:
        ledger = Ledger()
        await Batches(ledger.commit, largest=100, longest_seconds=0.01).add(7)
        return ledger.batches

    assert asyncio.run(scenario()) == [[7]]


def test_a_flush_does_not_wait_for_the_time() -> None:
    async def scenario() -> list[list[int]]:
        ledger = Ledger()
        group = Batches(ledger.commit, largest=100, longest_seconds=NEVER)
        committed = group.add(7)
        group.flush()
        await committed
        return ledger.batches

    assert asyncio.run(scenario()) == [[7]]


def test_everybody_gets_the_answer_to_what_they_wanted() -> None:
    async def scenario() -> list[int]:
        group = Batches(Ledger().commit, largest=2, longest_seconds=0.01)
        return await asyncio.gather(*(group.add(row) for row in range(5)))

    assert asyncio.run(scenario()) == [0, 10, 20, 30, 40]


def test_what_arrives_during_a_commit_goes_into_the_next() -> None:
    async def scenario() -> tuple[list[list[int]], list[int]]:
        ledger = Ledger()
        ledger.open.clear()
        group = Batches(ledger.commit, largest=2, longest_seconds=NEVER)
        committed = [group.add(row) for row in range(5)]
        group.flush()
        await asyncio.sleep(0)
        waiting = [group.waiting]
        ledger.open.set()
        await asyncio.gather(*committed)
        await asyncio.sleep(0)
        return ledger.batches, [*waiting, group.waiting]

    batches, waiting = asyncio.run(scenario())

    assert batches == [[0, 1], [2, 3], [4]]
    assert waiting == [5, 0]


def test_a_failed_commit_is_told_to_those_it_concerns() -> None:
    async def scenario() -> list[list[int]]:
        ledger = Ledger()
        group = Batches(ledger.commit, largest=2, longest_seconds=NEVER)
        ledger.error = OSError("disk full")
        lost = [group.add(1), group.add(2)]
        for future in lost:
            with pytest.raises(OSError, match="disk full"):
                await future
        ledger.error = None
        await asyncio.gather(group.add(3), group.add(4))
        return ledger.batches

    assert asyncio.run(scenario()) == [[3, 4]]


def test_what_arrives_during_a_batch_waits_for_its_own_time() -> None:
    async def scenario() -> list[list[int]]:
        ledger = Ledger()
        ledger.open.clear()
        group = Batches(ledger.commit, largest=100, longest_seconds=0.05)
        first = group.add(1)
        group.flush()
        await asyncio.sleep(0)
        others = [group.add(2)]
        ledger.open.set()
        await first
        others.append(group.add(3))
        await asyncio.gather(*others)
        return ledger.batches

    assert asyncio.run(scenario()) == [[1], [2, 3]]


def test_who_is_cancelled_harms_no_other() -> None:
    async def scenario() -> int:
        group = Batches(Ledger().commit, largest=100, longest_seconds=NEVER)
        cancelled, answer = group.add(1), group.add(2)
        cancelled.cancel()
        group.flush()
        return await answer

    assert asyncio.run(scenario()) == 20
