"""Findings about what answers say: cut off, changed, or not what was asked for. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.findings import Rule, Severity

if TYPE_CHECKING:
    from refillspot.report.findings import Case

RAISED, BY_PAGE = "spider_exceptions/", "fallback/unread/"
EDGE_SHARE = 0.25  # of the rows; of a site that answers what it is asked it is below a tenth
KNOWN_ERRORS = (
    "MalformedAnswerError", "ApiError", "BlockedError", "UnknownStoreError", "LayoutChangedError",
    "count",  # of all of them
)  # fmt: skip


def _unread(error: str, case: Case) -> int:
    """Count answers with an error, also of those whose pages were read instead after their last attempt."""
    return case.crawl.count(RAISED + error, f"{BY_PAGE}{error}/*")


def _unread_lists(case: Case) -> int:
    """Count pages in an unknown layout that are not store pages: those are kept, and counted for themselves."""
    return case.crawl.count(f"{RAISED}LayoutChangedError") - case.crawl.count("postgres/unread")


ANSWER_RULES = (
    Rule(
        "garbled",
        Severity.WARNING,
        partial(_unread, "MalformedAnswerError"),
        ngettext(
            "{count} answer was cut off or garbled: not complete JSON.",
            "{count} answers were cut off or garbled: not complete JSON.",
        ),
        cause=_(
            "Something went wrong at the site, or on the way. None of it was stored or cached; the requests were "
            "retried."
        ),
        remedy=_("Nothing if they succeeded in the end. If it persists, look at a page in a browser."),
    ),
    Rule(
        "api_errors",
        Severity.WARNING,
        partial(_unread, "ApiError"),
        ngettext(
            "{count} answer was an error of the API under HTTP 200 (result_code).",
            "{count} answers were errors of the API under HTTP 200 (result_code).",
        ),
        cause=_("The site could not answer at that moment, and said so in its own way. The request was retried."),
        remedy=_("Nothing if it succeeded in the end. Otherwise scrapy deadletters show N has the site's own words."),
    ),
    Rule(
        "unknown_stores",
        Severity.NOTE,
        (f"{RAISED}UnknownStoreError",),
        ngettext(
            "{count} listed store is no longer known to the site.",
            "{count} listed stores are no longer known to the site.",
        ),
        cause=_("They left the site between list and page, or the list was an old one from the cache."),
        remedy=_("Nothing: scrapy deadletters drop N. The next crawl will not see them."),
    ),
    Rule(
        "unread_stores",
        Severity.ERROR,
        ("postgres/unread",),
        ngettext(
            "{count} store page is in an unknown layout, and was kept.",
            "{count} store pages are in an unknown layout, and were kept.",
        ),
        cause=_("The site has changed its pages, or answers some visitors differently. Nothing was guessed."),
        remedy=_(
            "scrapy deadletters show N says where. Update refillspot, then: scrapy db reparse. It rereads the "
            "kept pages, without asking the site."
        ),
    ),
    Rule(
        "unread_lists",
        Severity.ERROR,
        _unread_lists,
        ngettext("{count} list is in an unknown layout.", "{count} lists are in an unknown layout."),
        cause=_("The site has changed its API. The stores of these lists are missing."),
        remedy=_("scrapy deadletters show N says where. Update refillspot, then: scrapy deadletters replay --all"),
    ),
    Rule(
        "changed_lists",
        Severity.WARNING,
        (f"{BY_PAGE}LayoutChangedError/list",),
        ngettext(
            "{count} list is in an unknown layout; its web page was read instead.",
            "{count} lists are in an unknown layout; their web pages were read instead.",
        ),
        cause=_("The site has changed its API. Such a page shows fewer rows: stores may be missing."),
        remedy=_(
            "docs/site-changed.md: scrapy doctor --shapes FILE writes what the site sends. After an update of "
            "refillspot crawl again: {go_on}"
        ),
    ),
    Rule(
        "broken_rows",
        Severity.ERROR,
        ("diningcode/rows_broken",),
        ngettext("{count} row of a list could not be read.", "{count} rows of lists could not be read."),
        cause=_("Their layout is unknown; the other rows are fine. These stores are missing."),
        remedy=_('The log says where: search it for "could not be read". Update refillspot, then crawl again.'),
    ),
    Rule(
        "doubtful_lists",
        Severity.WARNING,
        ("diningcode/queries_doubtful",),
        ngettext(
            "{count} list was not about what was requested.",
            "{count} lists were not about what was requested.",
        ),
        cause=_(
            "The site did not understand the query, or silently widened the search. It was asked again. No store "
            "is filed under a district that its address is not in."
        ),
        remedy=_(
            "A few are normal. If there are many, stores may be missing: crawl again when the site has "
            "recovered: {go_on}"
        ),
    ),
    Rule(
        "rows_elsewhere",
        Severity.WARNING,
        ("diningcode/rows_near", "diningcode/rows_widened", "diningcode/rows_generic"),
        ngettext(
            "{count} row of a list was not from the requested place ({kinds}).",
            "{count} rows of lists were not from the requested place ({kinds}).",
        ),
        cause=_(
            "A few may lie just outside a place, but not this many: the site misreads or widens searches. No "
            "store is filed under a district that its address is not in."
        ),
        remedy=_("Stores may be missing: crawl again when the site has recovered: {go_on} -s CACHE_ENABLED=False"),
        above=EDGE_SHARE,
        share_of="diningcode/rows",
    ),
    Rule(
        "full_searches",
        Severity.WARNING,
        ("diningcode/queries_full",),
        ngettext(
            "{count} search has more matches than the site shows, and there was no smaller place to search.",
            "{count} searches have more matches than the site shows, and there was no smaller place to search.",
        ),
        cause=_("The site shows at most 100 stores per search. Any others may be missing."),
        remedy=_("Search with narrower keywords as well, prefixed with a plus: -a keywords=+초밥뷔페"),
    ),
    Rule(
        "misjudged_rows",
        Severity.WARNING,
        ("diningcode/samples_refill",),
        ngettext(
            "{count} store that did not look like a refill store in the list is one.",
            "{count} stores that did not look like refill stores in the list are.",
        ),
        cause=_(
            "Only a sample of such pages is fetched (UNLIKELY_SAMPLE_SHARE): each one found stands for others "
            "that were missed."
        ),
        remedy=_("Fetch all of them for once: {go_on} -s UNLIKELY_SAMPLE_SHARE=1"),
    ),
    Rule(
        "parser_errors",
        Severity.ERROR,
        (f"{RAISED}*",),
        ngettext(
            "{count} answer made refillspot itself fail ({kinds}).",
            "{count} answers made refillspot itself fail ({kinds}).",
        ),
        cause=_("A bug in refillspot: it met a case that nobody had thought of."),
        remedy=_(
            "Report it with the traceback of scrapy deadletters show N. After an update: scrapy deadletters replay "
            "--all"
        ),
        without=tuple(RAISED + name for name in KNOWN_ERRORS),
    ),
)
