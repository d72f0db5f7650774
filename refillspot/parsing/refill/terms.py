"""What an all-you-can-eat offer costs, and on which terms: how long, how many at least, leftovers, drinks."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from refillspot.items import RefillTerms
from refillspot.parsing.price import FREE, find_labels, is_plausible_krw, parse_prices
from refillspot.parsing.price.amount import LABEL, PERSON, find_amounts
from refillspot.parsing.refill import offers_refill
from refillspot.parsing.refill.words import is_side
from refillspot.parsing.text import plain_text

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


SHORTEST, LONGEST = 30, 300  # minutes at a table; others are extensions, warnings, opening times
LARGEST_PARTY = 4  # "10인 이상" is about reservations
LONGEST_TEXT = 500  # characters of one line that are read

_DURATION = re.compile(
    r"(?<![\d.:])(?:(?P<hours>\d) ?시간(?: ?(?P<minutes>\d{1,2}) ?분| ?(?P<half>반))?|(?P<only>\d{2,3}) ?분)"
    r"(?! ?(?:전|후|추가|연장|당|마다|이내 ?주문))"
)
_OF_SOMETHING_ELSE = re.compile(r"(?:추가|연장|초과|마감|주차|발렛)[^\d]{0,6}$")
_PARTY = re.compile(
    r"(?:최소 ?(?P<least>\d) ?(?:인|명)|(?<!\d)(?P<from>\d) ?(?:인|명)(?:분)? ?(?:이상|부터))"
    r"(?![^가-힣]{0,6}(?:할인|예약|단체|무료))"
)
_ALONE = re.compile(r"(?:1 ?인|혼밥) ?(?:도 ?)?(?:주문 ?|이용 ?|식사 ?)?(?:가능|환영)")
_LEFTOVERS = re.compile(r"환경 ?[부분]담금|음식물? ?(?:을 ?)?남[기길김긴]|잔반|남[기길김긴] ?(?:시|경우|면)")
_DRINK = r"(?:탄산 ?음료|음료수?|소프트 ?드링크|드링크바|음료바|주류|생?맥주|와인)"
_WITH_DRINKS = re.compile(rf"{_DRINK}[^/.]{{0,6}}?(?<!불)(?<!미)(?:포함|무료|무한|무제한)")
_WITHOUT_DRINKS = re.compile(rf"{_DRINK}[^/.]{{0,6}}?(?:별도|불포함|미포함|제외|유료)")


def parse_refill_terms(texts: Sequence[str]) -> RefillTerms | None:
    """Return what texts about one offer say of its terms, None if they say nothing. The first that speaks counts."""
    lines = [" ".join(plain_text(text).split())[:LONGEST_TEXT] for text in texts]
    terms = RefillTerms(
        time_limit_minutes=next(filter(None, map(_time_limit, lines)), None),
        min_persons=next(filter(None, map(_min_persons, lines)), None),
        leftover_fee=any(map(_LEFTOVERS.search, lines)) or None,
        leftover_fee_krw=next(filter(None, map(_leftover_fee, lines)), None),
        drinks_included=next((said for line in lines if (said := _drinks(line)) is not None), None),
    )
    return terms if terms != RefillTerms() else None


def refill_terms(menu: Sequence[MenuItem], offers: Sequence[MenuItem]) -> RefillTerms | None:
    """Return the terms that the menu of a refill store states in the lines of its offer, and in one for leftovers."""
    known = frozenset(offers)
    lines = [item for item in menu if item in known or _LEFTOVERS.search(item.name)]
    return parse_refill_terms([" | ".join(filter(None, (i.name, i.price_text, i.description))) for i in lines])


def _time_limit(line: str) -> int | None:
    for match in _DURATION.finditer(line):
        if _OF_SOMETHING_ELSE.search(line, max(0, match.start() - 10), match.start()):
            continue
        minutes = int(match["only"] or 0) + 60 * int(match["hours"] or 0) + int(match["minutes"] or 0)
        minutes += 30 if match["half"] else 0
        if SHORTEST <= minutes <= LONGEST:
            return minutes
    return None


def _min_persons(line: str) -> int | None:
    if match := _PARTY.search(line):
        number = int(match["least"] or match["from"])
        return number if 1 <= number <= LARGEST_PARTY else None
    return 1 if _ALONE.search(line) else None


def _leftover_fee(line: str) -> int | None:
    """Return the amount behind the words, in won: "음식을 남기면 환경부담금 5,000원"."""
    match = _LEFTOVERS.search(line)
    amounts = find_amounts(line[match.start() : match.start() + 40]) if match else []
    return amounts[0].lowest or None if amounts else None


def _drinks(line: str) -> bool | None:
    """Tell whether any drinks are in: they are also where wine costs extra, "음료 포함 (주류 별도)"."""
    if _WITH_DRINKS.search(line):
        return True
    return False if _WITHOUT_DRINKS.search(line) else None
