"""The HTTP side: routes and glue."""

from __future__ import annotations

import asyncio
import sys
from math import inf
from typing import TYPE_CHECKING

from aiohttp import web

from replica import profile
from replica.bounded_cache import BoundedCache
from replica.query import parse_form
from replica.streaming import stream
from replica.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from replica.listing import Listing
    from replica.request_log import Entry, RequestLog
    from replica.store import Store

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]

ROBOTS = """\
# Synthetic Diningcode: invented data for tests
User-agent: *
Allow: /
Disallow: /urlShortener
Disallow: /review
Disallow: /mobile/iframe/
"""
JSON = {"Content-Type": "application/json; charset=utf-8"}
CACHED_BYTES = 32 * 2**20  # of lists, and as many of store pages


class Site:
    """The routes. `latency` delays the API's answers, in seconds."""

    def __init__(self, seed: int, stores: tuple[Store, ...], listing: Listing, log: RequestLog, latency: float) -> None:
        self._seed = seed
        self._stores = {store.ref: store for store in stores}
        self._listing = BoundedCache[bytes](
            lambda body, is_get: listing.answer(parse_form(body), is_get=is_get), CACHED_BYTES, sys.getsizeof
        )
        self._profile = BoundedCache[bytes](
            lambda ref: profile.answer(self._stores.get(ref)), CACHED_BYTES, sys.getsizeof
        )
        self._log = log
        self._latency = latency

    def app(self) -> web.Application:
        app = web.Application()
        for path, kind, answer in (("/API/isearch/", "list", self._list), ("/API/profile/", "store", self._store)):
            app.router.add_route("GET", path, self._logged(kind, answer))
            app.router.add_route("POST", path, self._logged(kind, answer))
        app.router.add_get("/robots.txt", self._logged("robots", self._robots))
        app.router.add_get("/_truth", self._truth)
        app.router.add_get("/_log", self._read_log)
        app.router.add_delete("/_log", self._clear_log)
        return app

    def _logged(self, kind: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            user_agent = request.headers.get("User-Agent", "")
            with self._log.record(request.method, request.path, kind, user_agent) as entry:
                return await answer(request, entry)

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

    async def _robots(self, _request: web.Request, _entry: Entry) -> web.Response:
        return web.Response(text=ROBOTS)

    async def _truth(self, request: web.Request) -> web.StreamResponse:
        keywords = request.query.get("keywords")
        words = None if keywords is None else [word.strip() for word in keywords.split(",") if word.strip()]
        truth = write_truth(self._seed, self._stores.values(), request.query.get("district"), words)
        return await stream(request, truth, JSON)

    async def _read_log(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        lines = self._log.write(int(asked.get("since", 0)), float(asked.get("from", -inf)), float(asked.get("to", inf)))
        headers = {"Content-Type": "application/x-ndjson; charset=utf-8", "X-Log-Dropped": str(self._log.dropped)}
        return await stream(request, lines, headers)

    async def _clear_log(self, _request: web.Request) -> web.Response:
        self._log.clear()
        return web.Response(status=204)


async def _form(request: web.Request) -> str:
    return request.rel_url.raw_query_string if request.method == "GET" else (await request.read()).decode("latin-1")


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, headers=JSON)
