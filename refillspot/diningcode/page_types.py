"""What the site's answers hold, as types: what identifies must be there, all else may be missing.

Both roads to the site come to these: the API, and the pages for people.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from refillspot.diningcode.json_parts import Oddity  # noqa: TC001  # msgspec reads it
from refillspot.items import Road  # noqa: TC001  # as above

Number = int | float | Annotated[str, msgspec.Meta(pattern=r"^ *-?[0-9][0-9,]*(\.[0-9]+)? *$")] | None
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
    image: str | None = None
    image_list: list[str | Picture] | None = None


class _Counts(msgspec.Struct):
    rcount: Number = None


class PoiSection(msgspec.Struct, kw_only=True):
    total_cnt: Number = None
    rows: list[msgspec.Raw] | None = msgspec.field(name="list", default=None)
    params: _Counts | None = None


Terms = tuple[str | None, ...]
"""Up to four terms, those of the search first; None = one that could not be read."""


class SearchPage(msgspec.Struct):
    """A list page: how many stores match, the rows shown, and what was wrong with rows that could not be read."""

    total: int
    rows: list[Row] = msgspec.field(default_factory=list)
    terms: list[Terms | None] = msgspec.field(default_factory=list)
    """Beside each row, None = it does not tell them. Evidence of the search, not of the store."""
    broken: list[str] = msgspec.field(default_factory=list)
    cap: int | None = None
    """Rows of one query that can be seen at most by the road that the page came; None = that is to be found out."""
    has_section: bool = True
    """There was a part for stores at all; the site leaves it out where it finds none."""
    oddities: list[Oddity] = msgspec.field(default_factory=list)
    """Of each row every one once."""


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
    img: str | None = None
    images: Images | None = None


class HoursRow(msgspec.Struct):
    """A line of the week: `duration` the day's label, `time` the text.

    An empty label = the day above goes on. None = whose line it is is not known.
    """

    keeps_place: ClassVar[bool] = True
    """A line that is not as known leaves None in its list: what follows it without a label belongs to nobody."""

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
