"""What is asked of the API: paths and form bodies."""

from __future__ import annotations

from urllib.parse import urlencode

SEARCH_PATH = "/API/isearch/"
STORE_PATH = "/API/profile/"
STORE_PAGE_PATH = "/profile.php"

RESULT_CAP = 100
"""The site shows at most this many rows of one query, whatever `total_cnt` says."""


def search_form(query: str, offset: int = 0, size: int = RESULT_CAP) -> bytes:
    """Return the body that asks for rows `offset` … `offset + size` of a search."""
    return urlencode({"query": query, "order": "r_score", "from": offset, "size": size}).encode()


def store_form(ref: str) -> bytes:
    """Return the body that asks for one store."""
    return urlencode({"v_rid": ref}).encode()


def store_page_url(web_url: str, ref: str) -> str:
    """Return the page of a store that people can open."""
    return f"{web_url.rstrip('/')}{STORE_PAGE_PATH}?{urlencode({'rid': ref})}"
