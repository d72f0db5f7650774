from __future__ import annotations

import asyncio
from time import monotonic

import psutil

from refillspot.process import lateness, own_mib, resident_mib

BUSY_SECONDS = 0.05


def busy() -> None:
    until = monotonic() + BUSY_SECONDS
    while monotonic() < until:
        pass


def test_a_loop_that_does_something_long_is_late_by_that() -> None:
    async def look() -> float:
        asyncio.get_running_loop().call_soon(busy)
        return await lateness(0)

    assert asyncio.run(look()) >= BUSY_SECONDS


def test_what_a_process_uses_is_told_in_mib() -> None:
    this = psutil.Process()

    assert own_mib(this) > 0
    assert 1 < resident_mib(this) < psutil.virtual_memory().total / 2**20
