"""What a page says of a restaurant for search engines: JSON-LD, whose nesting is not known for sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.exceptions import MalformedAnswerError
from refillspot.sites.diningcode.json_parts import whole_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

SCRIPT = '//script[@type="application/ld+json"]/text()'
RESTAURANT = frozenset({"FoodEstablishment", "Restaurant"})
MENU_ITEM = frozenset({"MenuItem"})

Thing = dict[str, Any]


def find_restaurant(page: Selector) -> Thing | None:
    """Return the first restaurant that a script describes, None if none does. A script that is no JSON says nothing."""
    for script in page.xpath(SCRIPT).getall():
        try:
            value = msgspec.json.decode(whole_json(script.encode("utf-8", "replace")))
        except (MalformedAnswerError, msgspec.ValidationError):
            continue
        if restaurant := next(find_things(value, RESTAURANT), None):
            return restaurant
    return None


def find_things(value: Any, kinds: frozenset[str]) -> Iterator[Thing]:
    """Yield what is of these types (`@type`), at any depth, in the order of the text."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict) and kinds.intersection(_texts(part.get("@type"))):
            yield part
        elif isinstance(part, list | dict):
            left += reversed(list(part.values()) if isinstance(part, dict) else part)


def text_of(thing: Any, name: str) -> str | None:
    """Return a property that is a text or a number, as text."""
    value = thing.get(name) if isinstance(thing, dict) else None
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def texts_of(thing: Thing, name: str) -> list[str] | None:
    """Return a property that is one text or several; None if it is not there."""
    return _texts(thing.get(name)) or None


def price_of(item: Thing) -> str | None:
    """Return the price of a menu item as its text, from its first offer or its own property."""
    offers = item.get("offers")
    offer = offers[0] if isinstance(offers, list) and offers else offers
    return text_of(offer, "price") if isinstance(offer, dict) else text_of(item, "price")


def address_of(thing: Thing) -> str | None:
    """Return the postal address in one line, "서울특별시 강남구 테헤란로 1"; None if it is not there."""
    address = thing.get("address")
    if not isinstance(address, dict):
        return text_of(thing, "address")
    parts = [text_of(address, part) for part in ("addressRegion", "addressLocality", "streetAddress")]
    return " ".join(part.strip() for part in parts if part and part.strip()) or None


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
