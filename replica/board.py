"""A menu board over time: prices rise, dishes come and go; the offer itself stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from replica.offers import cheapest
from replica.prices import write_won
from replica.store import MenuLine

if TYPE_CHECKING:
    from random import Random

    from replica.store import Concept

RISES = (-0.06, 0.05, 0.08, 0.1, 0.15)
WON = re.compile(r"(?<![\d,만])[\d,]+(?=원)")  # not the end of 1만9900원
# None of them says anything of all-you-can-eat.
DISHES = (
    ("비빔막국수", 9500), ("초계국수", 11_000), ("해물파전", 15_900), ("치즈볼", 5000), ("들깨수제비", 9900),
    ("하이볼", 7000), ("날치알밥", 4500), ("도토리묵무침", 12_000),
)  # fmt: skip


def raise_prices(concept: Concept, rng: Random) -> Concept:
    """Return the concept with the board's prices moved by one share, in whole thousands; now and then they fall."""
    share = rng.choice(RISES)
    menu = tuple(_reprice(line, share) for line in concept.menu)
    priced = replace(concept, menu=menu)
    return replace(priced, refill_price_krw=cheapest(priced.rates))


def change_dishes(concept: Concept, rng: Random) -> Concept:
    """Return the concept with a dish more or less; the first line and the offer stay, an empty board stays empty."""
    if not concept.menu:
        return concept
    plain = [line for line in concept.menu[1:] if not line.rates]
    if plain and rng.random() < 0.5:
        gone = rng.choice(plain)
        return replace(concept, menu=tuple(line for line in concept.menu if line is not gone))
    name, krw = rng.choice(DISHES)
    if any(line.name == name for line in concept.menu):
        return concept
    return replace(concept, menu=(*concept.menu, MenuLine(name, write_won(krw))))


def _reprice(line: MenuLine, share: float) -> MenuLine:
    """Return the line with its new price; one in words, or as vague as "2만원대", stays as it is."""
    rates = tuple(rate._replace(krw=_move(rate.krw, share)) for rate in line.rates)
    if len({rate.krw for rate in rates}) == 1 and rates[0].krw and not line.price.endswith("대"):
        return replace(line, price=write_won(rates[0].krw), rates=rates)
    text = WON.sub(lambda amount: f"{_move(int(amount[0].replace(',', '')), share):,}", line.price)
    return line if text == line.price else replace(line, price=text, rates=rates)


def _move(krw: int, share: float) -> int:
    """Return another price, a whole thousand away at least and with the same last digits; small ones stay."""
    step = round(krw * share / 1000) * 1000 or (1000 if share > 0 else -1000)
    return krw + step if krw >= 3000 else krw
