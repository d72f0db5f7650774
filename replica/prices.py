"""Prices as menu boards write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

UNPRICED = ("가격 문의", "시가", "변동")
PLAIN_SHARE = 0.9


def write_won(krw: int) -> str:
    return f"{krw:,}원"


def write_price(krw: int, rng: Random) -> str:
    """Return the price in one of the spellings that say exactly this much: "15,900원", "1만2천원", "1.5만원"."""
    if rng.random() < PLAIN_SHARE:
        return write_won(krw)
    tens, rest = divmod(krw, 10_000)
    spellings = [write_won(krw), f"{krw}원"]
    if tens and rest >= 1000:
        spellings.append(f"{tens}만{rest}원")
    if krw % 1000 == 0:
        spellings += [
            f"{tens}만{rest // 1000}천원" if tens and rest else f"{tens}만원" if tens else f"{rest // 1000}천원"
        ]
        spellings += [f"{krw / 10_000:g}만원"] * bool(tens)
    return rng.choice(spellings)


def draw_price(low: int, high: int, rng: Random) -> int:
    """Return a usual price between two thousands of won: most end in 900, some in 000 or 500."""
    return rng.randint(low, high) * 1000 + rng.choices((900, 0, 500), (6, 3, 1))[0]
