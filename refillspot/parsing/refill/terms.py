"""The terms of an all-you-can-eat offer: how long, how many at least, what leftovers cost, whether drinks are in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.items import RefillTerms
from refillspot.parsing.price.amount import find_amounts
from refillspot.parsing.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import MenuItem

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
