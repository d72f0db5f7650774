"""When this process did nothing, suspended or too busy: what took long then says nothing about the site."""

from __future__ import annotations

import asyncio
import math
import time

from refillspot.process import lateness

TICK_SECONDS = 0.25
LEAST_SECONDS = 0.1  # later than that is a stall


class Stalls:
    def __init__(self) -> None:
        self._last = 0.0
        self._ticked_at = math.inf
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        self._task = asyncio.create_task(self._tick(), name="stalls")

    def end(self) -> None:
        if self._task:
            self._task.cancel()

    def since(self, moment: float) -> bool:
        """Tell whether there was one since then, on `time.monotonic`; one that goes on is seen at its next tick."""
        return self._last >= moment or time.monotonic() > self._ticked_at + TICK_SECONDS + LEAST_SECONDS

    async def _tick(self) -> None:
        while True:
            self._ticked_at = time.monotonic()
            if await lateness(TICK_SECONDS) > LEAST_SECONDS:
                self._last = time.monotonic()
