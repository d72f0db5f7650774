"""A second site, as small as one can be: its contract and its spider, all that a new site needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from refillspot.items import MenuItem, Store
from refillspot.parsing.price import parse_price_krw
from refillspot.parsing.refill import assess_refill
from refillspot.policies.caching import Cacheability, Kind
from refillspot.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from scrapy.http import TextResponse


class Tiny(Site):
    """Says 200 to everything, and whether it means it in its JSON."""

    name = "tiny"

    def cacheability(self, kind: Kind, url: str, status: int, body: bytes) -> Cacheability:
        return Cacheability.PASSING if body == b"busy" else super().cacheability(kind, url, status, body)

    def row_version(self, row: Mapping[str, object]) -> bytes:
        return str(row["ref"]).encode()


class TinySpider(Spider):
    """Arguments: url (where the site is)."""

    name = "tiny"
    site = Tiny()
    custom_settings: dict[str, Any] | None = {"SITE_ADDRESSES": ["TINY_URL"]}  # noqa: RUF012  # Scrapy's attribute

    async def start(self) -> AsyncIterator[Request]:
        yield self.request("/list/0", Kind.LIST, self.parse_list, number=0)

    def parse_list(self, response: TextResponse, number: int) -> Iterator[Request]:
        page = response.json()
        for ref in page["stores"]:
            yield self.request(f"/store/{ref}", Kind.STORE, self.parse_store, row={"ref": ref})
        if page["more"]:
            yield self.request(f"/list/{number + 1}", Kind.LIST, self.parse_list, number=number + 1)

    def parse_store(self, response: TextResponse, row: dict[str, str]) -> Iterator[Store]:
        page = response.json()
        menu = [MenuItem(name, parse_price_krw(price), price) for name, price in page["menu"].items()]
        verdict = assess_refill(
            name=page["name"], branch=None, categories=None, menu=[item.name for item in menu], tags=None
        )
        yield Store(self.site.name, row["ref"], page["name"], response.url, verdict, menu=menu)

    def request(self, path: str, kind: Kind, callback: Any, **given: Any) -> Request:
        return Request(self.settings["TINY_URL"] + path, callback, cb_kwargs=given, meta={"cache_kind": kind.value})
