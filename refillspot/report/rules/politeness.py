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
            "The site has blocked this address, because it was asked too much. All workers stopped for "
            "POLITENESS_BLOCK_SECONDS or longer, and went on at half the pace. The requests lost nothing by it."
        ),
        remedy=_(
            "Set the ceiling lower (scrapy politeness set {half}), crawl at night (-s CRAWL_WINDOW=01:00-06:00). Do "
            "not try to get round it."
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
        cause=_("A block of another kind, or a notice of maintenance. It was taken for a block."),
        remedy=_(
            "Look at the site in a browser. If it is in maintenance, crawl later; else set the ceiling lower: scrapy "
            "politeness set {half}."
        ),
    ),
    Rule(
        "slow_answers",
        Severity.WARNING,
        ("politeness/slow_answers",),
        ngettext(
            "{count} time the answers took twice as long as before.",
            "{count} times the answers took twice as long as before.",
        ),
        cause=_("The site was near its limit, because of this crawl or of others. The pace was halved."),
        remedy=_("If it comes again and again, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        "held",
        Severity.NOTE,
        ("politeness/held",),
        ngettext(
            "{count} time the site asked to be left alone for a while (Retry-After); the longest wait was "
            "{longest_hold}.",
            "{count} times the site asked to be left alone for a while (Retry-After); the longest wait was "
            "{longest_hold}.",
        ),
        cause=_("It says itself when it may be asked again. No worker asked anything until then."),
        remedy=_("Nothing. If it comes often, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        "retry_after_cut",
        Severity.WARNING,
        ("politeness/retry_after_cut",),
        ngettext(
            "{count} answer asked for a wait of an hour or more (Retry-After).",
            "{count} answers asked for a wait of an hour or more (Retry-After).",
        ),
        cause=_("The site wants to be left alone, or its Retry-After is nonsense. No wait is longer than an hour."),
        remedy=_("Stop with Ctrl-C, and go on another day with the same command: {go_on}"),
    ),
    Rule(
        "retry_after_unusable",
        Severity.NOTE,
        ("politeness/retry_after_unusable",),
        ngettext(
            "{count} answer had a Retry-After that says nothing (0, negative, past or unreadable).",
            "{count} answers had a Retry-After that says nothing (0, negative, past or unreadable).",
        ),
        cause=_("A fault of the site. The requests waited as if it had said nothing."),
        remedy=_("Nothing. How long they wait then: RETRY_BACKOFF_SECONDS."),
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
        cause=_("The rules of the site exclude crawlers from these paths."),
        remedy=_("Ask its owner for permission. Without it nothing of these paths can be crawled."),
    ),
    Rule(
        "robots_unreadable",
        Severity.WARNING,
        ("robotstxt/unknown",),
        ngettext("{count} time robots.txt could not be read.", "{count} times robots.txt could not be read."),
        cause=_(
            "The site answered with an error, a block, or not at all. Rules that are not known allow nothing: the "
            "requests waited until they were."
        ),
        remedy=_("Nothing if the crawl went on. Else look at /robots.txt of the site in a browser."),
    ),
    Rule(
        "crawl_delay",
        Severity.NOTE,
        ("politeness/delayed",),
        ngettext(
            "robots.txt asks for a pause between requests (Crawl-delay).",
            "robots.txt asks for pauses between requests (Crawl-delay).",
        ),
        cause=_("The site's own wish, which goes before POLITENESS_REQUESTS_PER_SECOND."),
        remedy=_("Nothing: it is kept. scrapy politeness show says how long it is."),
    ),
)
