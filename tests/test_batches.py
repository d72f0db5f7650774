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


async def test_a_full_group_is_committed_at_once() -> None:
    ledger = Ledger()
    group = Batches(ledger.commit, largest=3, longest_seconds=NEVER)
    await asyncio.gather(*(group.add(row) for row in range(3)))

    assert ledger.batches == [[0, 1, 2]]


async def test_a_lone_row_is_committed_when_its_time_is_up() -> None:
    ledger = Ledger()
    await Batches(ledger.commit, largest=100, longest_seconds=0.01).add(7)

    assert ledger.batches == [[7]]


async def test_a_flush_does_not_wait_for_the_time() -> None:
    ledger = Ledger()
    group = Batches(ledger.commit, largest=100, longest_seconds=NEVER)
    committed = group.add(7)
    group.flush()
    await committed

    assert ledger.batches == [[7]]


async def test_everybody_gets_the_answer_to_what_they_wanted() -> None:
    group = Batches(Ledger().commit, largest=2, longest_seconds=0.01)

    assert await asyncio.gather(*(group.add(row) for row in range(5))) == [0, 10, 20, 30, 40]


async def test_what_arrives_during_a_commit_goes_into_the_next() -> None:
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

    assert ledger.batches == [[0, 1], [2, 3], [4]]
    assert [*waiting, group.waiting] == [5, 0]


async def test_a_failed_commit_is_told_to_those_it_concerns() -> None:
    ledger = Ledger()
    group = Batches(ledger.commit, largest=2, longest_seconds=NEVER)
    ledger.error = OSError("disk full")
    lost = [group.add(1), group.add(2)]
    for future in lost:
        with pytest.raises(OSError, match="disk full"):
            await future
    ledger.error = None
    await asyncio.gather(group.add(3), group.add(4))

    assert ledger.batches == [[3, 4]]


async def test_what_arrives_during_a_batch_waits_for_its_own_time() -> None:
    ledger = Ledger()
    ledger.open.clear()
    group = Batches(ledger.commit, largest=100, longest_seconds=0.5)
    first = group.add(1)
    group.flush()
    await asyncio.sleep(0)
    others = [group.add(2)]
    ledger.open.set()
    await first
    others.append(group.add(3))
    await asyncio.gather(*others)

    assert ledger.batches == [[1], [2, 3]]


async def test_who_is_cancelled_harms_no_other() -> None:
    group = Batches(Ledger().commit, largest=100, longest_seconds=NEVER)
    cancelled, answer = group.add(1), group.add(2)
    cancelled.cancel()
    group.flush()

    assert await answer == 20
