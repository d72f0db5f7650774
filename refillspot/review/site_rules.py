"""Findings about the site: what it refused, what it did not answer, what it asked for. Pure."""

from __future__ import annotations

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted

STATUS, ERROR = "site/status/", "downloader/exception_type_count/"
TOLD_APART = ("403", "404", "410", "429")  # statuses with a rule of their own
TIMEOUTS = (f"{ERROR}*Time*",)  # DownloadTimeoutError, TimeoutError, TCPTimedOutError
UNREACHABLE = (f"{ERROR}*ResolveHost*", f"{ERROR}*DNSLookup*", f"{ERROR}*Refused*")
TOO_LARGE = (f"{ERROR}*DownloadCancelledError",)
NO_TROUBLE = (f"{ERROR}*IgnoreRequest",)  # told by whoever ignored it

STATUS_RULES = (
    Rule(
        key="too_many_requests",
        severity=Severity.WARNING,
        count=counted(f"{STATUS}429"),
        happened=lambda n: ngettext(
            "{count} answer was HTTP 429: too many requests.", "{count} answers were HTTP 429: too many requests.", n
        ),
        cause=lambda: _(
            "The site limits how often it may be asked, and the crawl met that limit. The pace was halved, and the "
            "requests were tried again."
        ),
        remedy=lambda: _(
            "A few are normal. If there are many, set the ceiling lower: scrapy politeness set {half} (for good: "
            "POLITENESS_REQUESTS_PER_SECOND)."
        ),
    ),
    Rule(
        key="forbidden",
        severity=Severity.WARNING,
        count=counted(f"{STATUS}403"),
        happened=lambda n: ngettext(
            "{count} answer was HTTP 403: forbidden.", "{count} answers were HTTP 403: forbidden.", n
        ),
        cause=lambda: _("The site refuses this address or this User-Agent, often for a while only."),
        remedy=lambda: _(
            "Set the ceiling lower (scrapy politeness set {half}) and wait some hours. If it stays so, the site does "
            "not want to be crawled from here: ask its owner."
        ),
    ),
    Rule(
        key="server_errors",
        severity=Severity.WARNING,
        count=counted(f"{STATUS}5*"),
        happened=lambda n: ngettext(
            "{count} answer was an error of the server (HTTP {kinds}).",
            "{count} answers were errors of the server (HTTP {kinds}).",
            n,
        ),
        cause=lambda: _(
            "The site was overloaded, or in maintenance. The requests were tried again, RETRY_TIMES times."
        ),
        remedy=lambda: _(
            "Nothing if they went through in the end. If it lasts, crawl at another hour "
            "(-s CRAWL_WINDOW=01:00-06:00), or slower: scrapy politeness set {half}."
        ),
    ),
    Rule(
        key="not_found",
        severity=Severity.WARNING,
        count=counted(
            "frontier/dead_reason/HTTP 404",
            "frontier/dead_reason/HTTP 410",
            "httperror/response_ignored_status_count/404",
            "httperror/response_ignored_status_count/410",
        ),
        happened=lambda n: ngettext(
            "{count} request was answered with HTTP 404 or 410: not found.",
            "{count} requests were answered with HTTP 404 or 410: not found.",
            n,
        ),
        cause=lambda: _(
            "Single stores left the site between list and page. Many at once mean that the address of the API has "
            "changed. No store is taken for closed because of it."
        ),
        remedy=lambda: _(
            "A few: scrapy deadletters drop N. Many: compare DININGCODE_API_URL with the site (scrapy doctor)."
        ),
    ),
    Rule(
        key="redirects_refused",
        severity=Severity.WARNING,
        count=counted("frontier/dead_reason/RedirectRefusedError"),
        happened=lambda n: ngettext(
            "{count} request was sent away from the site, and not followed there.",
            "{count} requests were sent away from the site, and not followed there.",
            n,
        ),
        cause=lambda: _(
            "Redirects are followed within DININGCODE_API_URL and DININGCODE_WEB_URL only: no other server is asked in "
            "the site's name, and no form is posted to it."
        ),
        remedy=lambda: _(
            "scrapy deadletters list says where they led. If the site has moved there, set its addresses; else drop "
            "them."
        ),
    ),
    Rule(
        key="other_refusals",
        severity=Severity.WARNING,
        count=counted(f"{STATUS}4*", without=tuple(STATUS + status for status in TOLD_APART)),
        happened=lambda n: ngettext(
            "{count} request was refused (HTTP {kinds}).", "{count} requests were refused (HTTP {kinds}).", n
        ),
        cause=lambda: _("The site understood the requests otherwise than they were meant: its API may have changed."),
        remedy=lambda: _("Look at one: scrapy deadletters list, then scrapy deadletters show N. Update refillspot."),
    ),
    Rule(
        key="redirects",
        severity=Severity.NOTE,
        count=counted(f"{STATUS}30[12378]"),
        happened=lambda n: ngettext(
            "{count} answer led somewhere else (HTTP {kinds}).", "{count} answers led somewhere else (HTTP {kinds}).", n
        ),
        cause=lambda: _("The site has moved, or asks for another address; its API does not redirect otherwise."),
        remedy=lambda: _("Compare DININGCODE_API_URL and DININGCODE_WEB_URL with the site."),
    ),
)

