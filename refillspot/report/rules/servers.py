"""Findings about PostgreSQL, Redis, the cache, memory, and who is told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.findings import Rule, Severity
from refillspot.report.measures import USEFUL_HIT_RATE, is_emptied, nothing_cached

if TYPE_CHECKING:
    from refillspot.report.findings import Case

NEAR_LIMIT = 0.9  # of a worker's memory; a fleet gives each nine tenths of its share
LEAST_MISSES = 20  # fewer say nothing about the cache


def _is_cache_useless(case: Case) -> int:
    crawl, earlier = case
    rate = crawl.hit_rate
    is_due = not nothing_cached(crawl, earlier) and crawl.count("cache/misses") >= LEAST_MISSES
    return int(is_due and rate is not None and rate < USEFUL_HIT_RATE)


def _is_cache_emptied(case: Case) -> int:
    rate = case.crawl.hit_rate
    return int(is_emptied(*case) and rate is not None and rate < USEFUL_HIT_RATE)


def _is_memory_near_limit(case: Case) -> int:
    most, limit = case.crawl.number("memory/max_mb"), case.crawl.number("memory/limit_mb")
    return int(bool(most and limit and most >= NEAR_LIMIT * limit))


SERVER_RULES = (
    Rule(
        "rejects",
        Severity.ERROR,
        lambda case: case.crawl.rejected,
        ngettext("{count} store was refused by PostgreSQL.", "{count} stores were refused by PostgreSQL."),
        cause=_("A value does not fit its column. The stores beside it were stored."),
        remedy=_("SELECT ref, error FROM refillspot.rejects says which and why. Update refillspot, or report it."),
    ),
    Rule(
        "postgres_waits",
        Severity.WARNING,
        ("postgres/waits",),
        ngettext("{count} commit had to wait for PostgreSQL.", "{count} commits had to wait for PostgreSQL."),
        cause=_("It was away, full, read-only or silent. The stores waited in the workers; none is lost."),
        remedy=_("Look at its log and its disk: scrapy services status. Nothing has to be crawled again."),
    ),
    Rule(
        "redis_outages",
        Severity.WARNING,
        ("frontier/redis_outages", "politeness/redis_outages"),
        ngettext("{count} time Redis was away.", "{count} times Redis was away."),
        cause=_("It was stopped, full or silent. Workers waited meanwhile; no request is lost."),
        remedy=_("Look at its log and its memory: scrapy services status. Nothing has to be crawled again."),
    ),
    Rule(
        "heartbeats_lost",
        Severity.NOTE,
        ("heartbeat/*_failures",),
        ngettext(
            "{count} time the stats of a worker could not be saved.",
            "{count} times the stats of workers could not be saved.",
        ),
        cause=_("A server was away. The figures of this report may be a little low."),
        remedy=_("Nothing, if the server is back: scrapy services status."),
    ),
    Rule(
        "webhook",
        Severity.WARNING,
        ("notify/failed",),
        ngettext("{count} message did not reach your webhook.", "{count} messages did not reach your webhook."),
        cause=_("The address in NOTIFY_URL did not answer, or refused."),
        remedy=_("Try it by hand: curl -d '{{}}' \"$NOTIFY_URL\""),
    ),
)

CACHE_RULES = (
    Rule(
        "cache_errors",
        Severity.WARNING,
        ("cache/errors",),
        ngettext("{count} time the page cache did not answer.", "{count} times the page cache did not answer."),
        cause=_("Its Redis was away, full or silent. The pages were asked of the site instead."),
        remedy=_("Look at it: scrapy services status. For good: CACHE_REDIS_URL."),
    ),
    Rule(
        "cache_useless",
        Severity.NOTE,
        _is_cache_useless,
        _("Only {hit_rate} was answered from the cache, though this was crawled before ({earlier})."),
        cause=_(
            "The pages were older than CACHE_TTL_LIST_SECONDS and CACHE_TTL_STORE_SECONDS allow, the cache's Redis "
            "threw them away, or the stores have changed."
        ),
        remedy=_(
            "If fresher data than that is not needed, raise CACHE_TTL_STORE_SECONDS; if pages were evicted, give the "
            "cache's Redis more memory (maxmemory)."
        ),
    ),
    Rule(
        "cache_emptied",
        Severity.NOTE,
        _is_cache_emptied,
        _("Only {hit_rate} was answered from the cache: it was emptied after the crawl before ({earlier})."),
        cause=_("Its Redis was flushed or started anew, which keeps no page, or it is another one than then."),
        remedy=_("Nothing, if that was meant. Else let the cache's Redis run between crawls: scrapy services status"),
    ),
    Rule(
        "cache_evictions",
        Severity.NOTE,
        ("cache/evictions",),
        ngettext("{count} page was thrown out of the cache.", "{count} pages were thrown out of the cache."),
        cause=_("The cache's Redis is full. It throws away what was not used for the longest time."),
        remedy=_("Give it more memory (maxmemory), or let it be: such a page is asked of the site again."),
    ),
    Rule(
        "cache_refused",
        Severity.NOTE,
        ("cache/too_large", "cache/corrupt"),
        ngettext(
            "{count} page could not be kept in the cache or read from it ({kinds}).",
            "{count} pages could not be kept in the cache or read from it ({kinds}).",
        ),
        cause=_("Larger than CACHE_MAX_VALUE_BYTES, or written by another version of the program."),
        remedy=_("Nothing: such pages are asked of the site."),
    ),
    Rule(
        "stale_pages",
        Severity.NOTE,
        ("cache/stale",),
        ngettext(
            "{count} page beyond its age stood in for an error of the site.",
            "{count} pages beyond their age stood in for errors of the site.",
        ),
        cause=_("CACHE_STALE_IF_ERROR_SECONDS allows it."),
        remedy=_("Crawl again when the site is well: {go_on}"),
    ),
    Rule(
        "memory",
        Severity.WARNING,
        _is_memory_near_limit,
        _("A worker used {memory} of the {memory_limit} that it may use."),
        cause=_("Beyond that it ends and is started again, which costs time but no store."),
        remedy=_("Fewer workers (-n), more memory for all (FLEET_MAX_MEMORY_MB), or fewer CONCURRENT_REQUESTS."),
    ),
)
