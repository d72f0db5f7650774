"""A row of the table, and what its numbers look like."""

from __future__ import annotations

from dataclasses import dataclass

from refillspot.language import gettext as _


@dataclass(slots=True, frozen=True, kw_only=True)
class Row:
    key: str
    """As `scrapy perf --only` takes it."""
    name: str
    case: str = ""
    """Of several rows with one name, which."""
    goal: str
    figure: str
    baseline: str
    is_met: bool | None
    """None: too little could be measured to tell."""
    is_computed: bool
    """From measured parts, as the note says; else the figure itself was measured."""
    note: str
    """How it came about, with the numbers in it."""
    value: float
    """The figure as a number, in the unit of the goal."""


def write_hours(hours: float) -> str:
    """Return "43 min", "12 h", "6 h 05 min"."""
    minutes = round(hours * 60)
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes % 60 == 0:
        return _("{hours} h").format(hours=minutes // 60)
    return _("{hours} h {minutes:02} min").format(hours=minutes // 60, minutes=minutes % 60)


def write_share(share: float) -> str:
    """Return "62 %", "99.86 %"; nothing that is less than all is written as 100 %."""
    percent = int(share * 10_000) / 100 if share < 1 else share * 100
    return f"{percent:g} %"
