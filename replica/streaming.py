"""Long answers, written piece by piece between other requests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

HOLD_SECONDS = 0.005  # how long one answer is written before the others have their turn
LINES = 100  # encoded at once


async def stream(request: web.Request, pieces: Iterable[bytes], headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the pieces as they come; each of them must be short work, an empty one is a chance to let others by."""
    if request.method == "HEAD":
        return web.Response(headers=headers)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    ready: list[bytes] = []
    until = time.monotonic() + HOLD_SECONDS
    for piece in pieces:
        ready.append(piece)
        if time.monotonic() >= until:
            await response.write(b"".join(ready))
            await asyncio.sleep(0)  # a fast reader alone would never let go of the loop
            ready.clear()
            until = time.monotonic() + HOLD_SECONDS
    await response.write_eof(b"".join(ready))
    return response


def write_object(head: Mapping[str, Any], field: str, items: Iterable[Any]) -> Iterator[bytes]:
    """Yield, in pieces, a JSON object: the entries of `head`, which is not empty, then `field` with a list."""
    yield msgspec.json.encode(head)[:-1] + b"," + msgspec.json.encode(field) + b":["
    for number, item in enumerate(items):
        yield b"," * (number > 0) + msgspec.json.encode(item)
    yield b"]}"


def write_lines(values: Sequence[Any], is_wanted: Callable[[Any], bool] = lambda _: True) -> Iterator[bytes]:
    """Yield, in pieces, a line of JSON for each value that is wanted."""
    encoder = msgspec.json.Encoder()
    for first in range(0, len(values), LINES):
        yield encoder.encode_lines(list(filter(is_wanted, values[first : first + LINES])))
