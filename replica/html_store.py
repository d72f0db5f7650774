"""The page profile.php of a store: JSON-LD, and what people see, in the layout of 2025 or of 2026.

The site's own score is in neither: `.total_score` are the stars that a visitor gave, in the cards of the reviews.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from replica import html_layouts
from replica.gazetteer import area_of
from replica.hours import write_week
from replica.html_pages import PAGE, write_script_json
from replica.linked_data import describe_store, full_name
from replica.odd import Odd, draw_hits, spoil
from replica.odd_paths import HTML_SLOTS
from replica.opinions import write_cards
from replica.shapes import MIXED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from replica.odd import Hit
    from replica.shapes import Shapes
    from replica.store import Store

ODD_SEED = 14  # beside the other draws of a store


class WrittenPage(NamedTuple):
    text: str
    odd: tuple[Odd, ...]


def write_store_page(store: Store, today: date, shapes: Shapes = MIXED) -> str:
    return write_html(store, today, shapes).text


def write_html(store: Store, today: date, shapes: Shapes) -> WrittenPage:
    is_new = shapes.is_new(store.key)
    parts = {key: write(store, today, is_new=is_new) for key, write in PARTS.items()}
    tree, odd = spoil(parts, _draw(store, shapes))
    write_body = html_layouts.write_new if is_new else html_layouts.write_old
    linked = f'<script type="application/ld+json">{write_script_json(tree["json-ld"])}</script>'
    title = f"{full_name(store)} - {area_of(store.dong)} {', '.join(store.concept.categories)} 맛집"
    body = write_body(store, today, tree["html"]) + write_cards(store) + _write_footer()
    return WrittenPage(PAGE.format(title=escape(title), head=linked, body=body), tuple(odd))


def find_odd_html(store: Store, today: date, shapes: Shapes) -> list[Odd]:
    """Return what is odd of a store's page for people."""
    hits, is_new = _draw(store, shapes), shapes.is_new(store.key)
    touched = {hit.slot.steps[0] for hit in hits}
    return spoil({key: PARTS[key](store, today, is_new=is_new) for key in touched}, hits)[1]


def _draw(store: Store, shapes: Shapes) -> list[Hit]:
    return draw_hits(store.seed + ODD_SEED, shapes.odd, HTML_SLOTS)


def _show(store: Store, today: date, *, is_new: bool) -> dict[str, Any]:
    """Return what people see and what can be odd of it: hours and menu."""
    rows = write_week(store.week, today) if store.week else []
    return {
        "hours": html_layouts.later_days(rows) if is_new else rows,
        "menu": [(line.name, line.price, line.description) for line in store.concept.menu],
    }


def _link(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    return describe_store(store, is_new=is_new)


PARTS: dict[str, Callable[..., dict[str, Any]]] = {"json-ld": _link, "html": _show}


@cache
def _write_footer() -> str:
    """Return what every page ends with: links to elsewhere."""
    links = "".join(f'<li><a href="/list.dc?query=%EC%9D%B4%EC%9B%83{n}">이웃 동네 {n}</a></li>' for n in range(250))
    return f'\n<ul class="footer-links">{links}</ul>\n'
