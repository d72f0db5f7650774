"""Answers by which the site refuses a crawler, known by what they say: their status is not known. Pure."""

from __future__ import annotations

from codecs import BOM_UTF8
from urllib.parse import urlsplit

from refillspot.policies.caching import ROBOTS_PATH
from refillspot.sites.site import Refusal, RefusalKind

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
