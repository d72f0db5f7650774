"""What `scrapy check` compares with, made anew: `python -m tests.sites.diningcode.saved_answers`.

The answers are the replica's, without its visitors' words. Run it when a callback is meant to yield something else, and
read in the diff whether that is what was meant.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from scrapy import Request
from scrapy.http import TextResponse

from refillspot import settings
from refillspot.contracts import written
from refillspot.sites.diningcode.site import SITE
from refillspot.spiders.diningcode import build_list_request
from replica.query import parse_form
from replica.shapes import name_shapes
from tests.completeness.offline import City, spider_for

SAVED = Path(str(files("refillspot.sites.diningcode"))) / "saved"
CITY = City(7, cap=4, refill=200, ordinary=100, shapes=name_shapes("mixed", 0))  # both generations, and nothing odd
ADDRESSES = {name: getattr(settings, name) for name in settings.SITE_ADDRESSES}


def made() -> dict[str, dict[str, Any]]:
    """Return {name of a file: what it holds}: a list of more stores than are shown, and the first of its stores."""
    spider = spider_for(ADDRESSES, district="강남구")
    listed = build_list_request(spider, next(iter(spider.plan.seeds())))
    follows = _yielded(listed)
    first = next(one for one in follows if isinstance(one, Request) and one.callback == spider.parse_store)
    return {"list": _saved(listed, follows), "store": _saved(first, _yielded(first))}


def _saved(request: Request, output: list[Any]) -> dict[str, Any]:
    return {
        "url": request.url,
        "body": request.body.decode(),
        "cb_kwargs": request.cb_kwargs,
        "answer": msgspec.json.decode(_answer(request)),
        "yields": written(output),
    }


def _yielded(request: Request) -> list[Any]:
    """Return what its callback yields: once, as a spider asks for a store once."""
    assert request.callback
    return list(request.callback(TextResponse(request.url, body=_answer(request)), **request.cb_kwargs))


def _answer(request: Request) -> bytes:
    return SITE.kept_page(request.url, 200, CITY.answer(parse_form(request.body.decode())))


def record() -> None:
    SAVED.mkdir(exist_ok=True)
    for name, saved in made().items():
        (SAVED / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=1) + b"\n")


if __name__ == "__main__":
    record()
