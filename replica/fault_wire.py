"""Faults of how it is sent: late, slowly, too much, or not at all."""

from __future__ import annotations

import asyncio
import sys
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import brotli  # type: ignore[import-untyped]
from aiohttp import web
from msgspec import Meta

from replica.fault_answers import JSON, read_body
from replica.faults import Fault, Seconds
from replica.tcp_reset import reset

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from replica.faults import Asked

    Packer = tuple[Callable[[bytes], bytes], Callable[[], bytes]]  # takes a part, ends

Encoding = Literal["gzip", "br", "zstd"]
Megabytes = Annotated[int, Meta(ge=1, le=1024)]
MEGABYTE = 1_000_000
DRIPS_PER_SECOND = 20  # at most; faster ones send more than one byte each
HUGE_START, HUGE_END = b'{"result_code":"100","result_msg":"', b'"}'  # JSON, so that only the size is wrong
POLL_SECONDS = 0.005


class Delay(Fault, tag="delay"):
    """The answer that was due, `seconds` later."""

    seconds: Seconds

    async def answer(self, asked: Asked) -> web.Response:
        await asyncio.sleep(self.seconds)
        return asked.due


class Drip(Fault, tag="drip"):
    """The answer that was due, a few bytes at a time."""

    bytes_per_second: Annotated[int, Meta(ge=1, le=MEGABYTE)]

    async def answer(self, asked: Asked) -> web.StreamResponse:
        body = read_body(asked.due)
        return await _stream(asked, self._drips(body), like=asked.due, length=len(body))

    async def _drips(self, body: bytes) -> AsyncIterator[bytes]:
        size = max(1, self.bytes_per_second // DRIPS_PER_SECOND)
        for start in range(0, len(body), size):
            yield body[start : start + size]
            await asyncio.sleep(size / self.bytes_per_second)


class Reset(Fault, tag="reset"):
    """The connection is reset (RST), which the client sees as ECONNRESET."""

    after: Annotated[int, Meta(ge=0)] | None = None
    """None = before any answer; else the headers are sent and so many bytes of the body, but never all of it."""

    async def answer(self, asked: Asked) -> web.StreamResponse:
        if self.after is None:
            _reset(asked.request)
            return web.Response()  # goes nowhere
        body = read_body(asked.due)
        return await _stream(asked, self._begin(asked.request, body), like=asked.due, length=len(body))

    async def _begin(self, request: web.Request, body: bytes) -> AsyncIterator[bytes]:
        """Yield the first bytes, and reset when they are under way: a reset drops what still waits to be sent."""
        yield body[: min(self.after or 0, len(body) - 1)]
        while request.transport and request.transport.get_write_buffer_size():  # noqa: ASYNC110  # tells nobody
            await asyncio.sleep(POLL_SECONDS)
        _reset(request)


class Huge(Fault, tag="huge"):
    """A JSON body of `megabytes` × 1,000,000 bytes; `announced` = with a Content-Length."""

    megabytes: Megabytes
    announced: bool = True

    async def answer(self, asked: Asked) -> web.StreamResponse:
        length = self.megabytes * MEGABYTE if self.announced else None
        return await _stream(asked, self._parts(), like=web.Response(content_type=JSON), length=length)

    async def _parts(self) -> AsyncIterator[bytes]:
        part = b" " * (MEGABYTE // 10)
        yield HUGE_START + part[len(HUGE_START) :]
        for _ in range(self.megabytes * 10 - 2):
            yield part
        yield part[len(HUGE_END) :] + HUGE_END


class Bomb(Fault, tag="bomb"):
    """A small body under `Content-Encoding` that unpacks to `megabytes` × 1,000,000 bytes.

    It is sent whatever the request accepts.
    """

    encoding: Encoding = "gzip"
    megabytes: Megabytes = 100

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        body = await asyncio.to_thread(_pack, self.encoding, self.megabytes)
        return web.Response(body=body, content_type=JSON, headers={"Content-Encoding": self.encoding})


WireFault = Delay | Drip | Reset | Huge | Bomb


@lru_cache(maxsize=8)
def _pack(encoding: Encoding, megabytes: int) -> bytes:
    pack, finish = PACKERS[encoding]()
    parts = [pack(HUGE_START), *(pack(b" " * MEGABYTE) for _ in range(megabytes)), pack(HUGE_END)]
    return b"".join([*parts, finish()])


def _gzip() -> Packer:
    packer = zlib.compressobj(wbits=31)
    return packer.compress, packer.flush


def _brotli() -> Packer:
    packer = brotli.Compressor(quality=5)
    return packer.process, packer.finish


def _zstd() -> Packer:
    packer = zstd.ZstdCompressor()
    return packer.compress, packer.flush


PACKERS: dict[Encoding, Callable[[], Packer]] = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}


def _reset(request: web.Request) -> None:
    if request.transport:  # it is still there
        reset(request.transport)


async def _stream(
    asked: Asked, parts: AsyncIterator[bytes], *, like: web.Response, length: int | None
) -> web.StreamResponse:
    """Send a body in parts, under the status and headers of another answer; `length` None = chunked."""
    response = web.StreamResponse(status=like.status, headers=like.headers)
    response.content_length = length
    await response.prepare(asked.request)
    try:
        async for part in parts:
            if asked.request.method != "HEAD":
                await response.write(part)
    except ConnectionError:  # the client had enough, as it should; what was sent is still logged
        pass
    return response
