"""What is kept of an answer, wherever it is kept: the parts that are read, and no word of a visitor. Pure.

An allow-list says what: nobody knows where the site will put people's words next. Of a store page these are the
sections below, of a list the fields of a row, of a page for people its JSON-LD and the containers that are read. All
else leaves its kind and size, under `left_out`; of an answer that cannot be read, the names of its parts as well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from parsel import Selector

from refillspot.exceptions import ApiError, LayoutChangedError, PassingError, UnknownStoreError
from refillspot.sites.diningcode.answers import LONGEST_MESSAGE, result_of, sections_of
from refillspot.sites.diningcode.forms import LIST_PAGE, STORE_PAGE, refusal_of, search_form, store_form
from refillspot.sites.diningcode.html_pages import NO_SUCH_STORE, list_data
from refillspot.sites.diningcode.json_parts import DEEPEST, loose_json, whole_json, write_json
from refillspot.sites.diningcode.linked_data import find_restaurant
from refillspot.sites.diningcode.page_text import page_text, page_tree
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.shapes import Shapes, json_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.sites.shapes import Oddity

NESTED = b'{"left_out":"nested too deeply"}'
SECTIONS = ("restaurant", "detail", "menu", "score", "tag", "photo")
SECTION_FIELDS = ("total_cnt", "region", "region_name", "order")
ROW_FIELDS = frozenset({"area", "keyword", "distance"} | {one.encode_name for one in msgspec.structs.fields(Row)})
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
HTML_PAGE = "<!DOCTYPE html><html><head>{head}</head><body>\n{body}\n</body></html>"
WORDS_OF_PEOPLE = ("user", "review", "comment", "blog", "writer", "author", "nick", "member")
OF_PEOPLE = re.compile("|".join(WORDS_OF_PEOPLE), re.IGNORECASE)
OF_FIGURES = re.compile(r"(?:cnt|count|total|score|rate|average)$", re.IGNORECASE)
"""Names of fields beside them whose figures are the site's own: `review_cnt`, `user_score`."""
A_FIGURE = re.compile(r"[\d,.]{1,12}")
ESCAPED_ASCII = rb"\u00"
"""Behind it a letter of one of the words may hide."""


def kept_page(url: str, status: int, body: bytes) -> bytes:
    """Return an answer as it may be kept; reading it gives what reading the whole one does.

    Refusals and half answers come back as they are, since nobody keeps them; so do answers that are no list and no
    store page.
    """
    keep = KEEPERS.get(urlsplit(url).path)
    if keep is None or refusal_of(url, status, body):
        return body
    if not 200 <= status < 300:
        return b""  # its status says all
    try:
        return keep(body)
    except PassingError:
        return body
    except RecursionError:  # just as deep as the stack was
        return NESTED


def kept_list_result(result: bytes) -> tuple[Any, dict[str, Any]]:
    """Return what is kept of the result of a search, and what of the rest is told."""
    value = loose_json(result)
    if not isinstance(value, dict):
        return stand_in(value), {}
    is_section = "list" in value  # in the script of a page it may stand alone
    section = value if is_section else value.get("poi_section")
    left_out = {name: size_of(part) for name, part in value.items() if name != "poi_section" and not is_section}
    if isinstance(section, dict):
        section = _kept_section(section, left_out)
    elif section is not None:
        section = stand_in(section)
    if is_section:
        return section, left_out
    return ({"poi_section": section} if "poi_section" in value else {}), left_out


def stand_in(value: Any) -> Any:
    """Return what an odd value leaves behind, so that it is counted again when it is read again: its kind, no word."""
    stand_ins: dict[type, Any] = {str: "…", list: [None], dict: {"…": None}}
    return stand_ins.get(type(value), value) if value else value


def size_of(value: Any) -> str:
    return f"{json_type(value)}, {len(write_json(value))} bytes"


def shapes_of(value: Any) -> dict[str, str]:
    shapes = Shapes()
    shapes.note(value)
    return shapes.lines()


def _kept_search(body: bytes) -> bytes:
    return _kept_answer(body, kept_list_result)


def _kept_store(body: bytes) -> bytes:
    return _kept_answer(body, _kept_sections)


