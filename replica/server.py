"""The HTTP side: routes and glue."""

from __future__ import annotations

import asyncio
import sys
from math import inf
from typing import TYPE_CHECKING

from aiohttp import web

from replica.bounded_cache import BoundedCache
from replica.changes import USUAL
from replica.dated import DatedCity
from replica.fault_control import Faults
from replica.json_answer import JSON_HEADERS
from replica.kakao import KakaoRoutes
from replica.odd_totals import OddRoutes
from replica.page_routes import PageRoutes
from replica.profile import Written, write_page
from replica.query import parse_form
from replica.shapes import MIXED
from replica.streaming import stream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from refillspot.regions import Region
    from replica.changes import Course
    from replica.request_log import Entry, RequestLog
    from replica.shapes import Shapes
    from replica.store import Store

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]

CACHED_BYTES = 32 * 2**20  # of lists, and as many of store pages


class Site:
    """The routes. `cap`: rows that one query can show. `latency` delays every answer of a site, in seconds.

    `prerender`: every store page is written before the first request, and kept.
    """

    def __init__(  # noqa: PLR0913  # what the command line says
        self,
        seed: int,
        stores: Iterable[Store],
        log: RequestLog,
        *,
        cap: int,
        latency: float,
        robots_im: str,
        city: Region,
        shapes: Shapes = MIXED,
        course: Course = USUAL,
        prerender: bool = False,
    ) -> None:
        self._lists = BoundedCache[Written](self._write_list, CACHED_BYTES, _weigh)
        self._profiles = BoundedCache[Written](self._write_profile, inf if prerender else CACHED_BYTES, _weigh)
        self._city = DatedCity(seed, stores, cap, city, shapes, course, self._forget)
        self._shapes = shapes
        self._odd = OddRoutes(self._city, shapes)
        self._robots_im = robots_im
        self._log = log
        self._latency = latency
        self.faults = Faults(lambda body, is_get: self._lists(body, is_get).body, city)
        if prerender:
            for ref in self._city.day.timeline.stores:
                self._profiles(ref)

    def app(self) -> web.Application:
        app = web.Application()
        for path, kind, answer in (("/API/isearch/", "list", self._list), ("/API/profile/", "store", self._store)):
            for method in ("GET", "POST"):
                app.router.add_route(method, path, self._logged(kind, answer))
        PageRoutes(self._city, self._shapes, self._robots_im).add_to(app, self._logged)
        KakaoRoutes(self._city).add_to(app, self._logged)
        self._city.add_routes(app.router)
        self._odd.add_to(app)
        app.router.add_get("/_log", self._read_log)
        app.router.add_delete("/_log", self._clear_log)
        self.faults.add_routes(app.router)
        app.router.add_route("*", "/{path:(?!_).*}", self._logged("unknown", _miss))
        return app

    def _forget(self) -> None:
        """Show another day: what was written for the last one is stale."""
        self._lists.cache_clear()
        self._profiles.cache_clear()

    def _write_list(self, body: str, is_get: bool) -> Written:  # noqa: FBT001  # a key of the cache
        listing = self._city.day.listing
        found = listing.find(parse_form(body), is_get=is_get)
        return Written(listing.write(found), found.odd)

    def _write_profile(self, ref: str) -> Written:
        timeline = self._city.day.timeline
        return write_page(timeline.stores.get(ref), timeline.today, self._shapes, timeline.course.poorer)

    def _logged(self, kind: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            user_agent = request.headers.get("User-Agent", "")
            with self._log.record(request.method, request.path, kind, user_agent) as entry:
                sent = await self.faults.answer(request, entry, self._delay(answer(request, entry)))
                if not entry.fault:
                    self._odd.served.add(request.get("odd", ()))
                return sent

        return handle

    async def _delay(self, due: Awaitable[web.Response]) -> web.Response:
        answer = await due
        await asyncio.sleep(self._latency)
        return answer

    async def _list(self, request: web.Request, entry: Entry) -> web.Response:
        body = await _read_form(request)
        form = parse_form(body)
        entry.ask(" ".join(form[field] for field in ("query", "keyword", "addr") if form.get(field)))
        return _send(request, self._lists(body, request.method == "GET"))

    async def _store(self, request: web.Request, entry: Entry) -> web.Response:
        ref = parse_form(await _read_form(request)).get("v_rid", "")
        entry.ask(ref)
        return _send(request, self._profiles(ref))

    async def _read_log(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        try:
            cut = int(asked.get("since", 0)), float(asked.get("from", -inf)), float(asked.get("to", inf))
        except ValueError as error:
            return web.Response(status=400, text=f"since, from and to are numbers: {error}\n")
        headers = {"Content-Type": "application/x-ndjson; charset=utf-8", "X-Log-Dropped": str(self._log.dropped)}
        return await stream(request, self._log.write(*cut), headers)

    async def _clear_log(self, _request: web.Request) -> web.Response:
        self._log.clear()
        return web.Response(status=204)


async def _read_form(request: web.Request) -> str:
    return request.rel_url.raw_query_string if request.method == "GET" else (await request.read()).decode("latin-1")


async def _miss(_request: web.Request, _entry: Entry) -> web.Response:
    return web.Response(status=404, text="404: Not Found")


def _send(request: web.Request, written: Written) -> web.Response:
    request["odd"] = written.odd
    return web.Response(body=written.body, headers=JSON_HEADERS)


def _weigh(written: Written, *asked: object) -> int:
    return sum(map(sys.getsizeof, (written.body, written.odd, *asked)))
