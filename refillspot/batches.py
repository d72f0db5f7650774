"""Many callers, one piece of work: what they want is collected and done together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


class Batches(Generic[T, R]):
    """Does `work` when there is enough for it, when the first has waited long enough, or when asked.

    One batch at a time; what arrives meanwhile is collected for the next, which does not come any sooner for that.
    Whoever added something gets the answer to it out of those that `work` returns, or what it raised.
    """

    def __init__(
        self, work: Callable[[list[T]], Awaitable[Sequence[R]]], *, largest: int, longest_seconds: float
    ) -> None:
        self._work = work
        self._largest = largest
        self._longest_seconds = longest_seconds
        self._pending: list[tuple[T, asyncio.Future[R]]] = []
        self._due = 0  # of the pending ones
        self._timer: asyncio.TimerHandle | None = None
        self._worker: asyncio.Task[None] | None = None
        self.waiting = 0
        """Added and not yet done, those of a batch under way included."""

    def add(self, wanted: T) -> asyncio.Future[R]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        answer.add_done_callback(self._settled)
        self._pending.append((wanted, answer))
        self.waiting += 1
        if len(self._pending) >= self._largest:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._longest_seconds, self.flush)
        return answer

    def flush(self) -> None:
        """Do now what is there; after the batch under way, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = len(self._pending)
        if self._due and (self._worker is None or self._worker.done()):
            self._worker = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        while size := min(self._due, self._largest):
            batch, self._pending = self._pending[:size], self._pending[size:]
            self._due -= size
            try:
                answers = await self._work([wanted for wanted, _ in batch])
            except Exception as error:  # noqa: BLE001  # it belongs to those who wait for it
                for _, answer in batch:
                    if not answer.done():  # whoever waited may have been cancelled
                        answer.set_exception(error)
            else:
                for (_, answer), result in zip(batch, answers, strict=True):
                    if not answer.done():
                        answer.set_result(result)

    def _settled(self, _: asyncio.Future[R]) -> None:
        self.waiting -= 1
