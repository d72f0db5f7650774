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
            "{count} answer was cut off or garbled: no whole JSON.",
            "{count} answers were cut off or garbled: no whole JSON.",
        ),
        cause=_(
            "Something went wrong in the site, or on the way. Nothing of it was stored or kept in the cache; the "
            "requests were tried again."
        ),
        remedy=_("Nothing if they went through in the end. If it lasts, look at a page in a browser."),
    ),
    Rule(
        "api_errors",
        Severity.WARNING,
        partial(_unread, "ApiError"),
        ngettext(
            "{count} answer was an error of the API under HTTP 200 (result_code).",
            "{count} answers were errors of the API under HTTP 200 (result_code).",
        ),
        cause=_("The site could not answer at that moment, and says so in its own way. It was asked again."),
        remedy=_("Nothing if it went through in the end. Else scrapy deadletters show N has the site's own words."),
    ),
    Rule(
        "unknown_stores",
        Severity.NOTE,
        (f"{RAISED}UnknownStoreError",),
        ngettext(
            "{count} listed store is not known to the site any more.",
            "{count} listed stores are not known to the site any more.",
        ),
        cause=_("They left the site between list and page, or the list was an old one of the cache."),
        remedy=_("Nothing: scrapy deadletters drop N. The next crawl does not see them any more."),
    ),
    Rule(
        "unread_stores",
        Severity.ERROR,
        ("postgres/unread",),
        ngettext(
            "{count} store page is in a layout that is not known, and was kept.",
            "{count} store pages are in a layout that is not known, and were kept.",
        ),
        cause=_("The site has changed its pages, or answers some visitors otherwise. Nothing was guessed."),
        remedy=_(
            "scrapy deadletters show N names the place. Update refillspot, then: scrapy db reparse. It reads the kept "
            "pages again, without the site."
        ),
    ),
    Rule(
        "unread_lists",
        Severity.ERROR,
        _unread_lists,
        ngettext("{count} list is in a layout that is not known.", "{count} lists are in a layout that is not known."),
        cause=_("The site has changed its API. The stores of these lists are missing."),
        remedy=_("scrapy deadletters show N names the place. Update refillspot, then: scrapy deadletters replay --all"),
    ),
    Rule(
        "changed_lists",
        Severity.WARNING,
        (f"{BY_PAGE}LayoutChangedError/list",),
        ngettext(
            "{count} list is in a layout that is not known; its page for people was read instead.",
            "{count} lists are in a layout that is not known; their pages for people were read instead.",
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
        cause=_("They are not in the layout that is known; the rows beside them are. These stores are missing."),
        remedy=_('The log names the place: search it for "could not be read". Update refillspot, then crawl again.'),
    ),
    Rule(
        "doubtful_lists",
        Severity.WARNING,
        ("diningcode/queries_doubtful",),
        ngettext(
            "{count} list was not about what had been asked for.",
            "{count} lists were not about what had been asked for.",
        ),
        cause=_(
            "The site did not understand the words, or widened the search without saying so. It was asked again. No "
            "store is filed under a district that its address is not in."
        ),
        remedy=_(
            "A few are normal. If there are many, stores may be missing: crawl again when the site is well: {go_on}"
        ),
    ),
    Rule(
        "rows_elsewhere",
        Severity.WARNING,
        ("diningcode/rows_near", "diningcode/rows_widened", "diningcode/rows_generic"),
        ngettext(
            "{count} row of a list was not of the place that had been asked for ({kinds}).",
            "{count} rows of lists were not of the place that had been asked for ({kinds}).",
        ),
        cause=_(
            "A few lie beyond the edge of a place, but these are many: the site misreads or widens searches. No store "
            "is filed under a district that its address is not in."
        ),
        remedy=_("Stores may be missing: crawl again when the site is well: {go_on} -s CACHE_ENABLED=False"),
        above=EDGE_SHARE,
        share_of="diningcode/rows",
    ),
    Rule(
        "full_searches",
        Severity.WARNING,
        ("diningcode/queries_full",),
        ngettext(
            "{count} search has more matches than the site shows, and there was no smaller place to ask for.",
            "{count} searches have more matches than the site shows, and there was no smaller place to ask for.",
        ),
        cause=_("The site shows 100 stores of a search. What lies beyond may be missing."),
        remedy=_("Ask with narrower words as well, with a plus before them: -a keywords=+초밥뷔페"),
    ),
    Rule(
        "misjudged_rows",
        Severity.WARNING,
        ("diningcode/samples_refill",),
        ngettext(
            "{count} store that did not look like a refill store in the list is one.",
            "{count} stores that did not look like refill stores in the list are some.",
        ),
        cause=_(
            "Pages of such rows are fetched as a sample only (UNLIKELY_SAMPLE_SHARE): each one found stands for others "
            "that were not."
        ),
        remedy=_("Fetch all of them once: {go_on} -s UNLIKELY_SAMPLE_SHARE=1"),
    ),
    Rule(
        "parser_errors",
        Severity.ERROR,
        (f"{RAISED}*",),
        ngettext(
            "{count} answer made the program itself fail ({kinds}).",
            "{count} answers made the program itself fail ({kinds}).",
        ),
        cause=_("A fault of the program: it met something that nobody thought of."),
        remedy=_(
            "Report it with the traceback of scrapy deadletters show N. After an update: scrapy deadletters replay "
            "--all"
        ),
        without=tuple(RAISED + name for name in KNOWN_ERRORS),
    ),
)
