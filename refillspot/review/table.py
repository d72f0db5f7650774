"""The figures as rows of text, for every form of a review. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from refillspot.language import gettext as _
from refillspot.review.units import write, write_change

if TYPE_CHECKING:
    from refillspot.review.figures import Figure


class Row(NamedTuple):
    label: str
    now: str
    target: str
    before: str
    change: str


def headings() -> Row:
    return Row("", _("this one"), _("target"), _("before"), _("change"))


def row_of(figure: Figure) -> Row:
    """Return a figure as text; empty where there is nothing to say, "-" where this crawl does not say."""
    has_both = figure.value is not None and figure.before is not None
    return Row(
        figure.label,
        "-" if figure.value is None else write(figure.value, figure.unit),
        _target(figure),
        "" if figure.before is None else write(figure.before, figure.unit),
        write_change(figure.value or 0, figure.before or 0, figure.unit) if has_both else "",
    )


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    if figure.excuse:
        return f"({figure.excuse})"
    written = figure.target.write(figure.unit)
    if figure.is_met is None:
        return written
    return f"{written} {_('met') if figure.is_met else _('missed')}"
