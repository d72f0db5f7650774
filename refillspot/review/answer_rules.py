"""Findings about what answers say: cut off, changed, or not what was asked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.review.findings import Case

RAISED, BY_PAGE = "spider_exceptions/", "fallback/unread/"
EDGE_SHARE = 0.25  # of the rows; of a site that answers what it is asked it is below a tenth
KNOWN_ERRORS = (
    "MalformedAnswerError", "ApiError", "BlockedError", "UnknownStoreError", "LayoutChangedError",
    "count",  # of all of them
)  # fmt: skip


def _rows_elsewhere(case: Case) -> Mapping[str, int]:
    """Count rows that are not of the place asked for, where they are more than a search has at its edges."""
    rows = case.facts.kinds("diningcode/rows_near", "diningcode/rows_widened", "diningcode/rows_generic")
    return rows if sum(rows.values()) > EDGE_SHARE * case.facts.count("diningcode/rows") else {}


def _unread(case: Case, error: str) -> int:
    """Count answers with an error, also of those whose pages were read instead after their last attempt."""
    return case.facts.count(RAISED + error, f"{BY_PAGE}{error}/*")


def _unread_lists(case: Case) -> int:
    """Count pages in an unknown layout that are not store pages: those are kept, and counted for themselves."""
    return case.facts.count(f"{RAISED}LayoutChangedError") - case.facts.count("postgres/unread")


ANSWER_RULES = (
    Rule(
        key="garbled",
        severity=Severity.WARNING,
        count=lambda case: _unread(case, "MalformedAnswerError"),
        happened=lambda n: ngettext(
            "{count} answer was cut off or garbled: no whole JSON.",
            "{count} answers were cut off or garbled: no whole JSON.",
            n,
        ),
        cause=lambda: _(
            "Something went wrong in the site, or on the way. Nothing of it was stored or kept in the cache; the "
            "requests were tried again."
        ),
        remedy=lambda: _("Nothing if they went through in the end. If it lasts, look at a page in a browser."),
    ),
    Rule(
        key="api_errors",
        severity=Severity.WARNING,
        count=lambda case: _unread(case, "ApiError"),
        happened=lambda n: ngettext(
            "{count} answer was an error of the API under HTTP 200 (result_code).",
            "{count} answers were errors of the API under HTTP 200 (result_code).",
            n,
        ),
        cause=lambda: _("The site could not answer at that moment, and says so in its own way. It was asked again."),
        remedy=lambda: _(
            "Nothing if it went through in the end. Else scrapy deadletters show N has the site's own words."
        ),
    ),
    Rule(
        key="unknown_stores",
        severity=Severity.NOTE,
        count=counted(f"{RAISED}UnknownStoreError"),
        happened=lambda n: ngettext(
            "{count} listed store is not known to the site any more.",
            "{count} listed stores are not known to the site any more.",
            n,
        ),
        cause=lambda: _("They left the site between list and page, or the list was an old one of the cache."),
        remedy=lambda: _("Nothing: scrapy deadletters drop N. The next crawl does not see them any more."),
    ),
    Rule(
        key="unread_stores",
        severity=Severity.ERROR,
        count=counted("postgres/unread"),
        happened=lambda n: ngettext(
            "{count} store page is in a layout that is not known, and was kept.",
            "{count} store pages are in a layout that is not known, and were kept.",
            n,
        ),
        cause=lambda: _("The site has changed its pages, or answers some visitors otherwise. Nothing was guessed."),
        remedy=lambda: _(
            "scrapy deadletters show N names the place. Update refillspot, then: scrapy db reparse. It reads the kept "
            "pages again, without the site."
        ),
    ),
    Rule(
        key="unread_lists",
        severity=Severity.ERROR,
        count=_unread_lists,
        happened=lambda n: ngettext(
            "{count} list is in a layout that is not known.", "{count} lists are in a layout that is not known.", n
        ),
        cause=lambda: _("The site has changed its API. The stores of these lists are missing."),
        remedy=lambda: _(
            "scrapy deadletters show N names the place. Update refillspot, then: scrapy deadletters replay --all"
        ),
    ),
    Rule(
        key="changed_lists",
        severity=Severity.WARNING,
        count=counted(f"{BY_PAGE}LayoutChangedError/list"),
        happened=lambda n: ngettext(
            "{count} list is in a layout that is not known; its page for people was read instead.",
            "{count} lists are in a layout that is not known; their pages for people were read instead.",
            n,
        ),
        cause=lambda: _("The site has changed its API. Such a page shows fewer rows: stores may be missing."),
        remedy=lambda: _(
            "docs/site-changed.md: scrapy doctor --shapes FILE writes what the site sends. After an update of "
            "refillspot crawl again: {go_on}"
        ),
    ),
    Rule(
        key="broken_rows",
        severity=Severity.ERROR,
        count=counted("diningcode/rows_broken"),
        happened=lambda n: ngettext(
            "{count} row of a list could not be read.", "{count} rows of lists could not be read.", n
        ),
        cause=lambda: _(
            "They are not in the layout that is known; the rows beside them are. These stores are missing."
        ),
        remedy=lambda: _(
            'The log names the place: search it for "could not be read". Update refillspot, then crawl again.'
        ),
    ),
    Rule(
        key="doubtful_lists",
        severity=Severity.WARNING,
        count=counted("diningcode/queries_doubtful"),
        happened=lambda n: ngettext(
            "{count} list was not about what had been asked for.",
            "{count} lists were not about what had been asked for.",
            n,
        ),
        cause=lambda: _(
            "The site did not understand the words, or widened the search without saying so. It was asked again. No "
            "store is filed under a district that its address is not in."
        ),
        remedy=lambda: _(
            "A few are normal. If there are many, stores may be missing: crawl again when the site is well: {go_on}"
        ),
    ),
    Rule(
        key="rows_elsewhere",
        severity=Severity.WARNING,
        count=_rows_elsewhere,
        happened=lambda n: ngettext(
            "{count} row of a list was not of the place that had been asked for ({kinds}).",
            "{count} rows of lists were not of the place that had been asked for ({kinds}).",
            n,
        ),
        cause=lambda: _(
            "A few lie beyond the edge of a place, but these are many: the site misreads or widens searches. No store "
            "is filed under a district that its address is not in."
        ),
        remedy=lambda: _("Stores may be missing: crawl again when the site is well: {go_on} -s CACHE_ENABLED=False"),
    ),
    Rule(
        key="full_searches",
        severity=Severity.WARNING,
        count=counted("diningcode/queries_full"),
        happened=lambda n: ngettext(
            "{count} search has more matches than the site shows, and there was no smaller place to ask for.",
            "{count} searches have more matches than the site shows, and there was no smaller place to ask for.",
            n,
        ),
        cause=lambda: _("The site shows 100 stores of a search. What lies beyond may be missing."),
        remedy=lambda: _("Ask with narrower words as well, with a plus before them: -a keywords=+초밥뷔페"),
    ),
    Rule(
        key="misjudged_rows",
        severity=Severity.WARNING,
        count=counted("diningcode/samples_refill"),
        happened=lambda n: ngettext(
            "{count} store that did not look like a refill store in the list is one.",
            "{count} stores that did not look like refill stores in the list are some.",
            n,
        ),
        cause=lambda: _(
            "Pages of such rows are fetched as a sample only (UNLIKELY_SAMPLE_SHARE): each one found stands for others "
            "that were not."
        ),
        remedy=lambda: _("Fetch all of them once: {go_on} -s UNLIKELY_SAMPLE_SHARE=1"),
    ),
    Rule(
        key="parser_errors",
        severity=Severity.ERROR,
        count=counted(f"{RAISED}*", without=tuple(RAISED + name for name in KNOWN_ERRORS)),
        happened=lambda n: ngettext(
            "{count} answer made the program itself fail ({kinds}).",
            "{count} answers made the program itself fail ({kinds}).",
            n,
        ),
        cause=lambda: _("A fault of the program: it met something that nobody thought of."),
        remedy=lambda: _(
            "Report it with the traceback of scrapy deadletters show N. After an update: scrapy deadletters replay "
            "--all"
        ),
    ),
)
