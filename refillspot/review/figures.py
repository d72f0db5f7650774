"""Figures of a crawl, each against its target and an earlier crawl. Pure; which there are: `measures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.review.units import Unit, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from refillspot.stats.crawl_stats import CrawlStats


@dataclass(slots=True, frozen=True)
class Target:
    value: float
    is_floor: bool = True
    """False: at most."""

    def is_met(self, value: float) -> bool:
        return value >= self.value if self.is_floor else value <= self.value

    def write(self, unit: Unit) -> str:
        return f"{'≥' if self.is_floor else '≤'} {write(self.value, unit)}"


@dataclass(slots=True, frozen=True, kw_only=True)
class Measure:
    """What can be measured of any crawl. Labels are functions, so that they are in the reader's language."""

    key: str
    label: Callable[[], str]
    of: Callable[[CrawlStats], float | None]
    """None: this crawl says nothing of it."""
    unit: Unit = Unit.COUNT
    target: Target | None = None
    excuse: Callable[[CrawlStats, CrawlStats | None], str] = lambda _facts, _earlier: ""
    """Why the target does not apply to a crawl, given an earlier one; empty where it does."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Figure:
    key: str
    section: str
    label: str
    value: float | None
    unit: Unit
    target: Target | None
    is_met: bool | None
    """None: there is no target, or it does not apply."""
    excuse: str
    before: float | None
    """What it was in the earlier crawl."""


def figures(sections: dict[str, Iterable[Measure]], facts: CrawlStats, earlier: CrawlStats | None) -> list[Figure]:
    """Return the figures of a crawl, those left out of which neither crawl says anything."""
    every = [_figure(section, one, facts, earlier) for section, some in sections.items() for one in some]
    return [one for one in every if one.value is not None or one.before is not None]


def _figure(section: str, measure: Measure, facts: CrawlStats, earlier: CrawlStats | None) -> Figure:
    value, target = measure.of(facts), measure.target
    excuse = measure.excuse(facts, earlier) if target and value is not None else ""
    return Figure(
        key=measure.key,
        section=section,
        label=measure.label(),
        value=value,
        unit=measure.unit,
        target=target,
        is_met=target.is_met(value) if target and value is not None and not excuse else None,
        excuse=excuse,
        before=measure.of(earlier) if earlier else None,
    )
