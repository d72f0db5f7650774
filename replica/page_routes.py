"""The routes of what is not the API: HTML pages and robots.txt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from replica.html_pages import LIST_SIZE, write_list_page, write_missing_page
from replica.html_store import write_html
from replica.query import parse_form
from replica.robots import mark_robots, write_robots

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from replica.dated import DatedCity
    from replica.request_log import Entry
    from replica.shapes import Shapes

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]
    Logged = Callable[[str, Answer], Callable[[web.Request], Awaitable[web.StreamResponse]]]


class PageRoutes:
    """`robots_im`, a key of `replica.robots.IM_ANSWERS`, is what im.* answers to /robots.txt."""

    def __init__(self, city: DatedCity, shapes: Shapes, robots_im: str) -> None:
        self._city = city
        self._shapes = shapes
        self._robots_im = robots_im

    def add_to(self, app: web.Application, logged: Logged) -> None:
        app.router.add_get("/list.dc", logged("list", self._list))
        app.router.add_get("/profile.php", logged("store", self._store))
        app.router.add_get("/robots.txt", logged("robots", self._robots))

    async def _list(self, request: web.Request, entry: Entry) -> web.Response:
        query = parse_form(request.rel_url.raw_query_string).get("query", "")
        entry.ask(query)
        found = self._city.day.listing.find({"query": query, "size": str(LIST_SIZE)})
        request["odd"] = found.odd
        return _html(write_list_page(query, found.result_data or {}))

    async def _store(self, request: web.Request, entry: Entry) -> web.Response:
        ref = parse_form(request.rel_url.raw_query_string).get("rid", "")
        entry.ask(ref)
        timeline = self._city.day.timeline
        store = timeline.stores.get(ref)
        if store is None:
            return _html(write_missing_page(), 404)
        page = write_html(store, timeline.today, self._shapes)
        request["odd"] = page.odd
        return _html(page.text)

    async def _robots(self, request: web.Request, _entry: Entry) -> web.Response:
        text = write_robots(request.host, self._robots_im)
        if text is None:
            return web.Response(status=404)
        timeline = self._city.day.timeline
        body = mark_robots(text, timeline.seed, timeline.today, self._shapes)
        return web.Response(body=body, content_type="text/plain", charset="utf-8")


def _html(page: str, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html")
