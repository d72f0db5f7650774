"""What the site's answers hold, as types: what identifies must be there, all else may be missing.

Both channels to the site come to these: its API, and the pages for people.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

import msgspec

from refillspot.items import Channel  # noqa: TC001  # as above
from refillspot.sites.diningcode.json_parts import NUMBER
from refillspot.sites.shapes import Oddity  # noqa: TC001  # as above

if TYPE_CHECKING:
    from collections.abc import Mapping

Ref = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,64}\Z")]
"""The site's id of a store: 12 letters and digits so far. Longer ones fit no index, others no terminal."""
LONGEST_NAME, LONGEST_TEXT = 300, 4000  # characters
Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
"""Longer ones are no text of a store; what parsers do with a text takes time."""
Number = int | float | Annotated[str, msgspec.Meta(pattern=NUMBER, max_length=40)] | None
"""Counts come as text too: "1,185"."""
MOST_ENTRIES = 500
T = TypeVar("T")
Entries = Annotated[list[T], msgspec.Meta(max_length=MOST_ENTRIES)]
"""Longer ones are none of a store or a search; how many entries there are is how long reading them takes."""


class Picture(msgspec.Struct):
    """A picture as it comes since 2026, its visitor left out; before, it was the address alone."""

    origin: Text | None = None
    middle: Text | None = None
    thumb: Text | None = None

    @property
    def address(self) -> str | None:
        """Of the largest."""
        return self.origin or self.middle or self.thumb


class Row(msgspec.Struct, kw_only=True):
    """One store in a list. `keyword[]` is not here: it depends on the query and says nothing of the store."""

    v_rid: Ref
    nm: Name
    branch: Text | None = None
    addr: Text | None = None
    road_addr: Text | None = None
    phone: Text | None = None
    category: Text | None = None
    lat: Number = None
    lng: Number = None
    score: Number = None
    user_score: Number = None
    review_cnt: Number = None
    open_status: Text | None = None
    image: Text | None = None
    image_list: Entries[Text | Picture] | None = None


LASTING_FIELDS = ("nm", "branch", "addr", "road_addr", "phone", "category", "lat", "lng")
"""What scores, counts of reviews and "open now" say changes from day to day, and is taken from the list anyway."""
ODD = "odd"
"""Key of a row on its way: it does not tell all that rows tell."""
DIGEST_BYTES = 8
HIGHLIGHT = re.compile(r"</?em>")  # around the words that were searched for


class _Counts(msgspec.Struct):
    rcount: Number = None


class PoiSection(msgspec.Struct, kw_only=True):
    total_cnt: Number = None
    rows: Entries[msgspec.Raw] | None = msgspec.field(name="list", default=None)
    params: _Counts | None = None


Terms = tuple[str | None, ...]
"""Up to four terms, those of the search first; None = one that could not be read."""


class SearchPage(msgspec.Struct):
    """A list page: how many stores match, the rows shown, and what was wrong with rows that could not be read."""

    total: int | None
    """Matches, as the site counts them. None = it does not say, or says what cannot be."""
    sent: int = 0
    """Rows of the page, those included that could not be read."""
    rows: list[Row] = msgspec.field(default_factory=list)
    terms: list[Terms | None] = msgspec.field(default_factory=list)
    """Beside each row, None = it does not tell them. Evidence of the search, not of the store."""
    odd_refs: set[str] = msgspec.field(default_factory=set)
    """Stores whose row does not tell all that rows tell."""
    broken: list[str] = msgspec.field(default_factory=list)
    cap: int | None = None
    """Rows of one query that can be seen at most by the channel that the page came; None = that is to be found out."""
    has_section: bool = True
    """There was a part for stores at all; the site leaves it out where it finds none."""
    oddities: list[Oddity] = msgspec.field(default_factory=list)
    """Of each row every one once."""


class Images(msgspec.Struct):
    pictures: Entries[Text | Picture] | None = msgspec.field(name="list", default=None)


class Restaurant(msgspec.Struct, kw_only=True):
    """Section `restaurant`: the only one that every store page has."""

    rn: Name
    branch: Text | None = None
    categories: Entries[Text] | None = None
    lat: Number = None
    lng: Number = None
    phone: Text | None = None
    score: Number = None
    img: Text | None = None
    images: Images | None = None


class HoursRow(msgspec.Struct):
    """A line of the week: `duration` the day's label, `time` the text.

    An empty label = the day above goes on. None = whose line it is is not known.
    """

    keeps_place: ClassVar[bool] = True
    """A line that is not as known leaves None in its list: what follows it without a label belongs to nobody."""

    duration: Text | None = None
    time: Text | None = None


class OpenStatus(msgspec.Struct):
    time: Text | None = None


class Detail(msgspec.Struct, kw_only=True):
    """Section `detail`."""

    address: Text | None = None
    road_address: Text | None = None
    phone: Text | None = None
    tag: Entries[Text] | None = None
    facility: Entries[Text] | None = None
    status: OpenStatus | None = None
    bhour: Entries[HoursRow] | None = None
    bhour_seo: Entries[HoursRow] | None = None


class MenuLine(msgspec.Struct, kw_only=True):
    menu: Name | None = None
    price: Name | None = None  # as short as one: how its words go together is what takes longest to read
    description: Text | None = None
    best: bool | int | Text | None = None


class Menu(msgspec.Struct, kw_only=True):
    """Section `menu`. `lines` None = it came without a list, which says nothing of the store."""

    lines: Entries[MenuLine] | None = msgspec.field(name="list", default=None)


class StorePage(msgspec.Struct):
    """A store page. A section that is None was not there, which says nothing about the store."""

    restaurant: Restaurant
    detail: Detail | None = None
    menu: Menu | None = None
    channel: Channel = "api"
    oddities: list[Oddity] = msgspec.field(default_factory=list)
    told: frozenset[str] = frozenset()
    """Paths of the parts that it has, "detail.phone", whatever is in them. Empty for a page for people: it has less."""


READ_SECTIONS: dict[str, type[msgspec.Struct]] = {"restaurant": Restaurant, "detail": Detail, "menu": Menu}


def row_version(row: Mapping[str, object]) -> bytes:
    """Return a digest of what a list row says of a store; when it is another one, the store's page is out of date.

    Empty = not known: the row is odd.
    """
    if row.get(ODD):
        return b""
    values = [_bare(row.get(name)) for name in LASTING_FIELDS]
    return blake2b(msgspec.msgpack.encode(values), digest_size=DIGEST_BYTES).digest()


def _bare(value: object) -> object:
    if not isinstance(value, str):
        return value
    return (HIGHLIGHT.sub("", value) if "<" in value else value).strip()