WIRE_RULES = (
    Rule(
        key="timeouts",
        severity=Severity.WARNING,
        count=counted(*TIMEOUTS),
        happened=lambda n: ngettext(
            "{count} request had no whole answer in time.", "{count} requests had no whole answer in time.", n
        ),
        cause=lambda: _(
            "The site or the network was slow: nothing, or not all of it, came within DOWNLOAD_TIMEOUT. The requests "
            "were tried again."
        ),
        remedy=lambda: _(
            "A few are normal. If there are many, ask slower (scrapy politeness set {half}) or wait longer "
            "(-s DOWNLOAD_TIMEOUT=60)."
        ),
    ),
    Rule(
        key="connections",
        severity=Severity.WARNING,
        count=counted(f"{ERROR}*", without=(*TIMEOUTS, *UNREACHABLE, *TOO_LARGE, *NO_TROUBLE)),
        happened=lambda n: ngettext(
            "{count} connection broke off before the answer was whole ({kinds}).",
            "{count} connections broke off before the answer was whole ({kinds}).",
            n,
        ),
        cause=lambda: _(
            "The site, or something on the way to it, reset them. Nothing of a part was used; the requests were tried "
            "again."
        ),
        remedy=lambda: _("A few are normal. If there are many, look at your network, or ask slower."),
    ),
    Rule(
        key="unreachable",
        severity=Severity.ERROR,
        count=counted(*UNREACHABLE),
        happened=lambda n: ngettext(
            "{count} request did not reach the site ({kinds}).", "{count} requests did not reach the site ({kinds}).", n
        ),
        cause=lambda: _("The name of the site is not known to the network, or nobody listens at its address."),
        remedy=lambda: _("Look at the network, and at DININGCODE_API_URL: scrapy doctor."),
    ),
    Rule(
        key="too_large",
        severity=Severity.WARNING,
        count=counted(*TOO_LARGE, "frontier/dead_reason/DecompressionMaxSizeExceeded"),
        happened=lambda n: ngettext(
            "{count} answer was cut off: larger than DOWNLOAD_MAXSIZE.",
            "{count} answers were cut off: larger than DOWNLOAD_MAXSIZE.",
            n,
        ),
        cause=lambda: _(
            "A page of the site has 100 kB. This was something else: a broken server, or a small answer that unpacks "
            "to a huge one. It was not tried again."
        ),
        remedy=lambda: _(
            "scrapy deadletters list names them; scrapy deadletters replay --all asks again. If such pages are real, "
            "set DOWNLOAD_MAXSIZE (bytes) higher."
        ),
    ),
)
