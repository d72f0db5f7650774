"""For how long an event loop does one thing, while whatever else has to wait."""

from __future__ import annotations

import asyncio
from time import thread_time

TICK = 0.002  # seconds between two looks; no shorter hold is seen


class HeldLoop:
    """Looks, from now on, in CPU time: what other programs take of the machine does not count."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._looking = asyncio.create_task(self._look())

    async def longest_ms(self) -> float:
        self._looking.cancel()
        await asyncio.wait([self._looking])
        return self._longest * 1000

    async def _look(self) -> None:
        while True:
            before = thread_time()
            await asyncio.sleep(TICK)
            self._longest = max(self._longest, thread_time() - before)
