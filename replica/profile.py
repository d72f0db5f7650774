"""Store pages: an array of keyed sections, in no fixed order and not always all of them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from replica import envelope
from replica.odd import Odd, draw_hits, draw_numbers, spoil
from replica.odd_paths import PAGE_SLOTS, SECTIONS
from replica.opinions import write_blogs, write_reviews
from replica.sections import write_detail, write_menu, write_photo, write_restaurant, write_score, write_tag
from replica.shapes import MIXED, chance
from replica.surroundings import write_surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from replica.odd import Hit
    from replica.shapes import Shapes
    from replica.store import Store

    Section = Callable[..., dict[str, Any]]

MISSING_SHARE = 0.03  # of the pages, for each section that tells of the store
CORE = 7  # of SECTIONS: those that tell of the store
ODD_SEED = 12  # beside the other draws of a store
OWN: dict[str, Section] = {
    "restaurant": write_restaurant, "detail": write_detail, "menu": write_menu, "photo": write_photo,
    "score": write_score, "tag": write_tag,
}  # fmt: skip
EMPTIED: dict[str, Callable[[Store], Store]] = {
    "hours of detail": lambda store: replace(store, week=None),
    "lines of menu": lambda store: replace(store, concept=replace(store.concept, menu=())),
}
"""Sections that are there, and say nothing."""
LACKS = ("detail", "menu", "tag", *EMPTIED)
VISITORS: dict[str, Section] = {"review": write_reviews, "blog": write_blogs}


class Written(NamedTuple):
    """An answer, and what of it is odd."""

    body: bytes
    odd: tuple[Odd, ...] = ()


def answer(store: Store | None, today: date, shapes: Shapes = MIXED) -> bytes:
    return write_page(store, today, shapes).body


def write_page(store: Store | None, today: date, shapes: Shapes, poorer: float = 0.0) -> Written:
    """Return a store page. `poorer`: share of them that say less than is known, on this day alone."""
    if store is None:
        return Written(envelope.failure("존재하지 않는 식당입니다."))
    order = _order_sections(store)
    if lack := _draw_lack(store, today, poorer):
        order = [key for key in order if key != lack]
        store = EMPTIED[lack](store) if lack in EMPTIED else store
    tree, odd = spoil(_write_sections(store, order, today, shapes), _draw(store, shapes))
    return Written(shapes.mark(store.key, envelope.success([tree[key] for key in order])), tuple(odd))


def _draw_lack(store: Store, today: date, poorer: float) -> str | None:
    """Return what a page lacks today: a section, or one of EMPTIED; None = nothing."""
    if not poorer or chance(store.key, today.toordinal()) >= poorer:
        return None
    return LACKS[int(chance(store.key, -today.toordinal() & 0xFFFFFFFF) * len(LACKS))]


def find_odd(store: Store, today: date, shapes: Shapes) -> list[Odd]:
    """Return what is odd of a store's page, without writing more of it than it takes."""
    hits = _draw(store, shapes)
    if not hits:
        return []
    touched = {hit.slot.steps[0] for hit in hits}
    here = [key for key in _choose_sections(_rng_of_sections(store)) if key in touched]
    return spoil(_write_sections(store, here, today, shapes), hits)[1]


def _draw(store: Store, shapes: Shapes) -> list[Hit]:
    return draw_hits(store.seed + ODD_SEED, shapes.odd, PAGE_SLOTS)


def _order_sections(store: Store) -> list[str]:
    """Return the keys of the sections that the page has, in its own order."""
    rng = _rng_of_sections(store)
    keys = _choose_sections(rng)
    rng.shuffle(keys)
    return keys


def _rng_of_sections(store: Store) -> Random:
    return Random(store.seed + 13)  # noqa: S311  # invented data


def _choose_sections(rng: Random) -> list[str]:
    missing = set(draw_numbers(rng, MISSING_SHARE, CORE))
    return ["restaurant", *(key for number, key in enumerate(SECTIONS) if number not in missing)]


def _write_sections(store: Store, keys: Iterable[str], today: date, shapes: Shapes) -> dict[str, Any]:
    is_new = shapes.is_new(store.key)
    return {key: _write_section(store, key, today, is_new=is_new) for key in keys}


def _write_section(store: Store, key: str, today: date, *, is_new: bool) -> dict[str, Any]:
    if key in OWN:
        return OWN[key](store, today, is_new=is_new)
    if key in VISITORS:
        return VISITORS[key](store, is_new=is_new)
    return write_surroundings(store, key)
