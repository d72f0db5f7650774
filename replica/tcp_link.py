"""One connection through the TCP proxy: two streams, each delayed, slowed or swallowed as the line says."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replica.tcp_reset import reset

if TYPE_CHECKING:
    from asyncio import Queue, StreamReader, StreamWriter

    Chunks = Queue[tuple[float, bytes]]
    Streams = tuple[StreamReader, StreamWriter]

CHUNK_BYTES = 65_536
QUEUED_CHUNKS = 16  # under way in one direction: at most 1 MiB
STEP_SECONDS = 0.05  # a wait looks this often whether the line has changed


@dataclass
class Line:
    """What happens to all that passes, and what has passed; may be changed at any time, from any thread."""

    delay: float = 0
    """Seconds, each way."""
    rate: float | None = None
    """Bytes per second, each way, of each connection."""
    silent: bool = False
    """Whether everything is swallowed."""
    connections: int = 0
    bytes_up: int = 0
    """To the upstream; swallowed bytes are not counted."""
    bytes_down: int = 0


class Link:
    """A client and its upstream; without an upstream the client talks to nobody."""

    def __init__(self, line: Line, client: Streams, upstream: Streams | None) -> None:
        self._line = line
        self._client = client
        self._upstream = upstream
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Carry until both sides have ended, one has failed, or `cut`."""
        self._task = asyncio.create_task(self._carry())
        await asyncio.wait([self._task])
        for writer in self._writers():
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def cut(self) -> None:
        """Reset both connections; what is under way is lost."""
        for writer in self._writers():
            reset(writer.transport)
        if self._task:
            self._task.cancel()

    def _writers(self) -> list[StreamWriter]:
        return [streams[1] for streams in (self._client, self._upstream) if streams]

    async def _carry(self) -> None:
        if not self._upstream:
            while await self._client[0].read(CHUNK_BYTES):
                pass
            return
        up, down = (asyncio.Queue[tuple[float, bytes]](QUEUED_CHUNKS) for _ in range(2))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_read(self._client[0], up))
                tasks.create_task(_read(self._upstream[0], down))
                tasks.create_task(self._write(up, self._upstream[1], is_up=True))
                tasks.create_task(self._write(down, self._client[1], is_up=False))
        except* OSError:
            self.cut()  # one side was reset: so is the other

    async def _write(self, chunks: Chunks, sink: StreamWriter, *, is_up: bool) -> None:
        while True:
            arrived, chunk = await chunks.get()
            while (left := arrived + self._line.delay - time.monotonic()) > 0:  # noqa: ASYNC110  # a delay can change
                await asyncio.sleep(min(left, STEP_SECONDS))
            if not chunk:
                break
            await self._write_chunk(chunk, sink, is_up=is_up)
        if sink.can_write_eof() and not self._line.silent:
            sink.write_eof()

    async def _write_chunk(self, chunk: bytes, sink: StreamWriter, *, is_up: bool) -> None:
        rest = memoryview(chunk)
        while rest and not self._line.silent:
            rate = self._line.rate
            part = rest[: max(1, int(rate * STEP_SECONDS))] if rate else rest
            self._count(len(part), is_up=is_up)
            sink.write(part)
            await sink.drain()
            rest = rest[len(part) :]
            if rate:
                await asyncio.sleep(len(part) / rate)

    def _count(self, size: int, *, is_up: bool) -> None:
        if is_up:
            self._line.bytes_up += size
        else:
            self._line.bytes_down += size


async def _read(source: StreamReader, chunks: Chunks) -> None:
    chunk = b"first"
    while chunk:
        chunk = await source.read(CHUNK_BYTES)
        await chunks.put((time.monotonic(), chunk))
