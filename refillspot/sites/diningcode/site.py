"""Diningcode behind the contract that all sites share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from refillspot.exceptions import LayoutChangedError
from refillspot.sites.diningcode import NAME, answers, cacheability, channels, kept_page, refusals, versions
from refillspot.sites.diningcode.forms import Form
from refillspot.sites.diningcode.page_types import Row, SearchPage, StorePage
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.items import Channel, Store
    from refillspot.policies.caching import Cacheability, Kind
    from refillspot.sites.site import Refusal, SitePage


class Diningcode(Site):
    name: ClassVar[str] = NAME

    def channel_of(self, url: str) -> Channel:
        return channels.channel_of(url)

    def web_page_for(self, url: str, body: bytes, web_url: str) -> str | None:
        return channels.web_page_for(Form(urlsplit(url).path, body), web_url)

    def refusal_of(self, url: str, status: int, body: bytes) -> Refusal | None:
        return refusals.refusal_of(url, status, body)

    def is_page_due(self, url: str) -> bool:
        return refusals.is_page_due(url)

    def cacheability(self, kind: Kind, url: str, status: int, body: bytes) -> Cacheability:
        return cacheability.cacheability(kind, url, status, body)

    def row_version(self, row: Mapping[str, object]) -> bytes:
        return versions.row_version(row)

    def kept_page(self, url: str, status: int, body: bytes) -> bytes:
        return kept_page.kept_page(url, status, body)

    def absent_parts(self, page: SitePage) -> list[str]:
        return answers.absent_parts(page) if isinstance(page, SearchPage | StorePage) else []

    def read_kept(self, row: Mapping[str, Any], body: bytes, web_url: str) -> Store:
        try:
            listed = msgspec.convert(row, Row)
        except msgspec.ValidationError as error:
            raise LayoutChangedError(f"the row that led to the page: {error}") from error
        return build_store(listed, channels.read_kept_store(body), web_url)


SITE = Diningcode()
