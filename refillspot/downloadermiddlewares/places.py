"""So many at a time, where the number may change."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Places:
    """A semaphore that asks for its limit each time. First come, first served; a larger limit is seen at a release."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self) -> None:
        if self._taken < self._limit() and not self._waiting:
            self._taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        self._taken -= 1
        while self._waiting and self._taken < self._limit():
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)
