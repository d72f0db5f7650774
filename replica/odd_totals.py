"""`/_odd`: how often each part is odd, over all store pages and in what was answered so far."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from replica.json_answer import write_json
from replica.truth import tell_odd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replica.dated import DatedCity
    from replica.odd import Odd
    from replica.shapes import Shapes


class Totals:
    """Counts odd parts by path: the answers that have one, the parts, and what came instead."""

    def __init__(self) -> None:
        self._answers: Counter[str] = Counter()
        self._came: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, odd: Iterable[Odd]) -> None:
        """Count what is odd of one answer."""
        seen = set()
        for path, came in odd:
            self._came[path][came] += 1
            seen.add(path)
        self._answers.update(seen)

    def write(self) -> dict[str, Any]:
        return {
            path: {"answers": self._answers[path], "parts": came.total(), "came": came}
            for path, came in sorted(self._came.items())
        }


class OddRoutes:
    """`served` counts what was answered; an answer that a fault replaced is none."""

    def __init__(self, city: DatedCity, shapes: Shapes) -> None:
        self._city = city
        self._shapes = shapes
        self.served = Totals()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/_odd", self._read)
        app.router.add_delete("/_odd", self._clear)

    async def _read(self, _request: web.Request) -> web.Response:
        stores = tuple(self._city.day.timeline.stores.values())
        pages = await asyncio.to_thread(self._count, stores)
        shapes = {"shapes": self._shapes.name, "odd": self._shapes.odd}
        return write_json({"synthetic": True, **shapes, "pages": pages.write(), "served": self.served.write()})

    async def _clear(self, _request: web.Request) -> web.Response:
        self.served = Totals()
        return web.Response(status=204)

    def _count(self, stores: Iterable[Any]) -> Totals:
        totals = Totals()
        for store in stores:
            totals.add(tell_odd(store, self._shapes))
        return totals
