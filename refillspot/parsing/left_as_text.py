"""What of a store's words its parsers could not read: kept as text, and to be counted. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from refillspot.parsing.category import find_cuisines
from refillspot.parsing.price import parse_prices

if TYPE_CHECKING:
    from refillspot.items import MenuItem, Store


def count_left_as_text(store: Store) -> Counter[str]:
    """Return how often each kind of thing was left as text, nothing where all was read.

    hours_unread: a text that gave no day. hours_partly: one with parts that were not understood (`OpeningHours.notes`).
    prices_unread: menu lines with a number that is no price. outliers: menu lines whose price is no meal's.
    dongs_unread: an address without a dong. dongs_elsewhere: the point lies in another one than the address.
    categories_unknown: categories outside the vocabulary, see `unknown_categories`.
    """
    return +Counter(
        hours_unread=int(bool(store.hours_text) and store.hours is None),
        hours_partly=int(store.hours is not None and bool(store.hours.notes)),
        prices_unread=sum(map(_is_unread, store.menu or ())),
        outliers=sum(item.outlier for item in store.menu or ()),
        dongs_unread=int(bool(store.addr or store.road_addr) and store.dong is None),
        dongs_elsewhere=int(store.dong_confirmed is False),
        categories_unknown=len(unknown_categories(store)),
    )


def unknown_categories(store: Store) -> list[str]:
    """Return the categories of a store that no word of the vocabulary explains."""
    return find_cuisines(store.categories or ()).unknown


def _is_unread(item: MenuItem) -> bool:
    text = item.price_text if item.price_krw is None else None
    return bool(text) and any(map(str.isdigit, text or "")) and not parse_prices(text or "")
