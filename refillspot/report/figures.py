"""Figures of a crawl, each against its target and an earlier crawl, and how they are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from refillspot.language import Message
    from refillspot.stats.crawl_stats import CrawlStats


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"
    """0 to 1, written as per cent."""
    PER_HOUR = "per hour"
    PER_SECOND = "per second"
    RATIO = "ratio"
    MB = "MiB"


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
    """What can be measured of any crawl."""

    key: str
    label: Message
    of: str | Callable[[CrawlStats], float | None]
    """The name of a stat, or what is made of several. None: this crawl says nothing of it."""
    unit: Unit = Unit.COUNT
    target: Target | None = None
    excuse: Callable[[CrawlStats, CrawlStats | None], str] = lambda _crawl, _earlier: ""
    """Why the target does not apply to a crawl, given an earlier one; empty where it does."""

    def value(self, crawl: CrawlStats) -> float | None:
        return crawl.number(self.of) if isinstance(self.of, str) else self.of(crawl)


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


def figures(
    sections: Mapping[Message, Iterable[Measure]], crawl: CrawlStats, earlier: CrawlStats | None
) -> list[Figure]:
    """Return the figures of a crawl, those left out of which neither crawl says anything."""
    every = [_figure(section(), one, crawl, earlier) for section, some in sections.items() for one in some]
    return [one for one in every if one.value is not None or one.before is not None]


def _figure(section: str, measure: Measure, crawl: CrawlStats, earlier: CrawlStats | None) -> Figure:
    value, target = measure.value(crawl), measure.target
    excuse = measure.excuse(crawl, earlier) if target and value is not None else ""
    return Figure(
        key=measure.key,
        section=section,
        label=measure.label(),
        value=value,
        unit=measure.unit,
        target=target,
        is_met=target.is_met(value) if target and value is not None and not excuse else None,
        excuse=excuse,
        before=measure.value(earlier) if earlier else None,
    )


# --- as people read them


def write(value: float, unit: Unit) -> str:
    """Return "1,234", "1:02:05", "61.2 %", "9,058/h", "3.25/s", "1.80", "105 MiB"."""
    return WRITERS[unit](value)


def write_change(now: float, before: float, unit: Unit) -> str:
    """Return the difference with its sign, "=" where none is to be seen."""
    written = write(abs(now - before), unit)
    if written == write(0, unit):
        return "="
    return ("+" if now > before else "-") + written


def write_seconds(seconds: float) -> str:
    """Return "0:05", "12:05", "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _write_share(share: float) -> str:
    """Return it with one digit; what is not quite all of it is never written as 100."""
    percent = 100 * share
    return "100 %" if percent == 100 else f"{min(percent, 99.9) if percent < 100 else percent:.1f} %"


def _write_per_second(value: float) -> str:
    return f"{value:,.0f}/s" if value >= 100 else f"{value:.3g}/s"


WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: "{:,.0f}".format,
    Unit.SECONDS: write_seconds,
    Unit.SHARE: _write_share,
    Unit.PER_HOUR: "{:,.0f}/h".format,
    Unit.PER_SECOND: _write_per_second,
    Unit.RATIO: "{:.2f}".format,
    Unit.MB: "{:,.0f} MiB".format,
}
