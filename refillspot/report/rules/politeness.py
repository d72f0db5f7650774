"""Findings about blocks, holds and rules: what the site wants, and what the crawl did about it. Pure."""

from __future__ import annotations

from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.findings import Rule, Severity

BLOCK_RULES = (
    Rule(
        "verification_pages",
        Severity.WARNING,
        ("politeness/verification_pages",),
        ngettext(
            "{count} answer was a verification page: are you human?",
            "{count} answers were verification pages: are you human?",
        ),
        cause=_(
            "The site has blocked this address, because it got too many requests. All workers stopped for "
            "POLITENESS_BLOCK_SECONDS or longer, and continued at half the pace. No request was lost."
        ),
        remedy=_(
            "Set the ceiling lower (scrapy politeness set {half}), and crawl at night (-s "
            "CRAWL_WINDOW=01:00-06:00). Do not try to get around it."
        ),
    ),
    Rule(
        "pages_for_humans",
        Severity.WARNING,
        ("politeness/pages_for_humans", "spider_exceptions/BlockedError"),
        ngettext(
            "{count} answer was a page for humans where data was due.",
            "{count} answers were pages for humans where data was due.",
        ),
        cause=_("Another kind of block, or a maintenance notice. It was treated as a block."),
        remedy=_(
            "Look at the site in a browser. If it is under maintenance, crawl later; otherwise set the ceiling "
            "lower: scrapy politeness set {half}."
        ),
    ),
    Rule(
        "slow_answers",
        Severity.WARNING,
        ("politeness/slow_answers",),
        ngettext(
            "Answers took twice as long as before {count} time.",
            "Answers took twice as long as before {count} times.",
        ),
        cause=_("The site was near its limit, because of this crawl or of others. The pace was halved."),
        remedy=_("If it keeps happening, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        "held",
        Severity.NOTE,
        ("politeness/held",),
        ngettext(
            "The site asked for a pause {count} time (Retry-After); the longest wait was {longest_hold}.",
            "The site asked for a pause {count} times (Retry-After); the longest wait was {longest_hold}.",
        ),
        cause=_("The site itself says when it may be asked again. No worker sent anything until then."),
        remedy=_("Nothing. If it happens often, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        "retry_after_cut",
        Severity.WARNING,
        ("politeness/retry_after_cut",),
        ngettext(
            "{count} answer asked for a wait of an hour or more (Retry-After).",
            "{count} answers asked for a wait of an hour or more (Retry-After).",
        ),
        cause=_("The site wants a break, or its Retry-After is nonsense. No wait is longer than an hour."),
        remedy=_("Stop with Ctrl-C, and continue another day with the same command: {go_on}"),
    ),
    Rule(
        "retry_after_unusable",
        Severity.NOTE,
        ("politeness/retry_after_unusable",),
        ngettext(
            "{count} answer had a meaningless Retry-After (0, negative, past or unreadable).",
            "{count} answers had a meaningless Retry-After (0, negative, past or unreadable).",
        ),
        cause=_("An error of the site. The header was ignored, and the requests waited as usual."),
        remedy=_("Nothing. How long they then wait: RETRY_BACKOFF_SECONDS."),
    ),
)

ROBOTS_RULES = (
    Rule(
        "robots_forbidden",
        Severity.ERROR,
        ("robotstxt/forbidden",),
        ngettext(
            "{count} request was not sent: robots.txt forbids it.",
            "{count} requests were not sent: robots.txt forbids them.",
        ),
        cause=_("The site's rules exclude crawlers from these paths."),
        remedy=_("Ask its owner for permission. Without it, these paths cannot be crawled."),
    ),
    Rule(
        "robots_unreadable",
        Severity.WARNING,
        ("robotstxt/unknown",),
        ngettext("robots.txt could not be read {count} time.", "robots.txt could not be read {count} times."),
        cause=_(
            "The site answered with an error, with a block, or not at all. Unknown rules allow nothing: the "
            "requests waited until they were known."
        ),
        remedy=_("Nothing if the crawl continued. Otherwise look at /robots.txt of the site in a browser."),
    ),
    Rule(
        "crawl_delay",
        Severity.NOTE,
        ("politeness/delayed",),
        ngettext(
            "robots.txt asks for a pause between requests (Crawl-delay).",
            "robots.txt asks for pauses between requests (Crawl-delay).",
        ),
        cause=_("The site asks for it, which takes precedence over POLITENESS_REQUESTS_PER_SECOND."),
        remedy=_("Nothing: it is respected. scrapy politeness show says how long it is."),
    ),
)
