"""Prices out of menus: which amount, for whom, for which meal, on which day."""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, cast

from refillspot.items import Price
from refillspot.parsing.price.amount import LABEL, Amount, Dimension, find_amounts, hide_other_numbers, read_label
from refillspot.parsing.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Audience, DayKind, Meal

CHEAPEST_KRW, DEAREST_KRW = 500, 300_000  # of a meal for one; beyond it is a notice, a bottle of wine, a misprint
PLAIN = re.compile(r"(\d{1,3}(?:,\d{3}){0,3}|\d{1,8})원", re.ASCII)
FREE = re.compile(r"무료|공짜")
IN_BRACKETS = re.compile(r"\s?\(([^()]{1,40})\)")
# Beside the price of a meal: what is added to it or taken off, and what it was before.
SURCHARGE_BEFORE = re.compile(
    r"(?:환경 ?[부분]담금|벌금|보증금|예약금|정상?가격?|원가|\+ ?음료|남[기긴길김][가-힣]{0,2}(?: ?(?:시|경우|때))?"
    r"|(?:추가|초과|연장)(?: ?시)?(?: ?\d{1,2} ?(?:시간|분)(?: ?당)?)?)[ :]{0,2}$|\+ ?$"
)
SURCHARGE_AFTER = re.compile(r" ?(?:씩 ?)?(?:추가(?! ?\d)|할인(?!가)|적립|쿠폰|벌금|인상|인하|상당|별도|[→⇒]|[-=]>)")
# Stands between those who pay nothing and the word: "36개월 미만 무료"; in "어린이 음료 무료" it is the drink.
_FREE_FOR = r"(?:미만|이하|이전|까지|입장|식사|요금|이용|아동|동반|고객|[은는의]|[ ():,~·-])*"
FREE_FOR = re.compile(_FREE_FOR)
THEN_FREE = re.compile(rf"{_FREE_FOR}(?:{FREE.pattern})")
LISTED = re.compile(r" ?(?:[/,·&+~]|및|와|과|그리고)? ?")  # 주말/공휴일
AS_WELL = re.compile(r"포함")  # "주말 21,900원 (공휴일 포함)"
LONGEST_TEXT = 1_000  # characters that are read; no price text is as long
DIMENSIONS: tuple[Dimension, ...] = ("audience", "meal", "day")


def parse_prices(text: str) -> list[Price]:
    """Return every price of a text, in order; labels carry on as a reader would carry them.

    "평일 점심 15,900원 저녁 19,900" has two, both of weekdays. "가격 문의" has none. "36개월 미만 무료" is a child's 0.
    """
    if plain := PLAIN.fullmatch(text):  # nine of ten
        krw = int(plain[1].replace(",", ""))
        return [Price(krw, krw)] if krw else []
    line = hide_other_numbers(" ".join(plain_text(text).split())[:LONGEST_TEXT])
    amounts = _find_all(line)
    brackets = [_bracket(line, amount) for amount in amounts]
    heard = _hear_labels(line, amounts, brackets)
    said = _Said()
    prices: list[Price] = []
    bare = _count_bare(heard)
    for number, (amount, bracket) in enumerate(zip(amounts, brackets, strict=True)):
        for label in heard[number]:
            said.hear(label)
        if heard[number]:
            said.deal_out(bare[number] + 1)
        if amount.highest == 0 and not bracket and not _is_for_somebody(line, amount, heard[number], said):
            continue  # something is free, but nobody's meal
        prices += said.price(amount, bracket)
    return prices


@lru_cache(maxsize=4096)  # 5,000원 is on every menu
def parse_price_krw(text: str) -> int | None:
    """Return the one price that a menu line states, in won; None if it states none, a range, or several."""
    amounts = {(price.krw_min, price.krw_max) for price in parse_prices(text) if price.krw_max}
    if len(amounts) != 1:
        return None
    lowest, highest = amounts.pop()
    return lowest if lowest == highest else None


def find_labels(text: str) -> dict[Dimension, list[str | None]]:
    """Return what a text says of its prices, in order: "주말/공휴일 성인" -> day: weekend, holiday; audience: adult.

    Who pays nothing is no label of the price beside it: "무한리필 (어린이 무료)".
    """
    said: dict[Dimension, list[str | None]] = {}
    ends: dict[Dimension, int] = {}
    for match in LABEL.finditer(text):
        label = read_label(match)
        if label is None or THEN_FREE.match(text, match.end()):
            continue
        dimension, value = label
        listed = dimension in ends and LISTED.fullmatch(text, ends[dimension], match.start())
        if not listed:
            said[dimension] = []  # "점심뷔페 (저녁)": the later is the closer
        said[dimension].append(value)
        ends[dimension] = match.end()
    return said


def is_plausible_krw(value: int) -> bool:
    """Tell whether an amount can be the price of a meal for one."""
    return CHEAPEST_KRW <= value <= DEAREST_KRW


def _is_for_somebody(line: str, free: Amount, labels: list[re.Match[str]], said: _Said) -> bool:
    """Tell whether 무료 is said of those who were just named, and not of a drink."""
    return said.just_heard("audience") and bool(labels) and bool(FREE_FOR.fullmatch(line, labels[-1].end(), free.start))


