"""The site's two channels: its API, and the pages for people, which serve where the API is broken. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.forms import (
    list_page_url,
    search_form,
    store_form,
    store_page_url,
)
from refillspot.sites.diningcode.html_pages import decode_list_page, decode_store_page
from refillspot.sites.diningcode.json_parts import without_mark

if TYPE_CHECKING:
    from refillspot.items import Channel
    from refillspot.sites.diningcode.page_types import SearchPage, StorePage
    from refillspot.sites.site import Form

API_PREFIX = "/API/"
SAID_BY_A_PAGE = {"query", "order", "from", "size"}
"""Fields of a search that its page answers too: the first rows, in the usual order. Others cut out a part of it."""
UNDER_WAY = 64
"""Pages between the cache, which reads one to know what it is worth, and the spider, which need not read it again."""


def channel_of(url: str) -> Channel:
    return "api" if urlsplit(url).path.startswith(API_PREFIX) else "web"


def web_page_for(form: Form, web_url: str) -> str | None:
    """Return the address of the page that says what a form of the API asks for; None if no page does."""
    fields = dict(parse_qsl(form.body.decode(), keep_blank_values=True))
    if form.path == search_form("").path and fields.keys() <= SAID_BY_A_PAGE:
        return list_page_url(web_url, fields["query"])
    if form.path == store_form("").path:
        return store_page_url(web_url, fields["v_rid"])
    return None


@lru_cache(maxsize=UNDER_WAY)
def read_list(url: str, body: bytes) -> SearchPage:
    """Read a list page of either channel; raises what `decode_search` and `decode_list_page` do. Not to be changed."""
    return decode_search(body) if channel_of(url) == "api" else decode_list_page(body)


@lru_cache(maxsize=UNDER_WAY)
def read_store(url: str, body: bytes) -> StorePage:
    """Read a store page of either channel; raises what `decode_store` and `decode_store_page` do. Not to be changed."""
    return decode_store(body) if channel_of(url) == "api" else decode_store_page(body)


def read_kept_store(body: bytes) -> StorePage:
    """Read a store page of which nobody knows by which channel it came."""
    return decode_store_page(body) if without_mark(body).lstrip().startswith(b"<") else decode_store(body)
