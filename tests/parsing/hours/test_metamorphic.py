"""What must not matter to how a text is read: order, separators, blanks, brackets, synonyms, a doubtful word more."""

from __future__ import annotations

from dataclasses import asdict
from random import Random
from typing import TYPE_CHECKING, Any

from refillspot.items import OpeningHours
from refillspot.parsing.hours import parse_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 400  # of each test, the same every time: a choice of words needs no shrinking

DAYS = "월화수목금토일"
SPANS = ["11:00-22:00", "11:30 - 21:00", "10시~20시", "오전 11시 - 오후 9시", "17:00 - 02:00"]
OPENINGS = [f"{days} {span}" for days in ("매일", "평일", "월-토") for span in SPANS]
CLOSINGS = [f"{day}요일 휴무" for day in DAYS]
CLOSINGS += ["매주 월,화 휴무", "주말 휴무", "공휴일 휴무", "명절 당일 휴무", "격주 화요일 휴무", "2,4주 일요일 휴무"]
CLOSINGS += ["첫째 월요일 휴무", "매월 마지막 주 수요일 휴무"]
SEPARATORS = [" ", " / ", ", ", " | ", ". ", "; ", " · ", "\n", "<br>"]
SYNONYMS = {
    "휴무": ["정기휴무", "휴무일", "쉽니다", "정기 휴무", "휴뮤"],
    "매일": ["매일", "월-일", "월~일"],
    "평일": ["월-금", "월~금", "주중", "월,화,수,목,금", "월요일부터 금요일"],
    "주말": ["토,일", "토/일", "토요일, 일요일", "토·일"],
    "2,4주": ["둘째, 넷째", "2·4번째", "둘째주, 넷째주", "2, 4주"],
    "첫째": ["첫째 주", "1주", "첫번째", "매월 첫째"],
}
DOUBTFUL = [
    "일요일 랜덤영업", "월요일 또는 화요일 휴무", "명절 휴무 확인 후 방문", "주만 11:00 - 20:30", "매월 15일 휴무",
    "매주 수요",
    "10월~3월 토요일 휴무", "화요일 장날이면 수요일 휴무", "비정기 휴무", "목요일 저녁 휴무", "(금요일은 22:00)",
    "임시휴무",
    "일요일 문의", "토요일 단축영업", "1::00 - 22:00", "(브레이크타임 있음)", "재료 소진시 마감", "12월 25일 휴무",
]  # fmt: skip


def read(text: str) -> dict[str, Any]:
    """Return what is known, without the notes."""
    known = asdict(parse_hours(text) or OpeningHours())
    del known["notes"]
    return known


def flat(known: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of each weekday, of public holidays and of festivals."""
    values: dict[str, Any] = {}
    for day, hours in known["days"].items():
        values[f"day {day}"] = (hours, known["closed_weeks"].get(day), day in known["closed_every_other_week"])
    values |= {name: known[name] for name in ("holidays", "festivals") if known[name] is not None}
    return values


def drawn() -> Iterator[Random]:
    for seed in range(EXAMPLES):
        yield Random(seed)  # noqa: S311  # nothing is secret


def some(closings: list[str], rng: Random, least: int, most: int) -> list[str]:
    return rng.sample(closings, rng.randint(least, most))


def test_order_and_separators() -> None:
    for rng in drawn():
        said = [rng.choice(OPENINGS), *some(CLOSINGS, rng, 1, 3)]
        expected = read(" / ".join(said))
        text = "".join(f"{one}{rng.choice(SEPARATORS)}" for one in some(said, rng, len(said), len(said)))

        assert read(text.strip(" /,|.;·")) == expected, text


def test_blanks_and_brackets() -> None:
    shapes = ["{} {}", "{} ({})", "{}({})", "{} / ({})", "{} [{}]", "{}\n({})", "{} ({})\n"]
    for rng in drawn():
        opening, closings = rng.choice(OPENINGS), some(CLOSINGS, rng, 1, 2)
        expected = read(" / ".join([opening, *closings]))
        written = [rng.choice([one, one.replace(" ", ""), f" {one} "]) for one in closings]
        text = rng.choice(shapes).format(opening, ", ".join(written))

        assert read(text) == expected, text


def test_synonyms() -> None:
    for rng in drawn():
        text = other = " / ".join([rng.choice(OPENINGS), *some(CLOSINGS, rng, 1, 2)])
        for word, synonyms in SYNONYMS.items():
            other = other.replace(word, rng.choice([word, *synonyms]))

        assert read(other) == read(text), other


def test_a_doubtful_statement_makes_no_sure_value_another() -> None:
    for rng in drawn():
        said, doubtful = [rng.choice(OPENINGS), *some(CLOSINGS, rng, 0, 2)], rng.choice(DOUBTFUL)
        sure = flat(read(" / ".join(said)))
        where = rng.randint(1 if doubtful.startswith("(") else 0, len(said))
        text = rng.choice([" / ", "\n", " | ", ", "]).join([*said[:where], doubtful, *said[where:]])
        doubted = flat(read(text))

        assert {name: value for name, value in doubted.items() if value != sure.get(name)} == {}, text
