"""What is asked of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from refillspot.sites.examination import Form

if TYPE_CHECKING:
    from refillspot.regions import BoundingBox

LIST_PAGE, STORE_PAGE = "/list.dc", "/profile.php"

PAGE_SIZE = 100
"""Rows asked for at once: the most that is known to work."""


PAGE_CAP = 20
"""The page for people shows as many, and has no next one."""


def search_form(query: str, offset: int = 0, box: BoundingBox | None = None) -> Form:
    """Return the form that asks for a page of a search from row `offset` on, in a box if there is one."""
    fields: dict[str, str | int] = {"query": query, "order": "r_score", "from": offset, "size": PAGE_SIZE}
    if box:
        fields["rect"] = f"{box.south:.7f},{box.west:.7f},{box.north:.7f},{box.east:.7f}"
    return Form("/API/isearch/", urlencode(fields).encode())


def store_form(ref: str) -> Form:
    """Return the form that asks for one store."""
    return Form("/API/profile/", urlencode({"v_rid": ref}).encode())


def list_page_url(web_url: str, query: str) -> str:
    """Return the page of a search that people can open."""
    return f"{web_url.rstrip('/')}{LIST_PAGE}?query={quote_plus(query)}"


def store_page_url(web_url: str, ref: str) -> str:
    """Return the page of a store that people can open."""
    return f"{web_url.rstrip('/')}{STORE_PAGE}?rid={quote_plus(ref)}"