def _kept_answer(body: bytes, keep: Callable[[bytes], tuple[Any, dict[str, Any]]]) -> bytes:
    try:
        kept, left_out = keep(result_of(body))
    except (ApiError, UnknownStoreError):
        said = loose_json(whole_json(body))
        message = said.get("result_msg")
        message = message[:LONGEST_MESSAGE] if isinstance(message, str) else stand_in(message)
        return write_json({"result_code": said["result_code"], "result_msg": message})
    except LayoutChangedError:
        return write_json({"left_out": shapes_of(loose_json(whole_json(body)))})
    return write_json({"result_code": "100", "result_data": kept, "left_out": left_out})


def _kept_section(section: dict[str, Any], left_out: dict[str, Any]) -> dict[str, Any]:
    rows: Any = section.get("list")
    params: Any = section.get("params")
    kept = {name: section[name] for name in SECTION_FIELDS if name in section}
    if "params" in section:
        is_told = isinstance(params, dict) and "rcount" in params
        kept["params"] = {"rcount": params["rcount"]} if is_told else stand_in(params)
    if isinstance(rows, dict):
        kept["list"] = {number: _kept_row(row, left_out) for number, row in rows.items()}
    elif "list" in section:
        kept["list"] = [_kept_row(row, left_out) for row in rows] if isinstance(rows, list) else stand_in(rows)
    left_out |= {name: size_of(part) for name, part in section.items() if name not in kept}
    return kept


def _kept_row(row: Any, left_out: dict[str, Any]) -> Any:
    if not isinstance(row, dict):
        return stand_in(row)
    for name in row.keys() - ROW_FIELDS:
        left_out.setdefault(f"list[].{name}", size_of(row[name]))
    return {name: without_people(value) for name, value in row.items() if name in ROW_FIELDS}


def _kept_sections(result: bytes) -> tuple[Any, dict[str, Any]]:
    oddities: list[Oddity] = []
    sections = sections_of(result, oddities)
    parts = [msgspec.Raw(json_without_people(sections[key])) for key in SECTIONS if key in sections]
    keyless = [stand_in(part) for part in loose_json(result) if not isinstance(part, dict)] if oddities else []
    rest = {key: part for key, part in sections.items() if key not in SECTIONS}
    if "restaurant" not in sections:
        return [*parts, *keyless], {key: shapes_of(loose_json(part)) for key, part in rest.items()}
    return [*parts, *keyless], {key: f"{len(part)} bytes" for key, part in rest.items()}


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
    return HTML_PAGE.format(head=_script("application/ld+json", known) if known else "", body="\n".join(parts)).encode()


def kept_list_page(body: bytes, keep: Callable[[bytes], tuple[Any, dict[str, Any]]]) -> bytes:
    """Return a list page with what `keep` keeps of the data in its script.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
    """
    try:
        kept, left_out = keep(list_data(page_text(body)))
    except LayoutChangedError:
        return HTML_PAGE.format(head="", body="<!-- no listData -->").encode()
    inside = msgspec.json.encode(_in_script(kept)).decode()[1:-1].replace("'", r"\'")
    data = f"<script>localStorage.setItem('listData', '{inside}');</script>"
    return HTML_PAGE.format(head="", body=f"{data}\n{_script('text/plain', left_out)}").encode()


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


@lru_cache(maxsize=1024)
def is_of_people(name: str) -> bool:
    """Tell by the name of a field whether it holds a visitor, or a visitor's words."""
    return bool(OF_PEOPLE.search(name))


def without_people(value: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON value without the fields that are of people, and without what is nested without end."""
    if depth > DEEPEST and isinstance(value, list | dict):
        return None
    if isinstance(value, list):
        return [without_people(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {
            name: without_people(entry, depth + 1)
            for name, entry in value.items()
            if not is_of_people(name) or (OF_FIGURES.search(name) and _is_figure(entry))
        }
    return value


def json_without_people(body: bytes) -> bytes:
    """Return JSON without them; as it came where none of the words stands in it."""
    lower = body.lower()
    if ESCAPED_ASCII not in lower and not any(word.encode() in lower for word in WORDS_OF_PEOPLE):
        return body
    return write_json(without_people(loose_json(body)))


def _is_figure(value: Any) -> bool:
    return not isinstance(value, str | list | dict) or (isinstance(value, str) and bool(A_FIGURE.fullmatch(value)))


KEEPERS: dict[str, Callable[[bytes], bytes]] = {
    search_form("").path: _kept_search,
    store_form("").path: _kept_store,
    LIST_PAGE: lambda body: kept_list_page(body, kept_list_result),
    STORE_PAGE: kept_store_page,
}
