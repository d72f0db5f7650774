"""What the all-you-can-eat offer of a store costs, from its menu."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.parsing.price import FREE, is_plausible_krw, parse_prices
from refillspot.parsing.price_words import LABEL
from refillspot.parsing.refill import offers_refill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import MenuItem, Price, RefillVerdict

ORDINARY = {None, "adult"}
# No entrance fee, or one for several people.
NO_FEE = re.compile(r"환경 ?[부분]담금|남[기긴길]|벌금|주차|추가|예약금|보증금|포장|배달|[2-9] ?인(?! ?이상|분? ?부터)")
PERSON = re.compile(r"입장|이용[권료]|성인|대인|어른|1 ?인 ?이용")  # a fee, whatever dish is named beside it
# A dish that is sold at a time of day is no offer: 점심 특선, 런치 된장찌개.
DISH = re.compile(r"특선|정식|세트|찌개|냉면|국밥|덮밥|볶음밥|[가-힣]탕$|면$|소주|맥주|음료|와인")
_FREE_ENTRY = re.compile(r"미만|이하|까지|무료|공짜|입장|은|는")


def find_offers(menu: Sequence[MenuItem], verdict: RefillVerdict) -> list[MenuItem]:
    """Return the menu lines that are the refill offer: those that say so.

    Where none does, though the store is one, the lines that name an entrance, an audience, a meal or a day are taken
    ("입장료", "평일 점심", "성인 19,900원"): these are fees for a person, an ordinary dish has none. Nothing else is
    guessed.
    """
    if verdict.verdict == "unlikely":
        return []
    fees = [item for item in menu if not NO_FEE.search(item.name)]
    offers = [item for item in fees if offers_refill(item.name)]
    if not offers:
        stems = {_stem(item) for item in fees if PERSON.search(item.name)}
        offers = [item for item in fees if _is_fee(item) or _stem(item) in stems]
    free = [item for item in fees if offers and item not in offers and _is_free_entry(item)]
    return offers + free


def refill_prices(menu: Sequence[MenuItem], verdict: RefillVerdict) -> list[Price]:
    """Return the prices of the refill offer, each once."""
    offers = find_offers(menu, verdict)
    prices = (price for item in offers for price in parse_prices(f"{item.name}: {_price_text(item)}"))
    return list(dict.fromkeys(prices))


def headline_price_krw(prices: Sequence[Price]) -> int | None:
    """Return the cheapest ordinary adult price in won, ranges by their lower end; None if there is none."""
    ordinary = [price.krw_min for price in prices if price.audience in ORDINARY and is_plausible_krw(price.krw_min)]
    return min(ordinary, default=None)


def _is_fee(item: MenuItem) -> bool:
    line = f"{item.name} {_price_text(item)}"
    return bool(PERSON.search(line) or (LABEL.search(line) and not DISH.search(item.name)))


def _is_free_entry(item: MenuItem) -> bool:
    """Tell a line that names nobody but those who pay nothing: "36개월 미만", "무료"."""
    text = f"{item.name} {_price_text(item)}"
    return bool(FREE.search(text) and LABEL.search(item.name)) and not _FREE_ENTRY.sub("", _stem(item)).strip(" ()")


def _stem(item: MenuItem) -> str:
    """Return what is named beside the labels: that of "게살볶음밥 성인" and "게살볶음밥 청소년" is the same."""
    return LABEL.sub("", item.name).strip(" ()·,/-~")


def _price_text(item: MenuItem) -> str:
    return item.price_text or (f"{item.price_krw}원" if item.price_krw else "")
