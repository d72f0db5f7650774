"""The all-you-can-eat offer of a menu: by audience, by meal, in several lines or in one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replica.kinds import SIDES
from replica.prices import UNPRICED, draw_price, write_price, write_won
from replica.store import MenuLine, Rate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from replica.kinds import Kind
    from replica.store import Audience, Day, Meal


class Tariff(NamedTuple):
    """One price of an offer: its label, its share of the adult dinner price, and who pays it when."""

    label: str
    share: float
    audience: Audience | None = None
    meal: Meal | None = None
    days: tuple[Day, ...] = ()
    """Empty = not said."""


WEEKDAY: tuple[Day, ...] = ("weekday",)
WEEKEND: tuple[Day, ...] = ("weekend",)
IN_LINES: tuple[tuple[Tariff, ...], ...] = (
    (Tariff("", 1),),
    (Tariff(" (성인)", 1, "adult"), Tariff(" (초등학생)", 0.7, "child"), Tariff(" (미취학 아동)", 0.45, "child")),
    (Tariff(" 대인", 1, "adult"), Tariff(" 소인", 0.65, "child")),
    (Tariff(" 성인", 1, "adult"), Tariff(" 청소년", 0.85, "teen"), Tariff(" 36개월~7세", 0.5, "child")),
    (
        Tariff(" 평일 런치", 0.8, meal="lunch", days=WEEKDAY),
        Tariff(" 평일 디너", 1, meal="dinner", days=WEEKDAY),
        Tariff(" 주말/공휴일", 1.1, days=("weekend", "holiday")),
        Tariff(" 초등학생", 0.6, "child"),
    ),
    (Tariff(" (점심)", 0.85, meal="lunch"), Tariff(" (저녁)", 1, meal="dinner")),
    (Tariff(" 평일", 1, days=WEEKDAY), Tariff(" 주말", 1.1, days=WEEKEND), Tariff(" 경로 우대", 0.75, "senior")),
)
IN_ONE_TEXT: tuple[tuple[str, tuple[Tariff, ...]], ...] = (
    ("성인 {}, 청소년 {}, 어린이 {}", (Tariff("", 1, "adult"), Tariff("", 0.85, "teen"), Tariff("", 0.65, "child"))),
    (
        "평일 점심 {} / 평일 저녁 {} / 주말 {}",
        (
            Tariff("", 0.8, meal="lunch", days=WEEKDAY),
            Tariff("", 1, meal="dinner", days=WEEKDAY),
            Tariff("", 1.1, days=WEEKEND),
        ),
    ),
    ("대인 {} 소인 {}", (Tariff("", 1, "adult"), Tariff("", 0.6, "child"))),
    # what is said of others is no label of the price beside it
    ("{} (24개월 미만 무료)", (Tariff("", 1), Tariff("", 0, "child"))),
    ("성인 {} (미취학 무료)", (Tariff("", 1, "adult"), Tariff("", 0, "child"))),
    ("{} (초등학생 30% 할인)", (Tariff("", 1),)),
    ("{} (노키즈존)", (Tariff("", 1),)),
    ("{} (점심 이용 불가)", (Tariff("", 1),)),
    ("평일 {} (주말 3,000원 추가)", (Tariff("", 1, days=WEEKDAY),)),
)
LUNCH_TITLES = ("점심", "런치")
RULES = ("", "", "", "이용시간 100분", "2인 이상 주문 가능", "이용시간 2시간, 음식을 남기면 환경부담금", "음료 포함")


def build_offer(title: str, kind: Kind, rng: Random) -> tuple[list[MenuLine], int | None]:
    """Return the lines of an offer and its cheapest adult price in won, None where the board gives none."""
    krw = draw_price(kind.low, kind.high, rng)
    form = rng.random()
    if form < 0.03:
        return [MenuLine(title, rng.choice(UNPRICED), rng.choice(RULES))], None
    if form < 0.05 and krw >= 20_000:
        krw = krw // 10_000 * 10_000
        rates = _rate(title, Tariff("", 1), krw)
        return [MenuLine(title, f"{krw // 10_000}만원대", rng.choice(RULES), rates=rates)], krw
    if form < 0.2:
        text, tariffs = rng.choice(IN_ONE_TEXT)
        paid = [_share(krw, tariff) for tariff in tariffs]
        price = text.format(*map(write_won, filter(None, paid)))
        rates = tuple(rate for won, tariff in zip(paid, tariffs, strict=True) for rate in _rate(title, tariff, won))
        return [MenuLine(title, price, rng.choice(RULES), rates=rates)], cheapest(rates)
    tariffs = rng.choice(IN_LINES)
    paid = [_share(krw, tariff) for tariff in tariffs]
    rule = rng.choice(RULES)
    lines = [
        MenuLine(title + tariff.label, write_price(won, rng), rule, tariff.share == 1, _rate(title, tariff, won))
        for won, tariff in zip(paid, tariffs, strict=True)
    ]
    return lines, cheapest(rate for line in lines for rate in line.rates)


def build_sides(rng: Random) -> list[MenuLine]:
    """Return what is sold beside an offer, now and then with the fee for leftovers, which is no price of a meal."""
    lines = [
        MenuLine(name, write_price(thousands * 1000, rng)) for name, thousands in rng.sample(SIDES, rng.randint(0, 5))
    ]
    if rng.random() < 0.06:
        lines.append(MenuLine("환경부담금 (음식 남길 시)", "5,000원"))
    if rng.random() < 0.04:
        lines.append(MenuLine("36개월 미만", "무료", rates=(Rate(0, "child"),)))
    return lines


def _share(krw: int, tariff: Tariff) -> int:
    """Return a tariff's price: the same last three digits, whole thousands apart; free only where its share is 0."""
    return (
        0
        if not tariff.share
        else krw
        if tariff.share == 1
        else max(2000, round(krw * tariff.share / 1000) * 1000) + krw % 1000
    )


def _rate(title: str, tariff: Tariff, krw: int) -> tuple[Rate, ...]:
    """Return what a price means, once per kind of day; what the tariff leaves open the title may say (런치뷔페)."""
    meal: Meal | None = tariff.meal or ("lunch" if title.startswith(LUNCH_TITLES) else None)
    days: tuple[Day | None, ...] = tariff.days or (WEEKDAY if title.startswith("평일") else (None,))
    return tuple(Rate(krw, tariff.audience, meal, day) for day in days)


def cheapest(rates: Iterable[Rate]) -> int | None:
    """Return the least that an adult pays, in won; None = the board gives no price."""
    return min((rate.krw for rate in rates if rate.adult), default=None)
