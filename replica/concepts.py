"""What a restaurant is and says of itself: all-you-can-eat in its name, category, menu or tags, or ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from replica.kinds import BUFFETS, CHAINS, ORDINARY, REFILL, Kind
from replica.offers import build_offer, build_sides
from replica.prices import UNPRICED, draw_price, write_price, write_won
from replica.store import Concept, MenuLine, Verdict
from replica.traps import TRAP_SHARE, set_trap
from replica.vocabulary import FIRST_WORDS, LAST_WORDS, TAGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

REFILL_WORDS = ("무한리필", "무한리필", "무한리필", "무한 리필", "무제한")
NO_MENU_SHARE = 0.08


def draw_refill(rng: Random) -> Concept:
    draw = rng.choices(list(WAYS), list(WAYS.values()))[0]
    return draw(rng)


def draw_ordinary(rng: Random) -> Concept:
    kind = rng.choice(ORDINARY)
    menu = [] if rng.random() < NO_MENU_SHARE else _ordinary_menu(kind, rng)
    concept = Concept(_name(kind.dish, rng), (kind.dish, kind.category), tuple(menu), _tags(rng))
    return set_trap(concept, rng) if rng.random() < TRAP_SHARE else concept


def _says_in_name(rng: Random) -> Concept:
    kind, word, stem = rng.choice(REFILL), rng.choice(REFILL_WORDS), rng.choice(FIRST_WORDS)
    name = rng.choice(("{dish}{word} {stem}", "{stem} {dish}{word}", "{word} {dish} {stem}", "{stem}{dish} {word}"))
    title = rng.choice((f"{kind.dish} {word}", rng.choice(kind.dishes), f"{kind.dish} {rng.choice(REFILL_WORDS)}"))
    categories = (kind.dish, rng.choice((kind.category, f"{kind.dish}무한리필")))
    return _refill(name.format(dish=kind.dish, word=word, stem=stem), categories, title, kind, rng)


def _says_in_category(rng: Random) -> Concept:
    kind = rng.choice(REFILL)
    title = rng.choice((f"{kind.dish} 무한리필", rng.choice(kind.dishes)))
    return _refill(_name(kind.dish, rng), (kind.dish, f"{kind.dish}무한리필"), title, kind, rng)


def _says_in_menu(rng: Random) -> Concept:
    return draw_offered(rng.choice(REFILL), rng)


def draw_offered(kind: Kind, rng: Random) -> Concept:
    """Return a store with the offer on its board, often beside dishes sold by the plate."""
    word = rng.choice(REFILL_WORDS)
    form = rng.choice(("{dish} {word}", "{dish}{word}", "[{word}] {dish}", "{word} {dish}"))
    title = form.format(dish=kind.dish, word=word)
    concept = _refill(_name(kind.dish, rng), (kind.dish, kind.category), title, kind, rng, menu_share=1)
    plates = rng.sample(kind.dishes, rng.choice((0, 0, 1, 2)))
    by_the_plate = tuple(MenuLine(plate, write_price(draw_price(7, 18, rng), rng)) for plate in plates)
    return replace(concept, menu=concept.menu + by_the_plate)


def _says_in_tag(rng: Random) -> Concept:
    kind = rng.choice(REFILL)
    tags = (*_tags(rng), rng.choice(("무한리필", f"{kind.dish}무한리필", "고기무한리필")))
    title = rng.choice(kind.dishes)
    return _refill(_name(kind.dish, rng), (kind.dish, kind.category), title, kind, rng, tags=tags, verdict="likely")


def _is_buffet(rng: Random) -> Concept:
    """Return a buffet; without a price per person its words alone do not prove that all can be eaten."""
    kind, stem = rng.choice(BUFFETS), rng.choice(FIRST_WORDS)
    name = rng.choice((f"{stem} {kind.dish}", f"{stem}뷔페", _name(kind.category, rng)))
    concept = _refill(name, (kind.category, rng.choice(("뷔페", kind.dish))), rng.choice(kind.dishes), kind, rng)
    return concept if concept.refill_price_krw else replace(concept, verdict="likely")


def _is_chain(rng: Random) -> Concept:
    kind = rng.choice(CHAINS)
    return _refill(kind.dish, tuple(kind.category.split(", ")), rng.choice(kind.dishes), kind, rng)


# In how many of 100 refill stores it is said where.
WAYS: dict[Callable[[Random], Concept], int] = {
    _says_in_name: 30, _says_in_category: 17, _says_in_menu: 27, _says_in_tag: 7, _is_buffet: 14, _is_chain: 5,
}  # fmt: skip


def _refill(  # noqa: PLR0913  # the parts of a concept
    name: str,
    categories: tuple[str, ...],
    title: str,
    kind: Kind,
    rng: Random,
    *,
    tags: tuple[str, ...] | None = None,
    verdict: Verdict = "confirmed",
    menu_share: float = 1 - NO_MENU_SHARE,
) -> Concept:
    lines, krw = build_offer(title, kind, rng) if rng.random() < menu_share else ([], None)
    menu = tuple(lines + build_sides(rng)) if lines else ()
    says = _tags(rng) if tags is None else tags
    return Concept(name, categories, menu, says, refill=True, verdict=verdict, refill_price_krw=krw)


def _name(dish: str, rng: Random) -> str:
    first, last = rng.choice(FIRST_WORDS), rng.choice(LAST_WORDS)
    return rng.choice((f"{first}{dish}", f"{first} {dish}", f"{first}{last}", f"{dish}{last}", f"{first}네 {dish}"))


def _tags(rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(TAGS, rng.randint(0, 5)))


def _ordinary_menu(kind: Kind, rng: Random) -> list[MenuLine]:
    menu = []
    for number, dish in enumerate(kind.dishes):
        price = rng.choice(UNPRICED) if rng.random() < 0.03 else write_price(draw_price(kind.low, kind.high, rng), rng)
        menu.append(MenuLine(dish, price, best=not number))
    outlier = rng.random()
    if outlier < 0.002:  # real boards have such lines
        menu.append(MenuLine("단체 예약은 전화로 문의해 주세요", write_won(20_000_000)))
    elif outlier < 0.005:
        menu.append(MenuLine("그랑크뤼 와인", write_won(1_800_000)))
    return menu
