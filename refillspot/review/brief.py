"""A crawl in which nothing went wrong, in five lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.review.title import write_state, write_title
from refillspot.review.units import write, write_change

if TYPE_CHECKING:
    from refillspot.review.review import Review


def brief_lines(review: Review) -> list[str]:
    """Return five lines; what a crawl says nothing of is "-"."""
    values = {name: _written(review, name) for name in SHOWN}
    return [
        _("{title}. Nothing went wrong.").format(title=write_title(review.facts)),
        write_state(review.facts),
        _(
            "Stores: {stores} ({stores_per_hour}). Requests: {asked} ({requests_per_store} a store), "
            "{requests_per_second} of {ceiling}."
        ).format(**values),
        _("From the cache: {hit_rate}. Rows: {rows}. Memory: {memory} at most.").format(**values),
        _against(review),
    ]


SHOWN = (
    "stores", "stores_per_hour", "asked", "requests_per_store", "requests_per_second", "ceiling",
    "hit_rate", "rows", "memory",
)  # fmt: skip


def _written(review: Review, key: str) -> str:
    figure = review.figure(key)
    if figure is None or figure.value is None:
        return "-"
    written = write(figure.value, figure.unit)
    return f"{written} ({figure.excuse})" if key == "hit_rate" and figure.excuse else written


def _against(review: Review) -> str:
    earlier = review.earlier
    if earlier is None:
        return _("There is no complete crawl of the same before it to compare with.")
    changes = {key: _change(review, key) for key in ("stores", "asked", "seconds")}
    return _("Against {crawl}: stores {stores}, requests {asked}, time {seconds}.").format(crawl=earlier.id, **changes)


def _change(review: Review, key: str) -> str:
    figure = review.figure(key)
    if figure is None or figure.value is None or figure.before is None:
        return "-"
    return write_change(figure.value, figure.before, figure.unit)
