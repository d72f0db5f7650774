from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from replica.board import raise_prices
from replica.concepts import draw_ordinary, draw_refill
from replica.store import Concept, MenuLine, Rate

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = range(400)
VAGUE = re.compile(r"만원대|무료")


def drawn_by(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # invented data


@pytest.mark.parametrize("draw", [draw_refill, draw_ordinary])
def test_new_prices_mean_what_the_new_board_says(draw: Callable[[Random], Concept]) -> None:
    for seed in SEEDS:
        before = draw(drawn_by(seed))
        after = raise_prices(before, drawn_by(seed + 1))
        for old, new in zip(before.menu, after.menu, strict=True):
            written = {int(text.replace(",", "")) for text in re.findall(r"[\d,]+(?=원)", new.price)}

            assert (old.name, old.description) == (new.name, new.description)
            assert (old.price != new.price) == (old.rates != new.rates) or not old.rates, new
            assert VAGUE.search(new.price) or {rate.krw for rate in new.rates} <= written, new


@pytest.mark.parametrize("price", ["1만9900원", "1만2천원", "1.5만원", "시가", "무료", "0원", "2,000원"])
def test_what_is_no_plain_price_stays(price: str) -> None:
    concept = Concept("", (), (MenuLine("", price),), ())

    assert {raise_prices(concept, drawn_by(seed)).menu[0].price for seed in range(20)} == {price}


def test_a_text_of_several_prices_moves_as_one() -> None:
    rates = (Rate(20_900, "adult"), Rate(12_900, "child"))
    concept = Concept("", (), (MenuLine("", "대인 20,900원 소인 12,900원", rates=rates),), ())
    after = {raise_prices(concept, drawn_by(seed)) for seed in range(30)}

    assert {line.price for says in after for line in says.menu} >= {
        "대인 19,900원 소인 11,900원",
        "대인 22,900원 소인 13,900원",
    }
    assert {says.refill_price_krw for says in after} >= {19_900, 22_900}
