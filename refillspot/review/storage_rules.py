"""Findings about PostgreSQL, Redis, the cache, memory, and who is told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted
from refillspot.review.measures import is_emptied, nothing_cached

if TYPE_CHECKING:
    from refillspot.review.findings import Case

NEAR_LIMIT = 0.9  # of a worker's memory; a fleet gives each nine tenths of its share
USEFUL_HIT_RATE = 0.6
LEAST_MISSES = 20  # fewer say nothing about the cache


def _is_cache_useless(case: Case) -> int:
    facts, earlier = case
    rate = facts.hit_rate
    is_due = not nothing_cached(facts, earlier) and facts.count("cache/misses") >= LEAST_MISSES
    return int(is_due and rate is not None and rate < USEFUL_HIT_RATE)


def _is_cache_emptied(case: Case) -> int:
    rate = case.facts.hit_rate
    return int(is_emptied(*case) and rate is not None and rate < USEFUL_HIT_RATE)


def _is_memory_near_limit(case: Case) -> int:
    most, limit = case.facts.number("memory/max_mb"), case.facts.number("memory/limit_mb")
    return int(bool(most and limit and most >= NEAR_LIMIT * limit))


SERVER_RULES = (
    Rule(
        key="rejects",
        severity=Severity.ERROR,
        count=lambda case: case.facts.rejected,
        happened=lambda n: ngettext(
            "{count} store was refused by PostgreSQL.", "{count} stores were refused by PostgreSQL.", n
        ),
        cause=lambda: _("A value does not fit its column. The stores beside it were stored."),
        remedy=lambda: _(
            "SELECT ref, error FROM refillspot.rejects says which and why. Update refillspot, or report it."
        ),
    ),
    Rule(
        key="postgres_waits",
        severity=Severity.WARNING,
        count=counted("postgres/waits"),
        happened=lambda n: ngettext(
            "{count} commit had to wait for PostgreSQL.", "{count} commits had to wait for PostgreSQL.", n
        ),
        cause=lambda: _("It was away, full, read-only or silent. The stores waited in the workers; none is lost."),
        remedy=lambda: _("Look at its log and its disk: scrapy services status. Nothing has to be crawled again."),
    ),
    Rule(
        key="redis_outages",
        severity=Severity.WARNING,
        count=counted("frontier/redis_outages", "politeness/redis_outages"),
        happened=lambda n: ngettext("{count} time Redis was away.", "{count} times Redis was away.", n),
        cause=lambda: _("It was stopped, full or silent. Workers waited meanwhile; no request is lost."),
        remedy=lambda: _("Look at its log and its memory: scrapy services status. Nothing has to be crawled again."),
    ),
    Rule(
        key="heartbeats_lost",
        severity=Severity.NOTE,
        count=counted("heartbeat/*_failures"),
        happened=lambda n: ngettext(
            "{count} time the stats of a worker could not be saved.",
            "{count} times the stats of workers could not be saved.",
            n,
        ),
        cause=lambda: _("A server was away. The figures of this review may be a little low."),
        remedy=lambda: _("Nothing, if the server is back: scrapy services status."),
    ),
    Rule(
        key="webhook",
        severity=Severity.WARNING,
        count=counted("notify/failed"),
        happened=lambda n: ngettext(
            "{count} message did not reach your webhook.", "{count} messages did not reach your webhook.", n
        ),
        cause=lambda: _("The address in NOTIFY_URL did not answer, or refused."),
        remedy=lambda: _("Try it by hand: curl -d '{{}}' \"$NOTIFY_URL\""),
    ),
)

CACHE_RULES = (
    Rule(
        key="cache_errors",
        severity=Severity.WARNING,
        count=counted("cache/errors"),
        happened=lambda n: ngettext(
            "{count} time the page cache did not answer.", "{count} times the page cache did not answer.", n
        ),
        cause=lambda: _("Its Redis was away, full or silent. The pages were asked of the site instead."),
        remedy=lambda: _("Look at it: scrapy services status. For good: CACHE_REDIS_URL."),
    ),
    Rule(
        key="cache_useless",
        severity=Severity.NOTE,
        count=_is_cache_useless,
        happened=lambda _n: _(
            "Only {hit_rate} was answered from the cache, though this was crawled before ({earlier})."
        ),
        cause=lambda: _(
            "The pages were older than CACHE_TTL_LIST_SECONDS and CACHE_TTL_STORE_SECONDS allow, the cache's Redis "
            "threw them away, or the stores have changed."
        ),
        remedy=lambda: _(
            "If fresher data than that is not needed, raise CACHE_TTL_STORE_SECONDS; if pages were evicted, give the "
            "cache's Redis more memory (maxmemory)."
        ),
    ),
    Rule(
        key="cache_emptied",
        severity=Severity.NOTE,
        count=_is_cache_emptied,
        happened=lambda _n: _(
            "Only {hit_rate} was answered from the cache: it was emptied after the crawl before ({earlier})."
        ),
        cause=lambda: _("Its Redis was flushed or started anew, which keeps no page, or it is another one than then."),
        remedy=lambda: _(
            "Nothing, if that was meant. Else let the cache's Redis run between crawls: scrapy services status"
        ),
    ),
    Rule(
        key="cache_evictions",
        severity=Severity.NOTE,
        count=counted("cache/evictions"),
        happened=lambda n: ngettext(
            "{count} page was thrown out of the cache.", "{count} pages were thrown out of the cache.", n
        ),
        cause=lambda: _("The cache's Redis is full. It throws away what was not used for the longest time."),
        remedy=lambda: _("Give it more memory (maxmemory), or let it be: such a page is asked of the site again."),
    ),
    Rule(
        key="cache_refused",
        severity=Severity.NOTE,
        count=counted("cache/too_large", "cache/corrupt"),
        happened=lambda n: ngettext(
            "{count} page could not be kept in the cache or read from it ({kinds}).",
            "{count} pages could not be kept in the cache or read from it ({kinds}).",
            n,
        ),
        cause=lambda: _("Larger than CACHE_MAX_VALUE_BYTES, or written by another version of the program."),
        remedy=lambda: _("Nothing: such pages are asked of the site."),
    ),
    Rule(
        key="stale_pages",
        severity=Severity.NOTE,
        count=counted("cache/stale"),
        happened=lambda n: ngettext(
            "{count} page beyond its age stood in for an error of the site.",
            "{count} pages beyond their age stood in for errors of the site.",
            n,
        ),
        cause=lambda: _("CACHE_STALE_IF_ERROR_SECONDS allows it."),
        remedy=lambda: _("Crawl again when the site is well: {go_on}"),
    ),
    Rule(
        key="memory",
        severity=Severity.WARNING,
        count=_is_memory_near_limit,
        happened=lambda _n: _("A worker used {memory} of the {memory_limit} that it may use."),
        cause=lambda: _("Beyond that it ends and is started again, which costs time but no store."),
        remedy=lambda: _(
            "Fewer workers (-n), more memory for all (FLEET_MAX_MEMORY_MB), or fewer CONCURRENT_REQUESTS."
        ),
    ),
)
