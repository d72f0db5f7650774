"""What is measured of a crawl, and the targets of the one who runs it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from refillspot.language import gettext
from refillspot.language import lazy_gettext as _
from refillspot.regions import districts
from refillspot.report.figures import Measure, Target, Unit
from refillspot.stats.counts import ratio

if TYPE_CHECKING:
    from refillspot.stats.crawl_stats import CrawlStats

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
