"""Many waiters, one transaction: rows are collected and committed together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Collects rows and commits them when there are enough, when the first has waited long enough, or when asked.

    One commit at a time; what arrives meanwhile goes into the next. Whoever added a row is told when that row is
    committed, so nothing is counted as stored before it is.
    """

    def __init__(self, commit: Callable[[list[T]], Awaitable[None]], *, max_rows: int, max_seconds: float) -> None:
        self._commit = commit
        self._max_rows = max_rows
        self._max_seconds = max_seconds
        self._pending: list[tuple[T, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._committer: asyncio.Task[None] | None = None
        self.waiting = 0
        """Rows added and not yet committed, those of a commit under way included."""

    def add(self, row: T) -> asyncio.Future[None]:
        """Take `row`; the future is done when it is committed, and raises what its commit raised."""
        loop = asyncio.get_running_loop()
        committed: asyncio.Future[None] = loop.create_future()
        committed.add_done_callback(self._settled)
        self._pending.append((row, committed))
        self.waiting += 1
        if len(self._pending) >= self._max_rows:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_seconds, self.flush)
        return committed

    def flush(self) -> None:
        """Commit now what is there; after the commit under way, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending and (self._committer is None or self._committer.done()):
            self._committer = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[: self._max_rows], self._pending[self._max_rows :]
            try:
                await self._commit([row for row, _ in batch])
            except Exception as error:  # noqa: BLE001  # it belongs to those who wait for these rows
                for _, committed in batch:
                    if not committed.done():
                        committed.set_exception(error)
            else:
                for _, committed in batch:
                    if not committed.done():
                        committed.set_result(None)

    def _settled(self, _: asyncio.Future[None]) -> None:
        self.waiting -= 1
