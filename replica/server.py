"""The HTTP side: routes and glue."""

from __future__ import annotations

import asyncio
import sys
from math import inf
from typing import TYPE_CHECKING

from aiohttp import web

from replica import profile
from replica.bounded_cache import BoundedCache
from replica.dated import DatedCity
from replica.fault_control import Faults
from replica.kakao import KakaoRoutes
from replica.page_routes import PageRoutes
from replica.query import parse_form
from replica.streaming import stream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from replica.listing import Listing
    from replica.request_log import Entry, RequestLog
    from replica.store import Store
    from replica.timeline import Timeline

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]

JSON = {"Content-Type": "application/json; charset=utf-8"}
CACHED_BYTES = 32 * 2**20  # of lists, and as many of store pages


class Site:
    """The routes. `latency` delays the API's answers, in seconds."""

    def __init__(self, seed: int, stores: tuple[Store, ...], listing: Listing, log: RequestLog, latency: float) -> None:
        self._city = DatedCity(seed, stores, self._follow)
        self._kakao = KakaoRoutes(stores)
        self._pages = listing
        self._listing = BoundedCache[bytes](
            lambda body, is_get: listing.answer(parse_form(body), is_get=is_get), CACHED_BYTES, _weigh
        )
        self._profile = BoundedCache[bytes](self._write_profile, CACHED_BYTES, _weigh)
        self._log = log
        self._latency = latency
        self.faults = Faults(self._listing)

    def app(self) -> web.Application:
        app = web.Application()
        for path, kind, answer in (("/API/isearch/", "list", self._list), ("/API/profile/", "store", self._store)):
            app.router.add_route("GET", path, self._logged(kind, answer))
            app.router.add_route("POST", path, self._logged(kind, answer))
        PageRoutes(lambda: self._city.timeline, self._pages).add_to(app, self._logged)
        self._kakao.add_to(app, self._logged)
        self._city.add_routes(app.router)
        app.router.add_get("/_log", self._read_log)
        app.router.add_delete("/_log", self._clear_log)
        self.faults.add_routes(app.router)
        return app

    def _follow(self, timeline: Timeline) -> None:
        """Show another day: what was written for the last one is stale."""
        self._pages.follow(timeline.stores.values(), timeline.today)
        self._kakao.follow(timeline.stores.values())
        self._listing.cache_clear()
        self._profile.cache_clear()

    def _write_profile(self, ref: str) -> bytes:
        timeline = self._city.timeline
        return profile.answer(timeline.stores.get(ref), timeline.today)

    def _logged(self, kind: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            user_agent = request.headers.get("User-Agent", "")
            with self._log.record(request.method, request.path, kind, user_agent) as entry:
                return await self.faults.answer(request, entry, answer(request, entry))

        return handle

    async def _list(self, request: web.Request, entry: Entry) -> web.Response:
        body = await _form(request)
        form = parse_form(body)
        entry.asked = " ".join(form[field] for field in ("query", "keyword", "addr") if form.get(field))
        await asyncio.sleep(self._latency)
        return _json(self._listing(body, request.method == "GET"))

    async def _store(self, request: web.Request, entry: Entry) -> web.Response:
        entry.asked = parse_form(await _form(request)).get("v_rid", "")
        await asyncio.sleep(self._latency)
        return _json(self._profile(entry.asked))

    async def _read_log(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        lines = self._log.write(int(asked.get("since", 0)), float(asked.get("from", -inf)), float(asked.get("to", inf)))
        headers = {"Content-Type": "application/x-ndjson; charset=utf-8", "X-Log-Dropped": str(self._log.dropped)}
        return await stream(request, lines, headers)

    async def _clear_log(self, _request: web.Request) -> web.Response:
        self._log.clear()
        return web.Response(status=204)


def _weigh(*answer_and_asked: object) -> int:
    return sum(map(sys.getsizeof, answer_and_asked))


async def _form(request: web.Request) -> str:
    return request.rel_url.raw_query_string if request.method == "GET" else (await request.read()).decode("latin-1")


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, headers=JSON)
