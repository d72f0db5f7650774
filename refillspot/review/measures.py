"""What a review measures, and the targets of the one who runs the crawl. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.regions import districts
from refillspot.review.figures import Measure, Target
from refillspot.review.units import Unit
from refillspot.stats.counts import ratio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refillspot.stats.crawl_stats import CrawlStats

LEAST_SECONDS = 60  # a shorter crawl says nothing about speed
LEAST_ROWS = 200  # of a commit, on average; smaller ones are all round trip
CACHE_LIFE = timedelta(days=7)  # CACHE_TTL_STORE_SECONDS: pages of an older crawl are out of date


def sections() -> dict[str, Iterable[Measure]]:
    """Return all measures, by the name of their section."""
    return {
        _("Throughput"): THROUGHPUT,
        _("Success"): SUCCESS,
        _("Cache"): CACHE,
        _("Database"): DATABASE,
        _("Politeness"): POLITENESS,
        _("Memory"): MEMORY,
    }


def _too_short(facts: CrawlStats, _earlier: CrawlStats | None) -> str:
    return _("under a minute") if facts.seconds < LEAST_SECONDS else ""


def _not_all_districts(facts: CrawlStats, _earlier: CrawlStats | None) -> str:
    asked = facts.crawl.arguments.get("districts", ()) if facts.crawl else ()
    is_whole = len(asked) == len(districts()) and not (facts.crawl and facts.crawl.arguments.get("limit"))
    return "" if is_whole else _("not all of Seoul")


def nothing_cached(facts: CrawlStats, earlier: CrawlStats | None) -> str:
    """Say why no page can be expected in the cache."""
    if earlier is None or earlier.ended_at is None:
        return _("first crawl")
    if facts.started_at and facts.started_at - earlier.ended_at > CACHE_LIFE:
        return _("before is too old")
    return _("emptied since") if is_emptied(facts, earlier) else ""


def is_emptied(facts: CrawlStats, earlier: CrawlStats | None) -> bool:
    """Tell whether the cache has lost what the earlier crawl left there."""
    begun = facts.cache_begun
    return bool(begun and earlier and earlier.cache_begun and earlier.ended_at and begun > earlier.ended_at)


def _few_rows(facts: CrawlStats, _earlier: CrawlStats | None) -> str:
    rows = ratio(facts.number("postgres/rows"), facts.number("postgres/flushes"))
    return _("small commits") if rows is None or rows < LEAST_ROWS else ""


def _first_answers(facts: CrawlStats) -> float | None:
    if facts.answered is None:
        return None
    return ratio(max(facts.answered - facts.count(*UNREADABLE_ANSWERS), 0), facts.asked)


def _ended_well(facts: CrawlStats) -> float | None:
    done = facts.own.get("done", 0) or facts.count("response_received_count")
    return ratio(done, done + facts.dead)


def _saved(facts: CrawlStats) -> float | None:
    saved = facts.number("cache/requests_saved")
    return None if saved is None else ratio(saved, saved + facts.asked)


def _bytes_saved(facts: CrawlStats) -> float | None:
    saved = facts.number("cache/bytes_saved")
    return saved / 2**20 if saved is not None else None


def _asked(facts: CrawlStats) -> float | None:
    return facts.asked if facts.stats else None


def _retried(facts: CrawlStats) -> float | None:
    return (facts.count("frontier/retried") or facts.count("retry/count")) if facts.stats else None


UNREADABLE_ANSWERS = (
    "spider_exceptions/MalformedAnswerError",
    "spider_exceptions/ApiError",
    "spider_exceptions/BlockedError",
    "spider_exceptions/LayoutChangedError",
    "fallback/unread/*",  # those that were read from their pages
)  # under HTTP 200, and no good for all that
THROUGHPUT = (
    Measure(key="stores", label=lambda: _("stores"), of=lambda facts: facts.stored),
    Measure(key="seconds", label=lambda: _("time at work"), of=lambda facts: facts.seconds or None, unit=Unit.SECONDS,
            target=Target(12 * 3600, is_floor=False), excuse=_not_all_districts),
    Measure(key="stores_per_hour", label=lambda: _("stores an hour"),
            of=lambda facts: ratio(3600 * facts.stored, facts.seconds), unit=Unit.PER_HOUR,
            target=Target(500), excuse=_too_short),
    Measure(key="asked", label=lambda: _("requests to the site"), of=_asked),
    Measure(key="requests_per_store", label=lambda: _("requests a store"),
            of=lambda facts: ratio(_asked(facts), facts.stored), unit=Unit.RATIO),
)  # fmt: skip
SUCCESS = (
    Measure(key="ended_well", label=lambda: _("requests that ended well"), of=_ended_well, unit=Unit.SHARE,
            target=Target(0.999)),
    Measure(key="first_answers", label=lambda: _("answers that were good"), of=_first_answers, unit=Unit.SHARE),
    Measure(key="retried", label=lambda: _("tried again"), of=_retried),
    Measure(key="dead", label=lambda: _("failed for good"), of=lambda facts: facts.dead,
            target=Target(0, is_floor=False)),
)  # fmt: skip
CACHE = (
    Measure(key="hit_rate", label=lambda: _("answered from the cache"), of=lambda facts: facts.hit_rate,
            unit=Unit.SHARE, target=Target(0.6), excuse=nothing_cached),
    Measure(key="requests_saved", label=lambda: _("requests saved"), of=_saved, unit=Unit.SHARE,
            target=Target(0.5), excuse=nothing_cached),
    Measure(key="bytes_saved", label=lambda: _("bytes saved"), of=_bytes_saved, unit=Unit.MB),
)  # fmt: skip
DATABASE = (
    Measure(key="rows", label=lambda: _("rows committed"), of=lambda facts: facts.number("postgres/rows")),
    Measure(key="rows_per_second", label=lambda: _("rows a second"),
            of=lambda facts: facts.rows_per_second,
            unit=Unit.PER_SECOND, target=Target(1000), excuse=_few_rows),
    Measure(key="rejected", label=lambda: _("refused by PostgreSQL"),
            of=lambda facts: facts.rejected if facts.is_ours else None, target=Target(0, is_floor=False)),
)  # fmt: skip
POLITENESS = (
    Measure(key="requests_per_second", label=lambda: _("requests a second"),
            of=lambda facts: facts.asked_per_second if facts.stats else None,
            unit=Unit.PER_SECOND),
    Measure(key="ceiling", label=lambda: _("at most allowed"), of=lambda facts: facts.number("politeness/ceiling"),
            unit=Unit.PER_SECOND),
    Measure(key="budget_used", label=lambda: _("used of it"), of=lambda facts: facts.budget_used, unit=Unit.SHARE),
    Measure(key="slowed", label=lambda: _("times slowed down"), of=lambda facts: facts.number("politeness/slowed")),
    Measure(key="blocked", label=lambda: _("times blocked"), of=lambda facts: facts.number("politeness/blocked")),
)  # fmt: skip
MEMORY = (
    Measure(key="memory", label=lambda: _("all workers together"), of=lambda facts: facts.memory_mb, unit=Unit.MB,
            target=Target(2048, is_floor=False)),
    Measure(key="worker_memory", label=lambda: _("the largest worker"),
            of=lambda facts: facts.number("memory/max_mb"), unit=Unit.MB),
)  # fmt: skip
