"""Long answers, written piece by piece between other requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


async def stream(request: web.Request, chunks: Iterable[bytes], headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the chunks as they come; other requests are served between any two."""
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for chunk in chunks:
        await response.write(chunk)
        await asyncio.sleep(0)  # a fast reader alone would never let go of the loop
    await response.write_eof()
    return response