def _find_all(line: str) -> list[Amount]:
    """Return the amounts that are prices; 무료 is 0. A surcharge counts only where it is all there is."""
    amounts = find_amounts(line)
    prices = [
        amount
        for amount in amounts
        if not (SURCHARGE_BEFORE.search(line, max(0, amount.start - 20), amount.start))
        and not SURCHARGE_AFTER.match(line, amount.end)
    ]
    free = [Amount(0, 0, match.start(), match.end()) for match in FREE.finditer(line)]
    return sorted([*(prices or amounts), *free], key=lambda amount: amount.start)


def _bracket(line: str, amount: Amount) -> str:
    """Return the bracket right behind an amount, " (성인)", "" if none or it is of another price: "(7세 무료)"."""
    match = IN_BRACKETS.match(line, amount.end)
    return match[0] if match and not find_amounts(match[1]) and not FREE.search(match[1]) else ""


def _hear_labels(line: str, amounts: list[Amount], brackets: list[str]) -> list[list[re.Match[str]]]:
    """Return the labels of each amount: those before it, or those behind it in "15,900원 성인, 9,900원 소인"."""
    starts = [amount.start for amount in amounts]
    ends = [amount.end + len(bracket) for amount, bracket in zip(amounts, brackets, strict=True)]
    between = _parted(list(LABEL.finditer(line)), list(zip([0, *ends], [*starts, len(line)], strict=True)))
    free = [not amount.highest for amount in amounts]
    of_free = [said[-1:] if is_free else [] for said, is_free in zip(between, free, strict=False)]
    others = [said[: len(said) - len(own)] for said, own in zip(between, [*of_free, []], strict=True)]
    priced = [number for number, is_free in enumerate(free) if not is_free]
    if priced and not others[0] and others[priced[-1] + 1]:
        return [own if is_free else others[n + 1] for n, (own, is_free) in enumerate(zip(of_free, free, strict=True))]
    return between[:-1]


def _parted(labels: list[re.Match[str]], spans: list[tuple[int, int]]) -> list[list[re.Match[str]]]:
    """Return the labels that stand within each of the spans, both in the order of the text."""
    parted: list[list[re.Match[str]]] = []
    at = 0
    for start, end in spans:
        while at < len(labels) and labels[at].start() < start:
            at += 1
        first = at
        while at < len(labels) and labels[at].end() <= end:
            at += 1
        parted.append(labels[first:at])
    return parted


def _count_bare(heard: list[list[re.Match[str]]]) -> list[int]:
    """Return, for each amount, how many right behind it have no label of their own."""
    bare = [0] * len(heard)
    for number in reversed(range(len(heard) - 1)):
        bare[number] = 0 if heard[number + 1] else bare[number + 1] + 1
    return bare


class _Said:
    """The labels that hold at one place of a text.

    What was named first is the outer one: in "성인 평일 …" each day is the adults', in "평일 성인 …" each audience is
    the weekdays'. A new value of an outer label ends what was said inside the old one.
    """

    def __init__(self) -> None:
        self._values: dict[Dimension, list[str | None]] = {}  # in order of first mention
        self._fresh: set[Dimension] = set()  # said since the last price
        self._turned: set[Dimension] = set()  # took a second value, with none inside the first: "점심 … 저녁 …"
        self._dealt: deque[tuple[Dimension, str | None]] = deque()

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
            inner = order[order.index(dimension) + 1 :]
            self._forget(inner)
            if not inner:
                self._turned.add(dimension)
        else:  # "점심 … 저녁 … 주말 …": the weekend stands beside the meals, not inside the dinner
            self._forget(list(self._turned))
        self._values[dimension] = [value]
        self._fresh.add(dimension)

    def _forget(self, dimensions: list[Dimension]) -> None:
        for dimension in dimensions:
            if dimension not in self._fresh:
                del self._values[dimension]
                self._turned.discard(dimension)

    def deal_out(self, prices: int) -> None:
        """Give each of the next prices one value: "성인/소인 19,900/9,900원"."""
        lists = [name for name in self._fresh if len(self._values[name]) == prices > 1]
        self._dealt = deque((lists[0], value) for value in self._values[lists[0]]) if len(lists) == 1 else deque()

    def just_heard(self, dimension: Dimension) -> bool:
        return dimension in self._fresh

    def price(self, amount: Amount, bracket: str) -> Iterator[Price]:
        """Yield the price once for each combination of labels; "15,900원 (성인)" labels itself."""
        free = amount.highest == 0  # on any day, at any meal: what was said of the prices before holds for these
        values = {name: list(said) for name, said in self._values.items() if not free or name in self._fresh}
        as_well = AS_WELL.search(bracket)
        for name, own in find_labels(bracket).items():
            if not as_well:
                values[name] = own
            elif name in values:
                values[name] += own
        if self._dealt:
            dimension, value = self._dealt.popleft()
            values[dimension] = [value]
        self._fresh.clear()
        audiences, meals, days = (dict.fromkeys(values.get(name, [None])) for name in DIMENSIONS)
        for audience, meal, day in product(audiences, meals, days):
            yield Price(
                amount.lowest,
                amount.highest,
                cast("Audience | None", audience),
                cast("Meal | None", meal),
                cast("DayKind | None", day),
            )
