"""The API's answers as types: tolerant exactly where the site is known to vary, loud everywhere else.

A field without a default is one that every observed answer carries: when it is gone, the layout has changed.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from refillspot.exceptions import (
    ApiError,
    BlockedError,
    LayoutChangedError,
    MalformedAnswerError,
    UnknownStoreError,
)
from refillspot.items import Road  # noqa: TC001  # msgspec reads it

SUCCESS = "100"
NO_SUCH_STORE = "존재하지 않는"  # the replica's words; the site's own are not known, and then it is an ApiError
T = TypeVar("T")


class Row(msgspec.Struct, kw_only=True):
    """One store in a list. `keyword[]` is not here: it depends on the query and says nothing of the store."""

    v_rid: str
    nm: str
    branch: str | None
    addr: str | None
    road_addr: str | None
    phone: str | None
    category: str | None
    lat: float | str | None
    lng: float | str | None
    score: int | float | str | None
    user_score: float | str | None
    review_cnt: int | str | None
    open_status: str | None
    image: str | None
    image_list: list[str] | None = None


class PoiSection(msgspec.Struct, kw_only=True):
    total_cnt: int
    rows: list[msgspec.Raw] = msgspec.field(name="list")


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
    terms: list[tuple[str, ...]] = msgspec.field(default_factory=list)
    """Beside each row: up to four terms, those of the search first. Evidence of the search, not of the store."""
    broken: list[str] = msgspec.field(default_factory=list)
    cap: int | None = None
    """Rows of one query that can be seen at most by the road that the page came; None = that is to be found out."""


class Images(msgspec.Struct):
    urls: list[str] | None = msgspec.field(name="list", default=None)


class Restaurant(msgspec.Struct, kw_only=True):
    """Section `restaurant`: the only one that every store page has."""

    rn: str
    branch: str | None = None
    categories: list[str] | None = None
    lat: float | str | None = None
    lng: float | str | None = None
    phone: str | None = None
    score: int | float | str | None = None
    img: str | None = None
    images: Images | None = None


class HoursRow(msgspec.Struct):
    """A line of the week: `duration` the day's label (empty = the day above goes on), `time` the text."""

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
    bhour: list[HoursRow] | None = None
    bhour_seo: list[HoursRow] | None = None


class MenuLine(msgspec.Struct, kw_only=True):
    menu: str
    price: str | None = None
    description: str | None = None
    best: bool | int | str | None = None


class Menu(msgspec.Struct, kw_only=True):
    """Section `menu`."""

    lines: list[MenuLine] = msgspec.field(name="list")


class StorePage(msgspec.Struct):
    """A store page. A section that is None was not there, which says nothing about the store."""

    restaurant: Restaurant
    detail: Detail | None = None
    menu: Menu | None = None
    road: Road = "api"


class _Envelope(msgspec.Struct, kw_only=True):
    result_code: str
    result_msg: str | None = None
    result_data: msgspec.Raw = msgspec.Raw(b"{}")


class _SectionKey(msgspec.Struct):
    key: str | None = None


def decode_search(body: bytes) -> SearchPage:
    """Read a list page. A row that cannot be read does not cost its neighbours.

    Raises:
        BlockedError, MalformedAnswerError, ApiError: the site did not answer the question.
        LayoutChangedError: the answer, or every row of it, is not in the known shape.
    """
    section = convert(_result(body), _SearchData, "$.result_data").poi_section
    return read_rows(section, "$.result_data.poi_section")


def read_rows(section: PoiSection | None, path: str, cap: int | None = None) -> SearchPage:
    """Return the rows that can be read; `path` is where the section was found, `cap` what the page shows at most.

    Raises:
        LayoutChangedError: no row of several could be read.
    """
    page = SearchPage(total=0, cap=cap)
    if section is None:
        return page
    page.total = section.total_cnt
    for number, raw in enumerate(section.rows):
        try:
            page.rows.append(convert(bytes(raw), Row, f"{path}.list[{number}]"))
        except LayoutChangedError as error:
            page.broken.append(str(error))
        else:
            page.terms.append(_terms(bytes(raw)))
    if page.broken and not page.rows:
        raise LayoutChangedError(f"no row of {len(page.broken)} could be read: {page.broken[0]}")
    return page


def _terms(row: bytes) -> tuple[str, ...]:
    """Return the terms beside a row, none where they are not as known: nothing rests on them alone."""
    try:
        return tuple(term.term for term in msgspec.json.decode(row, type=_Terms).keyword or ())
    except msgspec.ValidationError:
        return ()


def decode_store(body: bytes) -> StorePage:
    """Read a store page. Sections are found by their key, never by position.

    Raises:
        BlockedError, MalformedAnswerError, ApiError: the site did not answer the question.
        UnknownStoreError: there is no such store.
        LayoutChangedError: `restaurant` is missing, or a section is not in the known shape.
    """
    sections: dict[str, bytes] = {}
    for number, raw in enumerate(convert(_result(body), list[msgspec.Raw], "$.result_data")):
        key = convert(bytes(raw), _SectionKey, f"$.result_data[{number}]").key
        if key:
            sections.setdefault(key, bytes(raw))
    if "restaurant" not in sections:
        raise LayoutChangedError(f"$.result_data has no section `restaurant`, only {sorted(sections)}")
    return StorePage(
        restaurant=convert(sections["restaurant"], Restaurant, "$.result_data[restaurant]"),
        detail=_section(sections, "detail", Detail),
        menu=_section(sections, "menu", Menu),
    )


def _section(sections: dict[str, bytes], key: str, shape: type[T]) -> T | None:
    return convert(sections[key], shape, f"$.result_data[{key}]") if key in sections else None


def _result(body: bytes) -> bytes:
    if body.lstrip().startswith(b"<"):
        raise BlockedError("a page for humans came where JSON was due: the site is refusing this crawl for now")
    envelope = convert(body, _Envelope, "$")
    if envelope.result_code != SUCCESS and NO_SUCH_STORE in (envelope.result_msg or ""):
        raise UnknownStoreError(f"the site says that it has no such store: {envelope.result_msg}")
    if envelope.result_code != SUCCESS:
        raise ApiError(f"the site answered result_code {envelope.result_code!r}: {envelope.result_msg or 'no message'}")
    return bytes(envelope.result_data)


def convert(body: bytes, shape: type[T], path: str) -> T:
    """Return JSON as a type; `path` is where it was found, for the error.

    Raises:
        LayoutChangedError, MalformedAnswerError: it is in another shape, or not whole.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise LayoutChangedError(f"{path}: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedAnswerError(f"{path}: not whole JSON ({len(body)} bytes): {error}") from error
