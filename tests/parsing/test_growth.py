"""No text makes a parser slow: twice the size is no more than 2.5 times the work, for each parser there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.items import MenuItem, RefillVerdict
from refillspot.parsing.address import parse_address
from refillspot.parsing.category import find_cuisines, parse_categories
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.clock import read_moment, read_span
from refillspot.parsing.hours.weekdays import find_weeks, read_days
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import find_labels, parse_price_krw, parse_prices
from refillspot.parsing.price.amount import find_amounts, hide_other_numbers
from refillspot.parsing.refill import assess_refill, offers_refill
from refillspot.parsing.refill.terms import find_offers, parse_refill_terms, refill_prices, refill_terms
from refillspot.parsing.refill.words import find_brand, is_aside_place, is_side
from refillspot.parsing.text import clean_text, plain_text, strip_tags
from refillspot.regions import is_in_dong
from tests.parsing.growth import grows_linearly
from tests.parsing.hostile import repeated, units

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWN = 25  # for each parser
LENGTH = 6000  # characters; the border lets 4,000 of them through
LINES = 1200
CONFIRMED = RefillVerdict("confirmed", [])
TEXT_PARSERS: dict[str, Callable[[str], object]] = {
    "address": parse_address,
    "amounts": lambda text: find_amounts(hide_other_numbers(text)),
    "aside_place": lambda text: is_aside_place([text]),
    "brand": find_brand,
    "categories": parse_categories,
    "clean_text": clean_text,
    "cuisines": lambda text: find_cuisines([text]),
    "days": read_days,
    "dong": lambda text: is_in_dong("11680", text, 37.5, 127.0),
    "hours": parse_hours,
    "hours of a day": lambda text: parse_hours({"월": text}),
    "hours of a label": lambda text: parse_hours({text: "11:00 - 22:00"}),
    "labels": find_labels,
    "moment": read_moment,
    "offer": offers_refill,
    "phone": parse_phone,
    "plain_text": plain_text,
    "price": parse_price_krw,
    "prices": parse_prices,
    "refill": lambda text: assess_refill(name=text, branch=text, categories=[text], menu=[text], tags=[text]),
    "refill beside a salad bar": lambda text: assess_refill(
        name="", branch=None, categories=None, menu=[f"샐러드바 {text}"], tags=None
    ),
    "side": is_side,
    "span": read_span,
    "strip_tags": strip_tags,
    "terms": lambda text: parse_refill_terms([text]),
    "weeks": find_weeks,
}


def lines(unit: str, count: int) -> list[str]:
    return [f"{unit} {number}" for number in range(count)]


def menu(unit: str, count: int) -> list[MenuItem]:
    return [MenuItem(line, price_text=line, description=line) for line in lines(unit, count)]


def read_menu(items: list[MenuItem]) -> None:
    offers = find_offers(items, CONFIRMED)
    refill_prices(offers)
    refill_terms(items, offers)


MANY: dict[str, tuple[Callable[[Any], object], Callable[[str, int], Any]]] = {
    "categories": (parse_categories, lines),
    "cuisines": (find_cuisines, lines),
    "menu": (read_menu, menu),
    "refill": (lambda texts: assess_refill(name="", branch=None, categories=texts, menu=texts, tags=texts), lines),
    "terms": (parse_refill_terms, lines),
    "week": (parse_hours, lambda unit, count: dict.fromkeys(lines(unit, count), unit)),
}


@pytest.mark.parametrize("name", TEXT_PARSERS)
def test_no_text_makes_a_parser_slow(name: str) -> None:
    parse = TEXT_PARSERS[name]

    slow = [unit for unit in units(24, DRAWN) if not grows_linearly(parse, partial(repeated, unit), LENGTH)]

    assert slow == []


@pytest.mark.parametrize("name", MANY)
def test_nor_do_many_texts(name: str) -> None:
    read, build = MANY[name]

    slow = [
        unit
        for unit in (
            "성인 무한리필 1만원",
            "버섯무한리필",
            "월 11:00-22:00 브레이크타임 15:00-16:00, 16:00-17:00",
            "환경부담금",
            "구이",
        )
        if not grows_linearly(read, partial(build, unit), LINES)
    ]

    assert slow == []
