"""What every page for people has in common: whether it is one, and whole, and small enough to be walked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import html
from parsel import Selector

from refillspot.exceptions import BlockedError, LayoutChangedError, MalformedAnswerError
from refillspot.sites.diningcode.forms import VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Mapping

END = "</html>"
# A store page of the site has some thousand elements, twenty deep. Finding elements by their classes takes nodes times
# depth, and libxml2 looks through all attributes of an element for each one more.
MOST_CHARACTERS, MOST_NODES, DEEPEST, MOST_ATTRIBUTES = 2_000_000, 20_000, 60, 200


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


def page_tree(text: str) -> Selector:
    """Return the tree of a page for people.

    Raises:
        LayoutChangedError: it is longer, or has more nodes, deeper ones or more attributes, than any page of the site.
    """
    if len(text) > MOST_CHARACTERS:
        raise LayoutChangedError(f"page: more than {MOST_CHARACTERS:,} characters")
    text = text.replace("\0", "")
    parser = html.HTMLParser(target=_Bounds(), huge_tree=True, encoding="utf8")  # as parsel's own
    parser.feed(text.encode())
    parser.close()
    return Selector(text=text)


class _Bounds:
    """Takes what a parser meets, keeps nothing of it, and stops it at the bounds: before there is a tree."""

    def __init__(self) -> None:
        self._nodes = self._depth = 0

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._count()
        if self._depth > DEEPEST:
            raise LayoutChangedError(f"page: elements more than {DEEPEST} deep")
        if len(attributes) > MOST_ATTRIBUTES:
            raise LayoutChangedError(f"page: an element of more than {MOST_ATTRIBUTES} attributes")

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def comment(self, _text: str) -> None:
        self._count()

    def pi(self, _target: str, _data: str) -> None:
        self._count()

    def close(self) -> None:
        """Return nothing: there is no tree."""

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise LayoutChangedError(f"page: more than {MOST_NODES:,} nodes")
