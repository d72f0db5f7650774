"""Prices out of menus: which amount, for whom, for which meal, on which day."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, cast

from refillspot.items import Price
from refillspot.parsing.amount import Amount, find_amounts, hide_other_numbers
from refillspot.parsing.price_words import LABEL, Dimension, read_label
from refillspot.parsing.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Audience, DayKind, Meal

CHEAPEST_KRW, DEAREST_KRW = 500, 300_000  # of a meal for one; beyond it is a notice, a bottle of wine, a misprint
FREE = re.compile(r"무료|공짜")
IN_BRACKETS = re.compile(r"\s?\(([^()]{1,40})\)")
LONGEST_TEXT = 5_000  # characters; no price text is as long
DIMENSIONS: tuple[Dimension, ...] = ("audience", "meal", "day")


def parse_prices(text: str) -> list[Price]:
    """Return every price of a text, in order; labels carry on as a reader would carry them.

    "평일 점심 15,900원 저녁 19,900" has two, both of weekdays. "가격 문의" has none. "36개월 미만 무료" is a child's 0.
    """
    line = hide_other_numbers(" ".join(plain_text(text).split())[:LONGEST_TEXT])
    said = _Said()
    prices: list[Price] = []
    position = 0
    for amount in (*_with_free(line, find_amounts(line)), None):
        for label in LABEL.finditer(line, position, amount.start if amount else len(line)):
            said.hear(label)
        if amount is None:
            break
        position = amount.end
        if amount.highest == 0 and not said.just_heard("audience"):
            continue  # something is free, but nobody's meal
        after = IN_BRACKETS.match(line, amount.end)
        if after and not find_amounts(after[1]):
            position = after.end()
        prices += said.price(amount, after[1] if after else "")
    return prices


def parse_price_krw(text: str) -> int | None:
    """Return the one price that a menu line states, in won; None if it states none, a range, or several."""
    amounts = {(price.krw_min, price.krw_max) for price in parse_prices(text) if price.krw_max}
    if len(amounts) != 1:
        return None
    lowest, highest = amounts.pop()
    return lowest if lowest == highest else None


def is_plausible_krw(value: int) -> bool:
    """Tell whether an amount can be the price of a meal for one."""
    return CHEAPEST_KRW <= value <= DEAREST_KRW


def _with_free(line: str, amounts: list[Amount]) -> list[Amount]:
    free = [Amount(0, 0, match.start(), match.end()) for match in FREE.finditer(line)]
    return sorted([*amounts, *free], key=lambda amount: amount.start)


class _Said:
    """The labels that hold at one place of a text.

    What was named first is the outer one: in "성인 평일 …" each day is the adults', in "평일 성인 …" each audience is
    the weekdays'. A new value of an outer label ends what was said inside the old one.
    """

    def __init__(self) -> None:
        self._values: dict[Dimension, list[str | None]] = {}  # in order of first mention
        self._fresh: set[Dimension] = set()  # said since the last price

    def hear(self, match: re.Match[str]) -> None:
        label = read_label(match)
        if label is None:
            return
        dimension, value = label
        if dimension in self._fresh:  # "주말 및 공휴일"
            self._values[dimension].append(value)
            return
        if dimension in self._values:
            order = list(self._values)
            for inner in order[order.index(dimension) + 1 :]:
                if inner not in self._fresh:
                    del self._values[inner]
        self._values[dimension] = [value]
        self._fresh.add(dimension)

    def just_heard(self, dimension: Dimension) -> bool:
        return dimension in self._fresh

    def price(self, amount: Amount, bracket: str) -> Iterator[Price]:
        """Yield the price once for each combination of labels; "15,900원 (성인)" labels itself."""
        values = {dimension: list(said) for dimension, said in self._values.items()}
        own: dict[Dimension, list[str | None]] = {}
        for label in map(read_label, LABEL.finditer(bracket)):
            if label:
                own.setdefault(label[0], []).append(label[1])
        values |= own
        self._fresh.clear()
        audiences, meals, days = (dict.fromkeys(values.get(name, [None])) for name in DIMENSIONS)
        plain = Price(amount.lowest, amount.highest)
        for audience, meal, day in product(audiences, meals, days):
            yield replace(
                plain,
                audience=cast("Audience | None", audience),
                meal=cast("Meal | None", meal),
                day=cast("DayKind | None", day),
            )
