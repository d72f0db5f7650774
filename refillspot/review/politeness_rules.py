"""Findings about blocks, holds and rules: what the site wants, and what the crawl did about it. Pure."""

from __future__ import annotations

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted

BLOCK_RULES = (
    Rule(
        key="verification_pages",
        severity=Severity.WARNING,
        count=counted("politeness/verification_pages"),
        happened=lambda n: ngettext(
            "{count} answer was a verification page: are you human?",
            "{count} answers were verification pages: are you human?",
            n,
        ),
        cause=lambda: _(
            "The site has blocked this address, because it was asked too much. All workers stopped for "
            "POLITENESS_BLOCK_SECONDS or longer, and went on at half the pace. The requests lost nothing by it."
        ),
        remedy=lambda: _(
            "Set the ceiling lower (scrapy politeness set {half}), crawl at night (-s CRAWL_WINDOW=01:00-06:00). Do "
            "not try to get round it."
        ),
    ),
    Rule(
        key="pages_for_humans",
        severity=Severity.WARNING,
        count=counted("politeness/pages_for_humans", "spider_exceptions/BlockedError"),
        happened=lambda n: ngettext(
            "{count} answer was a page for humans where data was due.",
            "{count} answers were pages for humans where data was due.",
            n,
        ),
        cause=lambda: _("A block of another kind, or a notice of maintenance. It was taken for a block."),
        remedy=lambda: _(
            "Look at the site in a browser. If it is in maintenance, crawl later; else set the ceiling lower: scrapy "
            "politeness set {half}."
        ),
    ),
    Rule(
        key="slow_answers",
        severity=Severity.WARNING,
        count=counted("politeness/slow_answers"),
        happened=lambda n: ngettext(
            "{count} time the answers took twice as long as before.",
            "{count} times the answers took twice as long as before.",
            n,
        ),
        cause=lambda: _("The site was near its limit, because of this crawl or of others. The pace was halved."),
        remedy=lambda: _("If it comes again and again, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        key="held",
        severity=Severity.NOTE,
        count=counted("politeness/held"),
        happened=lambda n: ngettext(
            "{count} time the site asked to be left alone for a while (Retry-After); the longest wait was "
            "{longest_hold}.",
            "{count} times the site asked to be left alone for a while (Retry-After); the longest wait was "
            "{longest_hold}.",
            n,
        ),
        cause=lambda: _("It says itself when it may be asked again. No worker asked anything until then."),
        remedy=lambda: _("Nothing. If it comes often, set the ceiling lower: scrapy politeness set {half}."),
    ),
    Rule(
        key="retry_after_cut",
        severity=Severity.WARNING,
        count=counted("politeness/retry_after_cut"),
        happened=lambda n: ngettext(
            "{count} answer asked for a wait of an hour or more (Retry-After).",
            "{count} answers asked for a wait of an hour or more (Retry-After).",
            n,
        ),
        cause=lambda: _(
            "The site wants to be left alone, or its Retry-After is nonsense. No wait is longer than an hour."
        ),
        remedy=lambda: _("Stop with Ctrl-C, and go on another day with the same command: {go_on}"),
    ),
    Rule(
        key="retry_after_unusable",
        severity=Severity.NOTE,
        count=counted("politeness/retry_after_unusable"),
        happened=lambda n: ngettext(
            "{count} answer had a Retry-After that says nothing (0, negative, past or unreadable).",
            "{count} answers had a Retry-After that says nothing (0, negative, past or unreadable).",
            n,
        ),
        cause=lambda: _("A fault of the site. The requests waited as if it had said nothing."),
        remedy=lambda: _("Nothing. How long they wait then: RETRY_BACKOFF_SECONDS."),
    ),
)

ROBOTS_RULES = (
    Rule(
        key="robots_forbidden",
        severity=Severity.ERROR,
        count=counted("robotstxt/forbidden"),
        happened=lambda n: ngettext(
            "{count} request was not sent: robots.txt forbids it.",
            "{count} requests were not sent: robots.txt forbids them.",
            n,
        ),
        cause=lambda: _("The rules of the site exclude crawlers from these paths."),
        remedy=lambda: _("Ask its owner for permission. Without it nothing of these paths can be crawled."),
    ),
    Rule(
        key="robots_unreadable",
        severity=Severity.WARNING,
        count=counted("robotstxt/unknown"),
        happened=lambda n: ngettext(
            "{count} time robots.txt could not be read.", "{count} times robots.txt could not be read.", n
        ),
        cause=lambda: _(
            "The site answered with an error, a block, or not at all. Rules that are not known allow nothing: the "
            "requests waited until they were."
        ),
        remedy=lambda: _("Nothing if the crawl went on. Else look at /robots.txt of the site in a browser."),
    ),
    Rule(
        key="crawl_delay",
        severity=Severity.NOTE,
        count=counted("politeness/delayed"),
        happened=lambda n: ngettext(
            "robots.txt asks for a pause between requests (Crawl-delay).",
            "robots.txt asks for pauses between requests (Crawl-delay).",
            n,
        ),
        cause=lambda: _("The site's own wish, which goes before POLITENESS_REQUESTS_PER_SECOND."),
        remedy=lambda: _("Nothing: it is kept. scrapy politeness show says how long it is."),
    ),
)
