"""What is asked of the API."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}

LIST_PAGE, STORE_PAGE = "/list.dc", "/profile.php"

RESULT_CAP = 100
"""The site shows at most this many rows of one query, whatever `total_cnt` says."""


PAGE_CAP = 20
"""The page for people shows as many, and has no next one."""


class Form(NamedTuple):
    """A form to be posted: a path of the API, and the body."""

    path: str
    body: bytes


def search_form(query: str, offset: int = 0, size: int = RESULT_CAP) -> Form:
    """Return the form that asks for rows `offset` … `offset + size` of a search."""
    fields = {"query": query, "order": "r_score", "from": offset, "size": size}
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
