"""Figures of a crawl: what is measured, each against its target and an earlier crawl, how they are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from refillspot.language import gettext
from refillspot.language import lazy_gettext as _
from refillspot.regions import districts
from refillspot.stats.counts import ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from refillspot.language import Message
    from refillspot.stats.crawl import CrawlStats


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
    return gettext("{number}/s").format(number=f"{value:,.0f}" if value >= 100 else f"{value:.3g}")


def _write_per_hour(value: float) -> str:
    return gettext("{number}/h").format(number=f"{value:,.0f}")


WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: "{:,.0f}".format,
    Unit.SECONDS: write_seconds,
    Unit.SHARE: _write_share,
    Unit.PER_HOUR: _write_per_hour,
    Unit.PER_SECOND: _write_per_second,
    Unit.RATIO: "{:.2f}".format,
    Unit.MB: "{:,.0f} MiB".format,
}


LEAST_SECONDS = 60  # a shorter crawl says nothing about speed
USEFUL_HIT_RATE = 0.6
LEAST_ROWS = 200  # of a commit, on average; smaller ones are all round trip
CACHE_LIFE = timedelta(days=7)  # CACHE_TTL_STORE_SECONDS: pages of an older crawl are out of date


def _too_short(crawl: CrawlStats, _earlier: CrawlStats | None) -> str:
    return gettext("under a minute") if crawl.seconds < LEAST_SECONDS else ""


def _not_all_districts(crawl: CrawlStats, _earlier: CrawlStats | None) -> str:
    asked = crawl.crawl.arguments.get("districts", ()) if crawl.crawl else ()
    is_whole = len(asked) == len(districts()) and not (crawl.crawl and crawl.crawl.arguments.get("limit"))
    return "" if is_whole else gettext("not all of Seoul")


def nothing_cached(crawl: CrawlStats, earlier: CrawlStats | None) -> str:
    """Say why no page can be expected in the cache."""
    if earlier is None or earlier.ended_at is None:
        return gettext("first crawl")
    if crawl.started_at and crawl.started_at - earlier.ended_at > CACHE_LIFE:
        return gettext("previous one too old")
    return gettext("emptied since") if is_emptied(crawl, earlier) else ""


def is_emptied(crawl: CrawlStats, earlier: CrawlStats | None) -> bool:
    """Tell whether the cache has lost what the earlier crawl left there."""
    begun = crawl.cache_begun
    return bool(begun and earlier and earlier.cache_begun and earlier.ended_at and begun > earlier.ended_at)


def _few_rows(crawl: CrawlStats, _earlier: CrawlStats | None) -> str:
    rows = ratio(crawl.number("postgres/rows"), crawl.number("postgres/flushes"))
    return gettext("small commits") if rows is None or rows < LEAST_ROWS else ""


def _first_answers(crawl: CrawlStats) -> float | None:
    if crawl.answered is None:
        return None
    return ratio(max(crawl.answered - crawl.count(*UNREADABLE_ANSWERS), 0), crawl.asked)


def _ended_well(crawl: CrawlStats) -> float | None:
    done = crawl.own.get("done", 0) or crawl.count("response_received_count")
    return ratio(done, done + crawl.dead)


def _saved(crawl: CrawlStats) -> float | None:
    saved = crawl.number("cache/requests_saved")
    return None if saved is None else ratio(saved, saved + crawl.asked)


def _bytes_saved(crawl: CrawlStats) -> float | None:
    saved = crawl.number("cache/bytes_saved")
    return saved / 2**20 if saved is not None else None


def _asked(crawl: CrawlStats) -> float | None:
    return crawl.asked if crawl.stats else None


def _retried(crawl: CrawlStats) -> float | None:
    return (crawl.count("frontier/retried") or crawl.count("retry/count")) if crawl.stats else None


UNREADABLE_ANSWERS = (
    "spider_exceptions/MalformedAnswerError",
    "spider_exceptions/ApiError",
    "spider_exceptions/BlockedError",
    "spider_exceptions/LayoutChangedError",
    "fallback/unread/*",  # those that were read from their pages
)  # under HTTP 200, and no good for all that
THROUGHPUT = (
    Measure(key="stores", label=_("stores"), of=lambda crawl: crawl.stored),
    Measure(key="confirmed", label=_("of them all-you-can-eat, confirmed"), of=lambda crawl: crawl.confirmed),
    Measure(key="likely", label=_("of them all-you-can-eat, likely"), of=lambda crawl: crawl.likely),
    Measure(key="seconds", label=_("time at work"), of=lambda crawl: crawl.seconds or None, unit=Unit.SECONDS,
            target=Target(12 * 3600, is_floor=False), excuse=_not_all_districts),
    Measure(key="stores_per_hour", label=_("stores per hour"),
            of=lambda crawl: crawl.stored_per_hour, unit=Unit.PER_HOUR,
            target=Target(500), excuse=_too_short),
    Measure(key="asked", label=_("requests to the site"), of=_asked),
    Measure(key="requests_per_store", label=_("requests per store"),
            of=lambda crawl: ratio(_asked(crawl), crawl.stored), unit=Unit.RATIO),
)  # fmt: skip
SUCCESS = (
    Measure(key="ended_well", label=_("successful requests"), of=_ended_well, unit=Unit.SHARE,
            target=Target(0.999)),
    Measure(key="first_answers", label=_("good answers"), of=_first_answers, unit=Unit.SHARE),
    Measure(key="retried", label=_("retried"), of=_retried),
    Measure(key="dead", label=_("failed for good"), of=lambda crawl: crawl.dead,
            target=Target(0, is_floor=False)),
)  # fmt: skip
CACHE = (
    Measure(key="hit_rate", label=_("answered from the cache"), of=lambda crawl: crawl.hit_rate,
            unit=Unit.SHARE, target=Target(USEFUL_HIT_RATE), excuse=nothing_cached),
    Measure(key="requests_saved", label=_("requests saved"), of=_saved, unit=Unit.SHARE,
            target=Target(0.5), excuse=nothing_cached),
    Measure(key="bytes_saved", label=_("bytes saved"), of=_bytes_saved, unit=Unit.MB),
)  # fmt: skip
DATABASE = (
    Measure(key="rows", label=_("rows committed"), of="postgres/rows"),
    Measure(key="rows_per_second", label=_("rows per second"), of=lambda crawl: crawl.rows_per_second,
            unit=Unit.PER_SECOND, target=Target(1000), excuse=_few_rows),
    Measure(key="rejected", label=_("refused by PostgreSQL"),
            of=lambda crawl: crawl.rejected if crawl.is_ours else None, target=Target(0, is_floor=False)),
)  # fmt: skip
POLITENESS = (
    Measure(key="requests_per_second", label=_("requests per second"),
            of=lambda crawl: crawl.asked_per_second if crawl.stats else None, unit=Unit.PER_SECOND),
    Measure(key="ceiling", label=_("at most allowed"), of="politeness/ceiling", unit=Unit.PER_SECOND),
    Measure(key="budget_used", label=_("used so far"), of=lambda crawl: crawl.budget_used, unit=Unit.SHARE),
    Measure(key="slowed", label=_("times slowed down"), of="politeness/slowed"),
    Measure(key="blocked", label=_("times blocked"), of="politeness/blocked"),
)  # fmt: skip
MEMORY = (
    Measure(key="memory", label=_("all workers together"), of=lambda crawl: crawl.memory_mb, unit=Unit.MB,
            target=Target(2048, is_floor=False)),
    Measure(key="worker_memory", label=_("the largest worker"), of="memory/max_mb", unit=Unit.MB),
)  # fmt: skip
SECTIONS = {
    _("Throughput"): THROUGHPUT,
    _("Success"): SUCCESS,
    _("Cache"): CACHE,
    _("Database"): DATABASE,
    _("Politeness"): POLITENESS,
    _("Memory"): MEMORY,
}
