"""Diningcode behind the contract that all sites share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from refillspot.exceptions import LayoutChangedError, PassingError, UnknownStoreError
from refillspot.policies.caching import Cacheability, Kind
from refillspot.sites.diningcode import NAME, answers, channels, forms, kept_page, page_types
from refillspot.sites.diningcode.examination import DiningcodeExamination
from refillspot.sites.diningcode.forms import STORE_PAGE, store_form
from refillspot.sites.diningcode.json_parts import without_mark
from refillspot.sites.diningcode.page_types import Row, SearchPage, StorePage
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.site import ABSENT, Form, Site, by_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.items import Channel, Store
    from refillspot.sites.site import Examination, Refusal, SitePage


class Diningcode(Site):
    name: ClassVar[str] = NAME
    examination: ClassVar[Examination | None] = DiningcodeExamination()

    def channel_of(self, url: str) -> Channel:
        return channels.channel_of(url)

    def web_page_for(self, url: str, body: bytes, web_url: str) -> str | None:
        return channels.web_page_for(Form(urlsplit(url).path, body), web_url)

    def refusal_of(self, url: str, status: int, body: bytes) -> Refusal | None:
        return forms.refusal_of(url, status, body)

    def is_page_due(self, url: str) -> bool:
        return forms.is_page_due(url)

    def cacheability(self, kind: Kind, url: str, status: int, body: bytes) -> Cacheability:
        """Judge an answer by reading it: the site reports errors, and shows block pages, under HTTP 200 too."""
        if status == 200:
            return _of_robots(body) if kind is Kind.ROBOTS else _of_page(kind, url, body)
        if status in ABSENT and b"Human Verification" in body:
            return Cacheability.PASSING
        return by_status(kind, status)

    def row_version(self, row: Mapping[str, object]) -> bytes:
        return page_types.row_version(row)

    def kept_page(self, url: str, status: int, body: bytes) -> bytes:
        return kept_page.kept_page(url, status, body)

    def absent_parts(self, page: SitePage) -> list[str]:
        return answers.absent_parts(page) if isinstance(page, SearchPage | StorePage) else []

    def ref_asked(self, url: str, form: bytes) -> str | None:
        path, query = urlsplit(url).path, urlsplit(url).query
        if (name := {STORE_PAGE: "rid", store_form("").path: "v_rid"}.get(path)) is None:
            return None
        return (dict(parse_qsl(query)) | dict(parse_qsl(form.decode("utf-8", "replace")))).get(name)

    def store_at(self, url: str, form: bytes, body: bytes, web_url: str) -> Store | None:
        if (ref := self.ref_asked(url, form)) is None:
            return None
        page = channels.read_store(url, body)
        return build_store(Row(v_rid=ref, nm=page.restaurant.rn), page, web_url)

    def read_kept(self, row: Mapping[str, Any], body: bytes, web_url: str) -> Store:
        try:
            listed = msgspec.convert(row, Row)
        except msgspec.ValidationError as error:
            raise LayoutChangedError(f"the row that led to the page: {error}") from error
        return build_store(listed, channels.read_kept_store(body), web_url)


def _of_page(kind: Kind, url: str, body: bytes) -> Cacheability:
    try:
        (channels.read_list if kind is Kind.LIST else channels.read_store)(url, body)
    except UnknownStoreError:
        return Cacheability.PERMANENT if kind is Kind.STORE else Cacheability.UNKNOWN
    except PassingError:
        return Cacheability.PASSING
    except LayoutChangedError:
        return Cacheability.UNKNOWN
    return Cacheability.PAGE


def _of_robots(body: bytes) -> Cacheability:
    is_html = without_mark(body).lstrip().startswith(b"<")  # rules are none
    return Cacheability.PASSING if is_html else Cacheability.PAGE


SITE = Diningcode()
