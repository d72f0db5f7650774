"""The API's answers as types, and how they are read: what identifies must be there, all else may be as it likes.

A part that is missing, null or of another type than is known costs that part alone, and is told as an `Oddity`.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, TypeVar

import msgspec

from refillspot.diningcode.json_parts import Oddity, read_part, whole_json
from refillspot.exceptions import ApiError, BlockedError, LayoutChangedError, UnknownStoreError
from refillspot.items import Road  # noqa: TC001  # msgspec reads it

SUCCESS = "100"
NO_SUCH_STORE = "존재하지 않는"  # the replica's words; the site's own are not known, and then it is an ApiError
LONGEST_MESSAGE = 200  # characters of the site's own words in an error
T = TypeVar("T")

Number = int | float | str | None
"""Counts come as text too: "1,185"."""


class Picture(msgspec.Struct):
    """A picture as it comes since 2026, its visitor left out; before, it was the address alone."""

    origin: str | None = None
    middle: str | None = None
    thumb: str | None = None


class Row(msgspec.Struct, kw_only=True):
    """One store in a list. `keyword[]` is not here: it depends on the query and says nothing of the store."""

    v_rid: str
    nm: str
    branch: str | None = None
    addr: str | None = None
    road_addr: str | None = None
    phone: str | None = None
    category: str | None = None
    lat: Number = None
    lng: Number = None
    score: Number = None
    user_score: Number = None
    review_cnt: Number = None
    open_status: str | None = None
    image: str | Picture | None = None
    image_list: list[str | Picture] | None = None


class _Counts(msgspec.Struct):
    rcount: Number = None


class PoiSection(msgspec.Struct, kw_only=True):
    total_cnt: Number = None
    rows: list[msgspec.Raw] | None = msgspec.field(name="list", default=None)
    params: _Counts | None = None


class _SearchData(msgspec.Struct):
    poi_section: PoiSection | None = None  # missing when nothing was found


class _Term(msgspec.Struct):
    term: str


class _Terms(msgspec.Struct):
    keyword: list[_Term] | None = None


class SearchPage(msgspec.Struct):
    """A list page: how many stores match, the rows shown, and what was wrong with rows that could not be read."""

    total: int
    rows: list[Row] = msgspec.field(default_factory=list)
    terms: list[tuple[str, ...] | None] = msgspec.field(default_factory=list)
    """Beside each row: up to four terms, those of the search first. Evidence of the search, not of the store.

    None = the row does not tell them."""
    broken: list[str] = msgspec.field(default_factory=list)
    cap: int | None = None
    """Rows of one query that can be seen at most by the road that the page came; None = that is to be found out."""
    oddities: list[Oddity] = msgspec.field(default_factory=list)


class Images(msgspec.Struct):
    pictures: list[str | Picture] | None = msgspec.field(name="list", default=None)


class Restaurant(msgspec.Struct, kw_only=True):
    """Section `restaurant`: the only one that every store page has."""

    rn: str
    branch: str | None = None
    categories: list[str] | None = None
    lat: Number = None
    lng: Number = None
    phone: str | None = None
    score: Number = None
    img: str | Picture | None = None
    images: Images | None = None


class HoursRow(msgspec.Struct):
    """A line of the week: `duration` the day's label (empty = the day above goes on, None = whose it is is not known),
    `time` the text.
    """

    duration: str | None = None
    time: str | None = None


class OpenStatus(msgspec.Struct):
    time: str | None = None


class Detail(msgspec.Struct, kw_only=True):
    """Section `detail`."""

    address: str | None = None
    road_address: str | None = None
    phone: str | None = None
    tag: list[str] | None = None
    facility: list[str] | None = None
    status: OpenStatus | None = None
    bhour: list[HoursRow | None] | None = None
    """None = a line that is not as known: what follows it without a label belongs to nobody."""
    bhour_seo: list[HoursRow | None] | None = None


class MenuLine(msgspec.Struct, kw_only=True):
    menu: str | None = None
    price: str | None = None
    description: str | None = None
    best: bool | int | str | None = None


class Menu(msgspec.Struct, kw_only=True):
    """Section `menu`. `lines` None = it came without a list, which says nothing of the store."""

    lines: list[MenuLine] | None = msgspec.field(name="list", default=None)


class StorePage(msgspec.Struct):
    """A store page. A section that is None was not there, which says nothing about the store."""

    restaurant: Restaurant
    detail: Detail | None = None
    menu: Menu | None = None
    road: Road = "api"
    oddities: list[Oddity] = msgspec.field(default_factory=list)


READ_SECTIONS: dict[str, type[msgspec.Struct]] = {"restaurant": Restaurant, "detail": Detail, "menu": Menu}


class _Envelope(msgspec.Struct, kw_only=True):
    result_code: str | int
    result_msg: Any = None
    result_data: msgspec.Raw = msgspec.Raw(b"null")


class _SectionKey(msgspec.Struct):
    key: str | None = None


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
    if section is None:
        for odd in oddities:
            if odd.path == "poi_section" and odd.came != "empty array":  # that is how PHP writes an object of nothing
                raise LayoutChangedError(f"poi_section: {odd.came} where {odd.due} was due")
        return page
    total = number_of(section.total_cnt)
    if total is None and section.params:
        total = number_of(section.params.rcount)
    if section.rows is None and total != 0:
        raise LayoutChangedError("poi_section.list: no list of stores")
    for raw in section.rows or ():
        _read_row(bytes(raw), page)
    if page.broken and not page.rows:
        raise LayoutChangedError(f"no row of {len(page.broken)} could be read: {page.broken[0]}")
    page.total = int(total) if total is not None else len(section.rows or ())
    return page


def _read_row(raw: bytes, page: SearchPage) -> None:
    try:
        row = read_part(raw, Row, "list[]", page.oddities)
        if not (row.v_rid.strip() and row.nm.strip()):
            raise LayoutChangedError(f"list[].{'nm' if row.v_rid.strip() else 'v_rid'}: empty text")
    except LayoutChangedError as error:
        page.broken.append(str(error))
        return
    page.rows.append(row)
    terms = read_part(raw, _Terms, "list[]", page.oddities).keyword
    page.terms.append(None if terms is None else tuple(term.term for term in terms))


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
        raise LayoutChangedError(f"result_data: no section `restaurant`, only {sorted(sections)[:20]}")
    restaurant = read_part(sections["restaurant"], Restaurant, "restaurant", oddities)
    if not restaurant.rn.strip():
        raise LayoutChangedError("restaurant.rn: empty text")
    return StorePage(
        restaurant=restaurant,
        detail=_section(sections, "detail", Detail, oddities),
        menu=_section(sections, "menu", Menu, oddities),
        oddities=oddities,
    )


def sections_of(result_data: bytes, oddities: list[Oddity]) -> dict[str, bytes]:
    """Return the sections of a store page by their key; of two with one key the first.

    Raises:
        LayoutChangedError: it is no list of sections.
    """
    sections: dict[str, bytes] = {}
    for raw in read_part(result_data, list[msgspec.Raw], "result_data", oddities):
        try:
            key = read_part(bytes(raw), _SectionKey, "result_data[]", oddities).key
        except LayoutChangedError:  # told among the oddities
            continue
        if key:
            sections.setdefault(key, bytes(raw))
    return sections


def _section(sections: dict[str, bytes], key: str, shape: type[T], oddities: list[Oddity]) -> T | None:
    return read_part(sections[key], shape, key, oddities) if key in sections else None


def result_of(body: bytes) -> bytes:
    """Return what an answer of the API holds, as whole JSON.

    Raises:
        BlockedError, MalformedAnswerError, ApiError, UnknownStoreError, LayoutChangedError: it holds nothing.
    """
    if body.lstrip().startswith(b"<"):
        raise BlockedError("a page for humans came where JSON was due: the site is refusing this crawl for now")
    envelope = read_part(whole_json(body), _Envelope, "", [])
    code = str(envelope.result_code)
    message = envelope.result_msg[:LONGEST_MESSAGE] if isinstance(envelope.result_msg, str) else ""
    if code != SUCCESS and NO_SUCH_STORE in message:
        raise UnknownStoreError(f"the site says that it has no such store: {message}")
    if code != SUCCESS:
        raise ApiError(f"the site answered result_code {code[:LONGEST_MESSAGE]!r}: {message or 'no message'}")
    return bytes(envelope.result_data)


def number_of(value: Number) -> float | None:
    """Return a number, also of "1,234"; None for anything else, as infinity is."""
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
