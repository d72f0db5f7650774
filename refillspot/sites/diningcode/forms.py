"""What is asked of the API, and the answers by which it refuses: known by what they say, as their status is not."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from refillspot.policies.caching import ROBOTS_PATH
from refillspot.sites.site import Form, Refusal, RefusalKind

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


def search_asked(url: str) -> str | None:
    """Return the words of the search whose answer, or page, an address is of; None if it is of none."""
    parts = urlsplit(url)
    is_search = parts.path in {LIST_PAGE, search_form("").path}
    return dict(parse_qsl(parts.query)).get("query") if is_search else None


def list_page_url(web_url: str, query: str) -> str:
    """Return the page of a search that people can open."""
    return f"{web_url.rstrip('/')}{LIST_PAGE}?query={quote_plus(query)}"


def store_page_url(web_url: str, ref: str) -> str:
    """Return the page of a store that people can open."""
    return f"{web_url.rstrip('/')}{STORE_PAGE}?rid={quote_plus(ref)}"


VERIFICATION = b"human verification"
LOOKED_AT = 64 * 1024  # bytes; such a page has a few


def refusal_of(url: str, status: int, body: bytes) -> Refusal | None:
    """Return why an answer is a block: a verification page, or a page for humans where none was due."""
    start = body[:LOOKED_AT].removeprefix(BOM_UTF8).lstrip()
    if start[:1] in {b"{", b"["}:
        return None
    if VERIFICATION in start.lower():
        return Refusal(RefusalKind.VERIFICATION, f"a verification page under HTTP {status}")
    if start.startswith(b"<") and not is_page_due(url) and (200 <= status < 300 or status == 403):
        return Refusal(RefusalKind.PAGE, f"a page for humans under HTTP {status} where none was due")
    return None


def is_page_due(url: str) -> bool:
    """Tell whether HTML is a fair answer: neither of the API nor of robots.txt."""
    path = urlsplit(url).path
    return not path.startswith("/API/") and path != ROBOTS_PATH
