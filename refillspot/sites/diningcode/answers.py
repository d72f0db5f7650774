"""The API's answers, read: what identifies must be there, all else may be as it likes.

A part that is missing, null or of another type than is known costs that part alone, and is told as an `Oddity`.
"""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from refillspot.exceptions import ApiError, BlockedError, LayoutChangedError, UnknownStoreError
from refillspot.sites.diningcode.json_parts import loose_json, read_part, whole_json, without_mark
from refillspot.sites.diningcode.page_types import (
    LASTING_FIELDS,
    READ_SECTIONS,
    Detail,
    Entries,
    Menu,
    Name,
    Number,
    Picture,
    PoiSection,
    Restaurant,
    Row,
    SearchPage,
    StorePage,
)
from refillspot.sites.shapes import Oddity, json_type

if TYPE_CHECKING:
    from collections.abc import Iterable

LASTING = [f'"{name}"'.encode() for name in LASTING_FIELDS]
SUCCESS = "100"
NO_SUCH_STORE = "존재하지 않는"  # the replica's words; the site's own are not known, and then it is an ApiError
MOST_PICTURES = 2  # of a row, which travels with a request; the store's page has all of them
MOST_STORES = 1_000_000  # all restaurants of the country are fewer
LONGEST_MESSAGE = 200  # characters of the site's own words in an error
T = TypeVar("T")


class _SearchData(msgspec.Struct):
    poi_section: PoiSection | None = None  # missing when nothing was found


class _Term(msgspec.Struct):
    keeps_place: ClassVar[bool] = True  # which terms come first says something
    term: Name | None = None


class _Terms(msgspec.Struct):
    keyword: Entries[_Term] | None = None


USUAL_PARTS = {
    **{f"restaurant.{name}": attrgetter(f"restaurant.{name}") for name in (
        "categories", "lat", "lng", "phone", "score", "images")},
    **{f"detail.{name}": attrgetter(f"detail.{name}") for name in (
        "address", "road_address", "phone", "tag", "status", "bhour")},
    "menu.list": attrgetter("menu.lines"),
}  # fmt: skip
"""Those that some of twenty stores have at least; where none has one, the site has renamed it or taken it out."""


class _Envelope(msgspec.Struct, kw_only=True):
    result_code: str | int
    result_msg: Any = None
    result_data: msgspec.Raw = msgspec.Raw(b"null")


class _SectionKey(msgspec.Struct):
    key: Name | None = None


def decode_search(body: bytes) -> SearchPage:
    """Read a list page. A row that cannot be read does not cost its neighbours.

    Raises:
        BlockedError, MalformedAnswerError, ApiError: the site did not answer the question.
        LayoutChangedError: there is no list in the answer, or none of its rows can be read.
    """
    oddities: list[Oddity] = []
    section = read_part(result_of(body), _SearchData, "", oddities).poi_section
    return read_rows(section, oddities)


def read_rows(section: PoiSection | None, oddities: list[Oddity], cap: int | None = None) -> SearchPage:
    """Return the rows that can be read; `oddities` of what was around them, `cap` what the page shows at most.

    Raises:
        LayoutChangedError: there is no list, or no row of several could be read.
    """
    page = SearchPage(total=0, cap=cap, oddities=oddities)
    if section is None:  # nothing was found
        for odd in oddities:
            if odd.path == "poi_section":
                raise LayoutChangedError(f"poi_section: {odd.came} where {odd.due} was due")
        page.has_section = False
        return page
    page.total = _total(section.total_cnt, "total_cnt", oddities)
    if page.total is None and section.params:
        page.total = _total(section.params.rcount, "params.rcount", oddities)
    if section.rows is None and page.total != 0:
        raise LayoutChangedError("poi_section.list: no list of stores")
    page.sent = len(section.rows or ())
    for raw in map(bytes, section.rows or ()):
        if raw.startswith(b"{"):
            _read_row(raw, page)
        else:  # it names no store, so that none is missing
            oddities.append(Oddity("poi_section.list[]", json_type(loose_json(raw)), "object"))
    if section.rows and not page.rows:
        raise LayoutChangedError(f"no row of {page.sent} could be read: {(page.broken or ['no object'])[0]}")
    return page


def _total(value: Number, name: str, oddities: list[Oddity]) -> int | None:
    """Return how many stores match; None where that is not said, or cannot be."""
    number = number_of(value)
    if number is not None and not 0 <= number <= MOST_STORES:
        oddities.append(Oddity(f"poi_section.{name}", "impossible number", "number"))
        return None
    return None if number is None else int(number)


