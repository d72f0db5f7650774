"""Findings about the other road: pages for people, asked where the API does not answer. Pure."""

from __future__ import annotations

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted

FALLBACK_RULES = (
    Rule(
        key="other_road",
        severity=Severity.WARNING,
        count=counted("fallback/lists", "fallback/stores"),
        happened=lambda n: ngettext(
            "{count} answer was read from a page for people in place of the API's ({kinds}).",
            "{count} answers were read from pages for people in place of the API's ({kinds}).",
            n,
        ),
        cause=lambda: _(
            "The API did not answer these requests, or in no way that could be read. Such pages show fewer rows of a "
            "search, and say less of a store."
        ),
        remedy=lambda: _("scrapy doctor looks at the API. When it answers again, crawl again: {go_on}"),
    ),
    Rule(
        key="no_other_road",
        severity=Severity.WARNING,
        count=counted("fallback/without_page", "fallback/forbidden"),
        happened=lambda n: ngettext(
            "{count} request that the API did not answer has no page to be asked instead ({kinds}).",
            "{count} requests that the API did not answer have no pages to be asked instead ({kinds}).",
            n,
        ),
        cause=lambda: _("No page says what they ask for, or robots.txt forbids it."),
        remedy=lambda: _("When the API answers again: scrapy deadletters replay --all"),
    ),
)
