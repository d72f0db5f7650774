"""What a page says of a restaurant for search engines: JSON-LD, whose nesting is not known for sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

RESTAURANT = frozenset({"FoodEstablishment", "Restaurant"})
MENU_ITEM = frozenset({"MenuItem"})

Thing = dict[str, Any]


def find_restaurant(page: Selector) -> Thing | None:
    """Return the first restaurant that a script describes, None if none does. A script that is no JSON says nothing."""
    for script in page.xpath('//script[@type="application/ld+json"]/text()').getall():
        try:
            value = msgspec.json.decode(script)
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
        if restaurant := next(find_things(value, RESTAURANT), None):
            return restaurant
    return None


def find_things(value: Any, kinds: frozenset[str]) -> Iterator[Thing]:
    """Yield what is of these types (`@type`), at any depth, in the order of the text."""
    if isinstance(value, list):
        for part in value:
            yield from find_things(part, kinds)
    elif isinstance(value, dict):
        if kinds.intersection(_texts(value.get("@type"))):
            yield value
        else:
            yield from find_things(list(value.values()), kinds)


def text_of(thing: Thing, name: str) -> str | None:
    """Return a property that is a text or a number, as text."""
    value = thing.get(name)
    return str(value) if isinstance(value, str | int | float) else None


def texts_of(thing: Thing, name: str) -> list[str] | None:
    """Return a property that is one text or several; None if it is not there."""
    return _texts(thing.get(name)) or None


def price_of(item: Thing) -> str | None:
    """Return the price of a menu item as its text, from its first offer or its own property."""
    offers = item.get("offers")
    offer = offers[0] if isinstance(offers, list) and offers else offers
    return text_of(offer, "price") if isinstance(offer, dict) else text_of(item, "price")


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
