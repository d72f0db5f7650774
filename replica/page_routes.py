"""The routes of what is not the API: HTML pages and robots.txt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from replica.html_pages import LIST_SIZE, write_list_page, write_missing_page, write_store_page
from replica.query import parse_form
from replica.robots import write_robots

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from replica.listing import Listing
    from replica.request_log import Entry
    from replica.timeline import Timeline

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]
    Logged = Callable[[str, Answer], Callable[[web.Request], Awaitable[web.StreamResponse]]]

robots_im = web.AppKey("robots_im", str)
"""What im.* answers to /robots.txt: a key of `replica.robots.IM_ANSWERS`; "missing" where it is not set."""


class PageRoutes:
    """`timeline` returns the city as it is now."""

    def __init__(self, timeline: Callable[[], Timeline], listing: Listing) -> None:
        self._timeline = timeline
        self._listing = listing

    def add_to(self, app: web.Application, logged: Logged) -> None:
        app.router.add_get("/list.dc", logged("list", self._list))
        app.router.add_get("/profile.php", logged("store", self._store))
        app.router.add_get("/robots.txt", logged("robots", self._robots))

    async def _list(self, request: web.Request, entry: Entry) -> web.Response:
        entry.asked = parse_form(request.rel_url.raw_query_string).get("query", "")
        answer = self._listing.answer({"query": entry.asked, "size": str(LIST_SIZE)})
        return _html(write_list_page(entry.asked, msgspec.json.decode(answer)["result_data"]))

    async def _store(self, request: web.Request, entry: Entry) -> web.Response:
        entry.asked = parse_form(request.rel_url.raw_query_string).get("rid", "")
        timeline = self._timeline()
        store = timeline.stores.get(entry.asked)
        return _html(write_store_page(store, timeline.today)) if store else _html(write_missing_page(), 404)

    async def _robots(self, request: web.Request, _entry: Entry) -> web.Response:
        text = write_robots(request.host, request.app.get(robots_im, "missing"))
        return web.Response(status=404) if text is None else web.Response(text=text)


def _html(page: str, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html")
