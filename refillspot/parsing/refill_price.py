"""What the all-you-can-eat offer of a store costs, from its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.parsing.price import is_plausible_krw, parse_prices
from refillspot.parsing.price_words import LABEL
from refillspot.parsing.refill import assess_refill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import MenuItem, Price, RefillVerdict

ORDINARY = {None, "adult"}


def refill_prices(menu: Sequence[MenuItem], verdict: RefillVerdict) -> list[Price]:
    """Return the prices of the menu lines that are the refill offer: those that say so.

    Where none does, though the store is one, the lines that name an audience, a meal or a day are taken ("평일 점심",
    "성인 19,900원"): these are fees for a person, an ordinary dish has none. Nothing else is guessed.
    """
    offers = [item for item in menu if _is_offer(item)]
    if not offers and verdict.verdict != "unlikely":
        offers = [item for item in menu if LABEL.search(f"{item.name} {item.price_text or ''}")]
    prices = (price for item in offers for price in parse_prices(f"{item.name}: {item.price_text or ''}"))
    return list(dict.fromkeys(prices))


def headline_price_krw(prices: Sequence[Price]) -> int | None:
    """Return the cheapest ordinary adult price in won, ranges by their lower end; None if there is none."""
    ordinary = [price.krw_min for price in prices if price.audience in ORDINARY and is_plausible_krw(price.krw_min)]
    return min(ordinary, default=None)


def _is_offer(item: MenuItem) -> bool:
    alone = assess_refill(name="", branch=None, categories=None, menu=[item.name], tags=None)
    return alone.verdict == "confirmed"
