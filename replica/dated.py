"""The control routes of time: `/_clock`, `/_truth?at=` and `/_changes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from replica.clock import START, Clock, ClockError
from replica.streaming import stream
from replica.timeline import Timeline
from replica.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from replica.store import Store

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON = {"Content-Type": "application/json; charset=utf-8"}


class DatedCity:
    """The city and its clock; `on_move` is called once both have moved."""

    def __init__(self, seed: int, stores: Iterable[Store], on_move: Callable[[Timeline], None]) -> None:
        self._seed = seed
        self._clock = Clock()
        self._on_move = on_move
        self.timeline = Timeline(seed, stores, START.date())

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/_clock", self._read_clock)
        router.add_post("/_clock", _refusing(self._move_clock))
        router.add_get("/_truth", _refusing(self._truth))
        router.add_get("/_changes", _refusing(self._changes))

    async def _read_clock(self, _request: web.Request) -> web.Response:
        return _json({"synthetic": True, "now": self._clock.now.isoformat(), "stores": len(self.timeline.stores)})

    async def _move_clock(self, request: web.Request) -> web.Response:
        self._clock.move(await request.read())
        if self._clock.now.date() > self.timeline.today:
            self.timeline.advance(self._clock.now.date())
            self._on_move(self.timeline)
        return await self._read_clock(request)

    async def _truth(self, request: web.Request) -> web.StreamResponse:
        keywords = request.query.get("keywords")
        words = None if keywords is None else [word.strip() for word in keywords.split(",") if word.strip()]
        at = self._clock.read_past(request.query.get("at"), self._clock.now)
        stores = self.timeline.stores_on(at.date()).values()
        truth = write_truth(self._seed, stores, request.query.get("district"), words, at.isoformat())
        return await stream(request, truth, JSON)

    async def _changes(self, request: web.Request) -> web.Response:
        after = self._clock.read_past(request.query.get("from"), START)
        until = self._clock.read_past(request.query.get("to"), self._clock.now)
        changes = self.timeline.write_changes(after.date(), until.date())
        return _json({"synthetic": True, "from": after.isoformat(), "to": until.isoformat(), "changes": changes})


def _refusing(answer: Answer) -> Answer:
    """Return the answer's handler, with 400 and the reason for a time that cannot be."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except ClockError as error:
            return web.Response(status=400, text=f"{error}\n")

    return handle


def _json(answer: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json", charset="utf-8")
