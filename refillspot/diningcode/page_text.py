"""What every page for people has in common: whether it is one, and whole."""

from __future__ import annotations

from refillspot.diningcode.refusals import VERIFICATION
from refillspot.exceptions import BlockedError, LayoutChangedError, MalformedAnswerError

END = "</html>"


def page_text(body: bytes) -> str:
    """Return the text of a page for people.

    Raises:
        BlockedError: the site wants to see a human.
        MalformedAnswerError: the page is cut off, or nothing at all.
        LayoutChangedError: it is no HTML.
    """
    text = body.decode("utf-8-sig", "replace")
    if text.strip() and not text.lstrip().startswith("<"):
        raise LayoutChangedError("no page for people came where one was due")
    if VERIFICATION.decode() in text.lower():
        raise BlockedError("a verification page came: the site is refusing this crawl for now")
    if END not in text[-1000:].lower():
        raise MalformedAnswerError(f"the page is cut off ({len(body)} bytes)")
    return text
