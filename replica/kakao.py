"""A stand-in for Kakao Local: two searches over the invented city, and every refusal on demand (`/_kakao`).

Any key is accepted. It is read from the Authorization header and goes nowhere: not into the log, not into an answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from replica.json_answer import write_json
from replica.kakao_refusals import OK, REFUSALS, Control

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import web

    from replica.dated import DatedCity
    from replica.kakao_places import Places
    from replica.request_log import Entry

    Answer = Callable[[web.Request, Entry], Awaitable[web.Response]]
    Logged = Callable[[str, Answer], Callable[[web.Request], Awaitable[web.StreamResponse]]]

ADDRESS_PATH, KEYWORD_PATH = "/v2/local/search/address.json", "/v2/local/search/keyword.json"
KEYWORD_RESULTS = 45  # more of a keyword search cannot be seen
FOOD = "FD6"  # every place of the city; CE7, cafés, is answered with none

Text = Annotated[str, Meta(min_length=1)]
Page = Annotated[int, Meta(ge=1, le=45)]


class AddressQuery(msgspec.Struct):
    query: Text
    analyze_type: Literal["similar", "exact"] = "similar"
    page: Page = 1
    size: Annotated[int, Meta(ge=1, le=30)] = 10

    def find(self, places: Places) -> tuple[list[dict[str, Any]], int]:
        found = places.find_addresses(self.query, exact=self.analyze_type == "exact")
        return found, len(found)


class KeywordQuery(msgspec.Struct):
    query: Text
    category_group_code: Literal["FD6", "CE7", ""] = ""
    x: float | None = None
    y: float | None = None
    radius: Annotated[int, Meta(ge=0, le=20_000)] = 20_000
    """Metres; without x and y it has no meaning."""
    page: Page = 1
    size: Annotated[int, Meta(ge=1, le=15)] = 15

    def find(self, places: Places) -> tuple[list[dict[str, Any]], int]:
        around = None if self.x is None or self.y is None else ((self.y, self.x), float(self.radius))
        if self.category_group_code not in {"", FOOD}:
            return [], 0
        return places.find_places(self.query, around, KEYWORD_RESULTS)


class KakaoRoutes:
    def __init__(self, city: DatedCity) -> None:
        self._city = city
        self._control = Control()

    def add_to(self, app: web.Application, logged: Logged) -> None:
        for path, question in ((ADDRESS_PATH, AddressQuery), (KEYWORD_PATH, KeywordQuery)):
            app.router.add_get(path, logged("geocode", self._answer(question)))
        app.router.add_get("/_kakao", self._read_control)
        app.router.add_post("/_kakao", self._set_control)

    def _answer(self, question: type[AddressQuery | KeywordQuery]) -> Answer:
        async def answer(request: web.Request, entry: Entry) -> web.Response:
            entry.ask(request.query.get("query", ""))
            refusal = self._control.refuse(request.headers.get("Authorization", ""))
            if refusal:
                return write_json(refusal[1], refusal[0])
            try:
                asked = msgspec.convert(dict(request.query), question, strict=False)
            except msgspec.ValidationError as error:
                return write_json({"code": -2, "msg": str(error)}, 400)
            found, total = await asyncio.to_thread(asked.find, self._city.day.places)  # looks through the city
            return write_json(_cut(found, total, asked.page, asked.size))

        return answer

    async def _read_control(self, _request: web.Request) -> web.Response:
        return write_json({**msgspec.to_builtins(self._control), "modes": [OK, *REFUSALS]})

    async def _set_control(self, request: web.Request) -> web.Response:
        try:
            self._control = msgspec.json.decode(await request.read(), type=Control)
        except msgspec.DecodeError as error:
            return write_json({"error": str(error)}, 400)
        return await self._read_control(request)


def _cut(found: Sequence[dict[str, Any]], total: int, page: int, size: int) -> dict[str, Any]:
    """Return one page; `pageable_count` says how many of the total can be paged through."""
    meta = {"total_count": total, "pageable_count": len(found), "is_end": page * size >= len(found)}
    return {"meta": meta, "documents": found[(page - 1) * size : page * size]}
