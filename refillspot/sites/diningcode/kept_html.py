"""What is kept of the pages for people: their JSON-LD, and the containers that are read. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from parsel import Selector

from refillspot.exceptions import LayoutChangedError
from refillspot.sites.diningcode.json_parts import write_json
from refillspot.sites.diningcode.linked_data import find_restaurant
from refillspot.sites.diningcode.list_page import list_data
from refillspot.sites.diningcode.page_text import page_text, page_tree
from refillspot.sites.diningcode.people import is_of_people, without_people
from refillspot.sites.diningcode.store_page import NO_SUCH_STORE

if TYPE_CHECKING:
    from collections.abc import Callable

LINKED_FIELDS = frozenset({
    "@context", "@type", "name", "telephone", "address", "servesCuisine", "hasMenu", "geo", "image", "openingHours",
    "openingHoursSpecification", "priceRange", "aggregateRating",
})  # fmt: skip
CONTAINERS = (
    "#hdn_lat, #hdn_lng, h1.tit, a.btxt, p.btxt, li.locat, span.profile_jibun, li.tel, li.char, .tags, "
    ".busi-hours-today, .busi-hours, .hour-main-grid, #today-main-hours, "
    "ul.Restaurant_MenuList, ul.Restaurant-MenuList"
)
ATTRIBUTES = frozenset({"class", "id", "value", "data-menu-index"})
CLASS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
MOST_CLASSES = 300
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that lxml reads out of a page, and takes from nobody."""
PAGE = "<!DOCTYPE html><html><head>{head}</head><body>\n{body}\n</body></html>"


def kept_store_page(body: bytes) -> bytes:
    """Return a store page with what is read of it.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
    """
    try:
        text = page_text(body)
        page = page_tree(text)
    except LayoutChangedError as error:
        return write_json({"left_out": str(error)})
    linked = find_restaurant(page)
    parts = [_written(element) for element in _outermost(page)]
    if linked is None and not page.css("h1.tit"):
        parts.append(f"<!-- classes: {' '.join(_classes(page))} -->")
        if NO_SUCH_STORE in text:
            parts.append(f"<p>{NO_SUCH_STORE}</p>")
    known = {name: without_people(value) for name, value in (linked or {}).items() if name in LINKED_FIELDS}
    return PAGE.format(head=_script("application/ld+json", known) if known else "", body="\n".join(parts)).encode()


def kept_list_page(body: bytes, keep: Callable[[bytes], tuple[Any, dict[str, Any]]]) -> bytes:
    """Return a list page with what `keep` keeps of the data in its script.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
    """
    try:
        kept, left_out = keep(list_data(page_text(body)))
    except LayoutChangedError:
        return PAGE.format(head="", body="<!-- no listData -->").encode()
    inside = msgspec.json.encode(_in_script(kept)).decode()[1:-1].replace("'", r"\'")
    data = f"<script>localStorage.setItem('listData', '{inside}');</script>"
    return PAGE.format(head="", body=f"{data}\n{_script('text/plain', left_out)}").encode()


def _outermost(page: Selector) -> list[Any]:
    """Return the containers, none of them within another."""
    elements = [found.root for found in page.css(CONTAINERS)]
    known = set(elements)
    return [element for element in elements if known.isdisjoint(element.iterancestors())]


def _written(container: Any) -> str:
    for element in list(container.iter()):
        if not isinstance(element.tag, str) or element.tag in {"script", "style"} or _is_of_people(element):
            element.clear(keep_tail=True)  # an empty element is left of it
        kept = {name: NO_XML.sub("\ufffd", value) for name, value in element.attrib.items() if name in ATTRIBUTES}
        element.attrib.clear()  # not one by one: names that are none of HTML cannot be named
        element.attrib.update(kept)
    return f"<div>{Selector(root=container).get()}</div>"  # libxml2 leaves the end of an empty li to the reader


def _is_of_people(element: Any) -> bool:
    return is_of_people(f"{element.get('class', '')} {element.get('id', '')}")


def _classes(page: Selector) -> list[str]:
    """Return the classes of a page that nobody can read: whoever mends the parser begins with them."""
    words = {word for text in page.xpath("//@class").getall() for word in text.split()}
    return sorted(filter(CLASS_NAME.fullmatch, words))[:MOST_CLASSES]


def _script(kind: str, value: Any) -> str:
    return f'<script type="{kind}">{_in_script(value)}</script>'


def _in_script(value: Any) -> str:
    """Return JSON that no HTML parser takes for an end tag."""
    return write_json(value).decode().replace("<", r"\u003c")
