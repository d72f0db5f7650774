"""Findings about PostgreSQL, Redis, the cache, memory, and who is told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.figures import USEFUL_HIT_RATE, is_emptied, nothing_cached
from refillspot.report.findings import Rule, Severity

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
        cause=_("A value does not fit its column. The other stores of the batch were stored."),
        remedy=_("SELECT ref, error FROM refillspot.rejects says which and why. Update refillspot, or report it."),
    ),
    Rule(
        "postgres_waits",
        Severity.WARNING,
        ("postgres/waits",),
        ngettext("{count} commit had to wait for PostgreSQL.", "{count} commits had to wait for PostgreSQL."),
        cause=_("It was down, full, read-only or unresponsive. The stores waited in the workers; none is lost."),
        remedy=_("Check its log and its disk: scrapy services status. Nothing needs to be crawled again."),
    ),
    Rule(
        "redis_outages",
        Severity.WARNING,
        ("frontier/redis_outages", "politeness/redis_outages"),
        ngettext("Redis was unavailable {count} time.", "Redis was unavailable {count} times."),
        cause=_("It was down, full or unresponsive. Workers waited meanwhile; no request is lost."),
        remedy=_("Check its log and its memory: scrapy services status. Nothing needs to be crawled again."),
    ),
    Rule(
        "heartbeats_lost",
        Severity.NOTE,
        ("heartbeat/*_failures",),
        ngettext(
            "The stats of a worker could not be saved {count} time.",
            "The stats of workers could not be saved {count} times.",
        ),
        cause=_("A server was unavailable. The figures in this report may be a little low."),
        remedy=_("Nothing, if the server is back: scrapy services status."),
    ),
    Rule(
        "webhook",
        Severity.WARNING,
        ("notify/failed",),
        ngettext("{count} message did not reach your webhook.", "{count} messages did not reach your webhook."),
        cause=_("The address in NOTIFY_URL did not answer, or refused the message."),
        remedy=_("Try it by hand: curl -d '{{}}' \"$NOTIFY_URL\""),
    ),
)

CACHE_RULES = (
    Rule(
        "cache_errors",
        Severity.WARNING,
        ("cache/errors",),
        ngettext("The page cache did not answer {count} time.", "The page cache did not answer {count} times."),
        cause=_("Its Redis was down, full or unresponsive. The pages were requested from the site instead."),
        remedy=_("Check it: scrapy services status. Permanently: CACHE_REDIS_URL."),
    ),
    Rule(
        "cache_useless",
        Severity.NOTE,
        _is_cache_useless,
        _("Only {hit_rate} was answered from the cache, although this was crawled before ({earlier})."),
        cause=_(
            "The pages were older than CACHE_TTL_LIST_SECONDS and CACHE_TTL_STORE_SECONDS allow, the cache's "
            "Redis evicted them, or the stores have changed."
        ),
        remedy=_(
            "If you do not need fresher data, raise CACHE_TTL_STORE_SECONDS; if pages were evicted, give the "
            "cache's Redis more memory (maxmemory)."
        ),
    ),
    Rule(
        "cache_emptied",
        Severity.NOTE,
        _is_cache_emptied,
        _("Only {hit_rate} was answered from the cache: it was emptied after the previous crawl ({earlier})."),
        cause=_("Its Redis was flushed or restarted without its pages, or it is a different server now."),
        remedy=_(
            "Nothing, if that was intended. Otherwise keep the cache's Redis running between crawls: scrapy "
            "services status"
        ),
    ),
    Rule(
        "cache_evictions",
        Severity.NOTE,
        ("cache/evictions",),
        ngettext("{count} page was evicted from the cache.", "{count} pages were evicted from the cache."),
        cause=_("The cache's Redis is full. It evicts what has not been used for the longest time."),
        remedy=_("Give it more memory (maxmemory), or leave it: such a page is requested from the site again."),
    ),
    Rule(
        "cache_refused",
        Severity.NOTE,
        ("cache/too_large", "cache/corrupt"),
        ngettext(
            "{count} page could not be kept in the cache or read from it ({kinds}).",
            "{count} pages could not be kept in the cache or read from it ({kinds}).",
        ),
        cause=_("Larger than CACHE_MAX_VALUE_BYTES, or written by another version of refillspot."),
        remedy=_("Nothing: such pages are requested from the site."),
    ),
    Rule(
        "stale_pages",
        Severity.NOTE,
        ("cache/stale",),
        ngettext(
            "{count} expired page was used in place of an error of the site.",
            "{count} expired pages were used in place of errors of the site.",
        ),
        cause=_("CACHE_STALE_IF_ERROR_SECONDS allows it."),
        remedy=_("Crawl again when the site has recovered: {go_on}"),
    ),
    Rule(
        "memory",
        Severity.WARNING,
        _is_memory_near_limit,
        _("A worker used {memory} of the {memory_limit} that it may use."),
        cause=_("Beyond that it ends and is restarted, which costs time but loses no store."),
        remedy=_("Fewer workers (-n), more memory in total (FLEET_MAX_MEMORY_MB), or fewer CONCURRENT_REQUESTS."),
    ),
)
