"""What `scrapy check` holds a callback to: for a saved answer it yields what was recorded. The site is not asked.

A docstring names the answer, `@saved list`; it is in `saved/list.json` of the site's room, with what is asked and what
the callback yields. `python -m tests.sites.diningcode.saved_answers` writes it again.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from difflib import unified_diff
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from scrapy import Request
from scrapy.contracts import Contract
from scrapy.exceptions import ContractFail, IgnoreRequest
from scrapy.http import TextResponse

from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANSWER = "saved_answer"
"""In a request's meta: the answer, as bytes."""


class Saved(msgspec.Struct):
    """A file of `saved/`."""

    url: str
    body: str
    """Of the request, a form."""
    cb_kwargs: dict[str, Any]
    answer: msgspec.Raw
    """JSON, as the site sends it."""
    yields: list[dict[str, Any]]
    """See `written`."""


class SavedAnswerContract(Contract):
    """`@saved NAME`: the callback yields for an answer what was recorded."""

    name: ClassVar[str] = "saved"  # type: ignore[misc]

    def __init__(self, method: Callable[..., Any], name: str) -> None:
        super().__init__(method, name)
        spider: Any = method.__self__  # type: ignore[attr-defined]
        path = files("refillspot.sites").joinpath(spider.name, "saved", f"{name}.json")
        self._saved = msgspec.json.decode(path.read_bytes(), type=Saved)

    def adjust_request_args(self, args: dict[str, Any]) -> dict[str, Any]:
        saved = self._saved
        return args | {
            "url": saved.url,
            "method": "POST",
            "body": saved.body,
            "cb_kwargs": saved.cb_kwargs,
            "meta": {ANSWER: bytes(saved.answer)},
        }

    def post_process(self, output: list[Any]) -> None:
        """Compare what came out with what was recorded.

        Raises:
            ContractFail: it differs; the message shows where.
        """
        is_now = written(output)
        if is_now != self._saved.yields:
            told = _("it no longer yields what was recorded:")
            lines = unified_diff(_lines(self._saved.yields), _lines(is_now), "recorded", "now", n=1, lineterm="")
            raise ContractFail("\n".join([told, *lines]))


class SavedAnswersMiddleware:
    """Answers requests with what they bring along, and lets no other leave."""

    def process_request(self, request: Request) -> TextResponse:
        """Return the saved answer.

        Raises:
            IgnoreRequest: there is none.
        """
        if ANSWER not in request.meta:
            raise IgnoreRequest(
                _("scrapy check asks no site, and there is no saved answer of {url}").format(url=request.url)
            )
        return TextResponse(request.url, body=request.meta[ANSWER], encoding="utf-8", request=request)


def written(output: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what a callback yields as JSON: of requests what is asked and what follows, of items what is known."""
    told = [_request(one) if isinstance(one, Request) else _item(one) for one in output]
    read_again: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(told))  # as a record is read
    return read_again


def _request(request: Request) -> dict[str, Any]:
    callback: Any = request.callback
    return {
        "request": urlsplit(request.url).path,
        "body": request.body.decode(),
        "callback": callback.__name__,
        "priority": request.priority,
        "cb_kwargs": request.cb_kwargs,
    }


def _item(item: Any) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in fields(item)} if is_dataclass(item) else dict(item)
    known = {name: value for name, value in values.items() if value is not None}  # a new field changes no record
    if page := known.get("source_url"):
        known["source_url"] = urlsplit(page)._replace(scheme="", netloc="").geturl()  # where the site is, settings say
    return {"item": type(item).__name__, **known}


def _lines(value: Any) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=1).splitlines()
