"""The all-you-can-eat offer of a menu: by audience, by meal, in several lines or in one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replica.kinds import SIDES
from replica.prices import UNPRICED, draw_price, write_price, write_won
from replica.store import MenuLine

if TYPE_CHECKING:
    from random import Random

    from replica.kinds import Kind


class Tariff(NamedTuple):
    """One price of an offer: its label, its share of the adult dinner price, whether an adult pays it."""

    label: str
    share: float
    adult: bool = True


IN_LINES: tuple[tuple[Tariff, ...], ...] = (
    (Tariff("", 1),),
    (Tariff(" (성인)", 1), Tariff(" (초등학생)", 0.7, adult=False), Tariff(" (미취학 아동)", 0.45, adult=False)),
    (Tariff(" 대인", 1), Tariff(" 소인", 0.65, adult=False)),
    (Tariff(" 성인", 1), Tariff(" 청소년", 0.85, adult=False), Tariff(" 36개월~7세", 0.5, adult=False)),
    (
        Tariff(" 평일 런치", 0.8),
        Tariff(" 평일 디너", 1),
        Tariff(" 주말/공휴일", 1.1),
        Tariff(" 초등학생", 0.6, adult=False),
    ),
    (Tariff(" (점심)", 0.85), Tariff(" (저녁)", 1)),
    (Tariff(" 평일", 1), Tariff(" 주말", 1.1), Tariff(" 경로 우대", 0.75, adult=False)),
)
IN_ONE_TEXT: tuple[tuple[str, tuple[Tariff, ...]], ...] = (
    ("성인 {}, 청소년 {}, 어린이 {}", (Tariff("", 1), Tariff("", 0.85, adult=False), Tariff("", 0.65, adult=False))),
    ("평일 점심 {} / 평일 저녁 {} / 주말 {}", (Tariff("", 0.8), Tariff("", 1), Tariff("", 1.1))),
    ("대인 {} 소인 {}", (Tariff("", 1), Tariff("", 0.6, adult=False))),
)
RULES = ("", "", "", "이용시간 100분", "2인 이상 주문 가능", "이용시간 2시간, 음식을 남기면 환경부담금", "음료 포함")


def build_offer(title: str, kind: Kind, rng: Random) -> tuple[list[MenuLine], int | None]:
    """Return the lines of an offer and its cheapest adult price in won, None where the board gives none."""
    krw = draw_price(kind.low, kind.high, rng)
    form = rng.random()
    if form < 0.03:
        return [MenuLine(title, rng.choice(UNPRICED), rng.choice(RULES))], None
    if form < 0.05 and krw >= 20_000:
        return [MenuLine(title, f"{krw // 10_000}만원대", rng.choice(RULES))], krw // 10_000 * 10_000
    if form < 0.2:
        text, tariffs = rng.choice(IN_ONE_TEXT)
        paid = [_share(krw, tariff) for tariff in tariffs]
        price = text.format(*map(write_won, paid))
        return [MenuLine(title, price, rng.choice(RULES))], _cheapest(paid, tariffs)
    tariffs = rng.choice(IN_LINES)
    paid = [_share(krw, tariff) for tariff in tariffs]
    rule = rng.choice(RULES)
    lines = [
        MenuLine(title + tariff.label, write_price(won, rng), rule, best=tariff.share == 1)
        for won, tariff in zip(paid, tariffs, strict=True)
    ]
    return lines, _cheapest(paid, tariffs)


def build_sides(rng: Random) -> list[MenuLine]:
    """Return what is sold beside an offer, now and then with the fee for leftovers, which is no price of a meal."""
    lines = [
        MenuLine(name, write_price(thousands * 1000, rng)) for name, thousands in rng.sample(SIDES, rng.randint(0, 5))
    ]
    if rng.random() < 0.06:
        lines.append(MenuLine("환경부담금 (음식 남길 시)", "5,000원"))
    if rng.random() < 0.04:
        lines.append(MenuLine("36개월 미만", "무료"))
    return lines


def _share(krw: int, tariff: Tariff) -> int:
    """Return a tariff's price: the same last three digits, whole thousands apart, never free."""
    return krw if tariff.share == 1 else max(2000, round(krw * tariff.share / 1000) * 1000) + krw % 1000


def _cheapest(paid: list[int], tariffs: tuple[Tariff, ...]) -> int:
    return min(won for won, tariff in zip(paid, tariffs, strict=True) if tariff.adult)