def _read_row(raw: bytes, page: SearchPage) -> None:
    found: list[Oddity] = []
    try:
        row = read_part(raw, Row, "list[]", found)
        terms = read_part(raw, _Terms, "list[]", found).keyword
    except LayoutChangedError as error:
        page.broken.append(str(error))
        return
    finally:
        page.oddities += dict.fromkeys(found)
    if not row.nm.strip():
        page.broken.append("list[].nm: empty text where text was due")
        return
    pictures = (one.address if isinstance(one, Picture) else one for one in row.image_list or ())
    addresses: list[str | Picture] = [address for address in pictures if address]
    row.image_list = addresses[:MOST_PICTURES] or None
    if found or not all(name in raw for name in LASTING):
        page.odd_refs.add(row.v_rid)
    page.rows.append(row)
    page.terms.append(None if terms is None else tuple(term.term if term else None for term in terms))


def decode_store(body: bytes) -> StorePage:
    """Read a store page. Sections are found by their key, never by position.

    Raises:
        BlockedError, MalformedAnswerError, ApiError: the site did not answer the question.
        UnknownStoreError: there is no such store.
        LayoutChangedError: there is no section `restaurant`, or it has no name.
    """
    oddities: list[Oddity] = []
    sections = sections_of(result_of(body), oddities)
    if "restaurant" not in sections:
        raise LayoutChangedError(f"result_data: no section `restaurant` among {len(sections)}")
    restaurant = read_part(sections["restaurant"], Restaurant, "restaurant", oddities)
    if not restaurant.rn.strip():
        raise LayoutChangedError("restaurant.rn: empty text")
    return StorePage(
        restaurant=restaurant,
        detail=_section(sections, "detail", Detail, oddities),
        menu=_section(sections, "menu", Menu, oddities),
        oddities=list(dict.fromkeys(oddities)),
        told=frozenset(f"{key}.{name}" for key in READ_SECTIONS for name in _names_in(sections.get(key))),
    )


def _names_in(section: bytes | None) -> Iterable[str]:
    try:
        return msgspec.json.decode(section or b"{}", type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:  # told among the oddities
        return ()


def sections_of(result_data: bytes, oddities: list[Oddity]) -> dict[str, bytes]:
    """Return the sections of a store page by their key; of two with one key the first.

    Raises:
        LayoutChangedError: it is no list of sections.
    """
    raws = read_part(result_data, list[msgspec.Raw], "result_data", oddities)
    with suppress(msgspec.ValidationError):  # the common way, in one go
        keys = [section.key for section in msgspec.json.decode(result_data, type=list[_SectionKey])]
        return {key: bytes(raw) for key, raw in reversed(list(zip(keys, raws, strict=True))) if key}
    sections: dict[str, bytes] = {}
    for raw in map(bytes, raws):
        with suppress(LayoutChangedError):  # told among the oddities
            if key := read_part(raw, _SectionKey, "result_data[]", oddities).key:
                sections.setdefault(key, raw)
    return sections


def _section(sections: dict[str, bytes], key: str, shape: type[T], oddities: list[Oddity]) -> T | None:
    return read_part(sections[key], shape, key, oddities) if key in sections else None


def result_of(body: bytes) -> bytes:
    """Return what an answer of the API holds, as whole JSON.

    Raises:
        BlockedError, MalformedAnswerError, ApiError, UnknownStoreError, LayoutChangedError: it holds nothing.
    """
    if without_mark(body).lstrip().startswith(b"<"):
        raise BlockedError("a page for humans came where JSON was due: the site is refusing this crawl for now")
    envelope = read_part(whole_json(body), _Envelope, "", [])
    code = str(envelope.result_code)
    message = envelope.result_msg[:LONGEST_MESSAGE] if isinstance(envelope.result_msg, str) else ""
    if code != SUCCESS and NO_SUCH_STORE in message:
        raise UnknownStoreError(f"the site says that it has no such store: {message}")
    if code != SUCCESS:
        raise ApiError(f"the site answered result_code {code[:LONGEST_MESSAGE]!r}: {message or 'no message'}")
    return bytes(envelope.result_data)


def absent_parts(page: SearchPage | StorePage) -> list[str]:
    """Return the paths of parts that an answer of the API should have, and does not say anything of."""
    if isinstance(page, SearchPage):
        return [] if page.has_section else ["poi_section"]
    if page.channel != "api":
        return []
    whole = StorePage(page.restaurant, page.detail or Detail(), page.menu or Menu())
    return [path for path, value_of in USUAL_PARTS.items() if value_of(whole) is None]


def number_of(value: Number) -> float | None:
    """Return a number, also of "1,234"; None for anything else, as infinity is."""
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
