"""Faults of what is said: another status, another text, another JSON."""

from __future__ import annotations

import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from msgspec import Meta

from refillspot.regions import districts
from replica.faults import Fault, Limit, Seconds
from replica.gazetteer import split_region
from replica.json_answer import write_json
from replica.query import parse_form
from replica.shapes import BOM

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.regions import Region
    from replica.faults import Asked

LIST_PATH = "/API/isearch/"
JSON = "application/json"
HTML = "text/html"
SORRY = "<!DOCTYPE html><html><head><title>Synthetic page</title></head><body><p>{}</p></body></html>"
VERIFICATION = SORRY.format("Human Verification: please confirm that you are not a robot.")
DATE_AHEAD = re.compile(r"date([+-]\d{1,9})")
RetryAfter = int | Annotated[str, Meta(pattern="^[ -~]{1,100}$")]
"""Sent as it is, whatever it says; but "date+30" is sent as the HTTP date 30 seconds from now."""


class Status(Fault, tag="status"):
    status: Literal[403, 404, 429, 500, 503]
    body: str = ""
    retry_after: RetryAfter | None = None

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        return web.Response(status=self.status, text=self.body, headers=_retry_headers(self.retry_after))


class RateLimit(Fault, tag="rate_limit"):
    """`limit` requests in any `per` seconds, over all clients; beyond that all are refused for `block` seconds."""

    limit: Annotated[int, Meta(ge=1, le=100_000)]
    per: Seconds = 1.0
    block: Seconds = 0.0
    refusal: Literal["status", "verification"] = "status"
    """"status" = 429."""
    retry_after: RetryAfter | None = None

    def new_limit(self) -> Limit:
        return Limit(self.limit, self.per, self.block)

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        headers = _retry_headers(self.retry_after)
        if self.refusal == "verification":
            return web.Response(text=VERIFICATION, content_type=HTML, headers=headers)
        return web.Response(status=429, headers=headers)


class Verification(Fault, tag="verification"):
    status: Literal[200, 202, 403] = 200

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        return web.Response(status=self.status, text=VERIFICATION, content_type=HTML)


class Html(Fault, tag="html"):
    status: Annotated[int, Meta(ge=200, le=599)] = 200
    body: str = SORRY.format("점검 중입니다.")

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        return web.Response(status=self.status, text=self.body, content_type=HTML)


class WrongJson(Fault, tag="wrong_json"):
    body: str = '{"status":"ok","version":3}'

    def __post_init__(self) -> None:
        """Raise ValueError for a body that is no JSON."""
        super().__post_init__()
        try:
            msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise ValueError(f"the body is no JSON: {error}") from error

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        return web.Response(text=self.body, content_type=JSON)


class ResultCode(Fault, tag="result_code"):
    root: ClassVar[str] = "/API/"
    code: str = "001"
    message: str = "일시적인 오류입니다."

    async def answer(self, asked: Asked) -> web.Response:  # noqa: ARG002
        return write_json({"result_code": self.code, "result_msg": self.message, "result_data": {}})


class Truncated(Fault, tag="truncated"):
    share: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    """Of the body's bytes: so much is sent, under a Content-Length that agrees."""

    async def answer(self, asked: Asked) -> web.Response:
        body = read_body(asked.due)
        cut = body[: int(len(body) * self.share)]
        headers = {name: value for name, value in asked.due.headers.items() if name != "Content-Length"}
        return web.Response(status=asked.due.status, body=cut, headers=headers)


class Layout(Fault, tag="layout"):
    """Every value under `key`, or every section of that name, at any depth."""

    root: ClassVar[str] = "/API/"
    change: Literal["renamed", "retyped", "missing"]
    key: Annotated[str, Meta(min_length=1)]

    async def answer(self, asked: Asked) -> web.Response | None:
        due = read_json(read_body(asked.due))
        changed = _change(due, self.key, CHANGES[self.change])
        return None if changed == due else write_json(changed)


class Misencoded(Fault, tag="misencoded"):
    root: ClassVar[str] = LIST_PATH

    async def answer(self, asked: Asked) -> web.Response:
        return await _relist(asked, lambda form: form | {"query": "\ufffd", "keyword": "", "addr": ""})


class Widened(Fault, tag="widened"):
    """The words are answered, the region is another one."""

    root: ClassVar[str] = LIST_PATH

    async def answer(self, asked: Asked) -> web.Response:
        return await _relist(asked, lambda form: _move(form, asked.city))


AnswerFault = (
    Status | RateLimit | Verification | Html | WrongJson | ResultCode | Truncated | Layout | Misencoded | Widened
)


def read_body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else (answer.text or "").encode()


def read_json(body: bytes) -> Any:
    return msgspec.json.decode(body.removeprefix(BOM))


def _retry_headers(retry_after: RetryAfter | None) -> dict[str, str]:
    if retry_after is None:
        return {}
    ahead = DATE_AHEAD.fullmatch(str(retry_after))
    return {"Retry-After": formatdate(time.time() + int(ahead[1]), usegmt=True) if ahead else str(retry_after)}


CHANGES: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "renamed": lambda key, value: {f"{key}_v2": value},
    "retyped": lambda key, value: {key: list(value.values()) if isinstance(value, dict) else {"value": value}},
    "missing": lambda _key, _value: {},
}  # what an entry of an object becomes


def _change(value: Any, key: str, change: Callable[[str, Any], dict[str, Any]]) -> Any:
    """Return a changed copy. A section, {"key": its name, …}, counts as an entry of that name."""
    if isinstance(value, list):
        return [item for old in value for item in _change_section(old, key, change)]
    if not isinstance(value, dict):
        return value
    entries = (change(key, old) if name == key else {name: _change(old, key, change)} for name, old in value.items())
    return {name: new for entry in entries for name, new in entry.items()}


def _change_section(item: Any, key: str, change: Callable[[str, Any], dict[str, Any]]) -> list[Any]:
    if not (isinstance(item, dict) and item.get("key") == key):
        return [_change(item, key, change)]
    return [new | {"key": name} if isinstance(new, dict) else new for name, new in change(key, item).items()]


async def _relist(asked: Asked, rewrite: Callable[[dict[str, str]], dict[str, str]]) -> web.Response:
    is_get = asked.request.method == "GET"
    body = asked.request.rel_url.raw_query_string if is_get else (await asked.request.read()).decode("latin-1")
    form = parse_form(body)
    answer = read_json(asked.relist(urlencode(rewrite(form)), is_get))
    if isinstance(answer["result_data"], dict):
        answer["result_data"].get("params", {}).update(form)  # the echo is of what was asked
    return write_json(answer)


def _move(form: dict[str, str], city: Region) -> dict[str, str]:
    """Return the form with its region, however given, replaced by the first district outside it."""
    named, words = split_region(f"{form.get('addr', '')} {form.get('query', '')}", city)
    codes = named or frozenset()
    places = districts(city)
    outside = [place for place in places if not any(dong.code in codes for dong in place.dongs)] or places
    return form | {"query": f"{outside[0].name} {words}", "addr": "", "rect": "", "lat": "", "lng": ""}
