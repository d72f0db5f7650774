"""The control routes of time: `/_clock`, `/_truth?at=` and `/_changes`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from replica.clock import START, Clock, ClockError
from replica.day import build_day
from replica.json_answer import JSON_HEADERS, write_json
from replica.streaming import stream, write_object
from replica.timeline import Timeline
from replica.truth import tell_truth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import date

    from refillspot.regions import Region
    from replica.changes import Course
    from replica.day import Day
    from replica.shapes import Shapes
    from replica.store import Store

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DatedCity:
    """The city and its clock; `on_move` is called once both have moved to another day."""

    def __init__(  # noqa: PLR0913, PLR0917  # what the command line says
        self,
        seed: int,
        stores: Iterable[Store],
        cap: int,
        city: Region,
        shapes: Shapes,
        course: Course,
        on_move: Callable[[], None],
    ) -> None:
        self._city = city
        self._cap = cap
        self._clock = Clock()
        self._on_move = on_move
        self._moving = asyncio.Lock()
        self.day = build_day(Timeline(seed, stores, START.date(), shapes, course), cap, city)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/_clock", self._read_clock)
        router.add_post("/_clock", _refusing(self._move_clock))
        router.add_get("/_truth", _refusing(self._truth))
        router.add_get("/_changes", _refusing(self._changes))

    async def _read_clock(self, _request: web.Request) -> web.Response:
        stores = len(self.day.timeline.stores)
        return write_json({"synthetic": True, "now": self._clock.now.isoformat(), "stores": stores})

    async def _move_clock(self, request: web.Request) -> web.Response:
        """Live through the days beside the other requests; they see the old day until the new one is whole."""
        body = await request.read()
        async with self._moving:
            now = self._clock.read_move(body)
            if now.date() > self.day.timeline.today:
                self.day = await asyncio.to_thread(lambda: self._live_until(now.date()))
                self._on_move()
            self._clock.now = now
        return await self._read_clock(request)

    def _live_until(self, day: date) -> Day:
        return build_day(self.day.timeline.advance(day), self._cap, self._city)

    async def _truth(self, request: web.Request) -> web.StreamResponse:
        keywords = request.query.get("keywords")
        words = None if keywords is None else [word.strip() for word in keywords.split(",") if word.strip()]
        at = self._clock.read_past(request.query.get("at"), self._clock.now)
        stores = await asyncio.to_thread(self.day.timeline.stores_on, at.date())
        head = {"synthetic": True, "seed": self.day.timeline.seed, "at": at.isoformat()}
        truth = tell_truth(stores.values(), request.query.get("district"), words, self.day.timeline.shapes)
        return await stream(request, write_object(head, "stores", truth), JSON_HEADERS)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        after = self._clock.read_past(request.query.get("from"), START)
        until = self._clock.read_past(request.query.get("to"), self._clock.now)
        changes = self.day.timeline.tell_changes(after.date(), until.date())
        head = {"synthetic": True, "from": after.isoformat(), "to": until.isoformat()}
        return await stream(request, write_object(head, "changes", changes), JSON_HEADERS)


def _refusing(answer: Answer) -> Answer:
    """Return the answer's handler, with 400 and the reason for a time that cannot be."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except ClockError as error:
            return web.Response(status=400, text=f"{error}\n")

    return handle
