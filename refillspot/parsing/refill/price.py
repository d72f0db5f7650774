"""What the all-you-can-eat offer of a store costs, from its menu."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from refillspot.parsing.price import FREE, find_labels, is_plausible_krw, parse_prices
from refillspot.parsing.price.words import LABEL, PERSON
from refillspot.parsing.refill import offers_refill
from refillspot.parsing.refill.words import is_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.items import MenuItem, Price, RefillVerdict

ORDINARY = {None, "adult"}
# No entrance fee, or one for several people.
NO_FEE = re.compile(
    r"환경 ?[부분]담금|남[기긴길]|벌금|주차|추가|예약금|보증금|포장|배달|커플"
    r"|(?:패밀리|가족) ?(?:세트|메뉴)|[2-9] ?인(?! ?이상|분? ?부터)"
)
# "2인 39,800원", "39,800원 (2인)": what one of them pays, nobody says. "2인 이상 19,900원" is a person's.
_GROUP = r"(?<!\d)(?:[2-9] ?인(?!당| ?이상|분? ?부터)(?: ?(?:분|용|세트|기준))?|커플|패밀리|가족)"
_GROUP_PRICE = re.compile(rf"{_GROUP}[ :]{{0,2}}[\d,.만천]+ ?원?|[\d,.만천]+ ?원? ?\( ?{_GROUP} ?\)")
# A dish that is sold at a time of day is no offer: 점심 특선, 런치 된장찌개.
DISH = re.compile(r"특선|정식|세트|찌개|냉면|국밥|덮밥|볶음밥|[가-힣]탕$|면$|소주|맥주|음료|와인")
_FREE_ENTRY = re.compile(r"미만|이하|까지|무료|공짜|입장|은|는")


def find_offers(menu: Sequence[MenuItem], verdict: RefillVerdict) -> list[MenuItem]:
    """Return the menu lines that are the refill offer: those that say so.

    Where none does, though the store is one, the lines that name an entrance, an audience, a meal or a day are taken
    ("입장료", "평일 점심", "성인 19,900원"): these are fees for a person, an ordinary dish has none; else the one dish
    that a confirmed store has beside rice and drinks. Nothing else is guessed.
    """
    if verdict.verdict == "unlikely":
        return []
    fees = [item for item in menu if not NO_FEE.search(item.name)]
    offers = [item for item in fees if offers_refill(item.name)]
    if not offers:
        stems = {_stem(item) for item in fees if _is_for_persons(item)}
        offers = [item for item in fees if _is_fee(item) or _stem(item) in stems]
        offers = [] if all(map(_is_free_entry, offers)) else offers
    if not offers and verdict.verdict == "confirmed":
        dishes = [item for item in fees if not (DISH.search(item.name) or is_side(item.name))]
        offers = dishes if len(dishes) == 1 else []
    known = frozenset(offers)
    free = [item for item in fees if offers and item not in known and _is_free_entry(item)]
    return offers + free


def refill_prices(offers: Sequence[MenuItem]) -> list[Price]:
    """Return the prices of the lines that are the refill offer, each once."""
    return list(dict.fromkeys(price for item in offers for price in _prices(item)))


def headline_price_krw(prices: Sequence[Price]) -> int | None:
    """Return the cheapest ordinary adult price in won, ranges by their lower end; None if there is none."""
    ordinary = [price.krw_min for price in prices if price.audience in ORDINARY and is_plausible_krw(price.krw_min)]
    return min(ordinary, default=None)


def _prices(item: MenuItem) -> Iterator[Price]:
    """Yield the prices of a line; what its name says ("평일 점심") holds for a price that says nothing of it itself."""
    text = _GROUP_PRICE.sub(" ", _price_text(item))
    if not text.strip():
        return
    named = find_labels(item.name)
    for price in parse_prices(text) or parse_prices(f"{item.name}: {text}"):
        unsaid = [name for name in named if getattr(price, name) is None]
        for values in product(*(named[name] for name in unsaid)):
            labels: dict[str, Any] = dict(zip(unsaid, values, strict=True))
            yield replace(price, **labels)


def _is_fee(item: MenuItem) -> bool:
    line = f"{item.name} {_price_text(item)}"
    return bool(PERSON.search(line) or (LABEL.search(line) and not DISH.search(item.name)))


def _is_for_persons(item: MenuItem) -> bool:
    """Tell a fee by its name: it names persons, or a day. No dish costs more for adults or at the weekend."""
    return bool(PERSON.search(item.name)) or find_labels(item.name).keys() & {"audience", "day"} > set()


def _is_free_entry(item: MenuItem) -> bool:
    """Tell a line that names nobody but those who pay nothing: "36개월 미만", "무료"."""
    text = f"{item.name} {_price_text(item)}"
    return bool(FREE.search(text) and LABEL.search(item.name)) and not _FREE_ENTRY.sub("", _stem(item)).strip(" ()")


def _stem(item: MenuItem) -> str:
    """Return what is named beside the labels: that of "게살볶음밥 성인" and "게살볶음밥 청소년" is the same."""
    return LABEL.sub("", item.name).strip(" ()·,/-~")


def _price_text(item: MenuItem) -> str:
    return item.price_text or (f"{item.price_krw}원" if item.price_krw else "")
