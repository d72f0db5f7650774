"""Findings about the site: what it refused, what it did not answer, and where its API was gone round. Pure."""

from __future__ import annotations

from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.findings import Rule, Severity
from refillspot.stats.counts import STATUS

ERROR = "downloader/exception_type_count/"
TOLD_APART = ("403", "404", "410", "429")  # statuses with a rule of their own
TIMEOUTS = (f"{ERROR}*Time*",)  # DownloadTimeoutError, TimeoutError, TCPTimedOutError
UNREACHABLE = (f"{ERROR}*ResolveHost*", f"{ERROR}*DNSLookup*", f"{ERROR}*Refused*")
TOO_LARGE = (f"{ERROR}*DownloadCancelledError",)
NO_TROUBLE = (f"{ERROR}*IgnoreRequest",)  # told by whoever ignored it


STATUS_RULES = (
    Rule(
        "too_many_requests",
        Severity.WARNING,
        (f"{STATUS}429",),
        ngettext(
            "{count} answer was HTTP 429: too many requests.", "{count} answers were HTTP 429: too many requests."
        ),
        cause=_(
            "The site limits how often it may be asked, and the crawl met that limit. The pace was halved, and the "
            "requests were tried again."
        ),
        remedy=_(
            "A few are normal. If there are many, set the ceiling lower: scrapy politeness set {half} (for good: "
            "POLITENESS_REQUESTS_PER_SECOND)."
        ),
    ),
    Rule(
        "forbidden",
        Severity.WARNING,
        (f"{STATUS}403",),
        ngettext("{count} answer was HTTP 403: forbidden.", "{count} answers were HTTP 403: forbidden."),
        cause=_("The site refuses this address or this User-Agent, often for a while only."),
        remedy=_(
            "Set the ceiling lower (scrapy politeness set {half}) and wait some hours. If it stays so, the site does "
            "not want to be crawled from here: ask its owner."
        ),
    ),
    Rule(
        "server_errors",
        Severity.WARNING,
        (f"{STATUS}5*",),
        ngettext(
            "{count} answer was an error of the server (HTTP {kinds}).",
            "{count} answers were errors of the server (HTTP {kinds}).",
        ),
        cause=_("The site was overloaded, or in maintenance. The requests were tried again, RETRY_TIMES times."),
        remedy=_(
            "Nothing if they went through in the end. If it lasts, crawl at another hour "
            "(-s CRAWL_WINDOW=01:00-06:00), or slower: scrapy politeness set {half}."
        ),
    ),
    Rule(
        "not_found",
        Severity.WARNING,
        (
            "frontier/dead_reason/HTTP 404",
            "frontier/dead_reason/HTTP 410",
            "httperror/response_ignored_status_count/404",
            "httperror/response_ignored_status_count/410",
        ),
        ngettext(
            "{count} request was answered with HTTP 404 or 410: not found.",
            "{count} requests were answered with HTTP 404 or 410: not found.",
        ),
        cause=_(
            "Single stores left the site between list and page. Many at once mean that the address of the API has "
            "changed. No store is taken for closed because of it."
        ),
        remedy=_("A few: scrapy deadletters drop N. Many: compare DININGCODE_API_URL with the site (scrapy doctor)."),
    ),
    Rule(
        "redirects_refused",
        Severity.WARNING,
        ("frontier/dead_reason/RedirectRefusedError",),
        ngettext(
            "{count} request was sent away from the site, and not followed there.",
            "{count} requests were sent away from the site, and not followed there.",
        ),
        cause=_(
            "Redirects are followed within DININGCODE_API_URL and DININGCODE_WEB_URL only: no other server is asked in "
            "the site's name, and no form is posted to it."
        ),
        remedy=_(
            "scrapy deadletters list says where they led. If the site has moved there, set its addresses; else drop "
            "them."
        ),
    ),
    Rule(
        "other_refusals",
        Severity.WARNING,
        (f"{STATUS}4*",),
        ngettext("{count} request was refused (HTTP {kinds}).", "{count} requests were refused (HTTP {kinds})."),
        cause=_("The site understood the requests otherwise than they were meant: its API may have changed."),
        remedy=_("Look at one: scrapy deadletters list, then scrapy deadletters show N. Update refillspot."),
        without=tuple(STATUS + status for status in TOLD_APART),
    ),
    Rule(
        "redirects",
        Severity.NOTE,
        (f"{STATUS}30[12378]",),
        ngettext(
            "{count} answer led somewhere else (HTTP {kinds}).", "{count} answers led somewhere else (HTTP {kinds})."
        ),
        cause=_("The site has moved, or asks for another address; its API does not redirect otherwise."),
        remedy=_("Compare DININGCODE_API_URL and DININGCODE_WEB_URL with the site."),
    ),
)

WIRE_RULES = (
    Rule(
        "timeouts",
        Severity.WARNING,
        (*TIMEOUTS,),
        ngettext("{count} request had no whole answer in time.", "{count} requests had no whole answer in time."),
        cause=_(
            "The site or the network was slow: nothing, or not all of it, came within DOWNLOAD_TIMEOUT. The requests "
            "were tried again."
        ),
        remedy=_(
            "A few are normal. If there are many, ask slower (scrapy politeness set {half}) or wait longer "
            "(-s DOWNLOAD_TIMEOUT=60)."
        ),
    ),
    Rule(
        "connections",
        Severity.WARNING,
        (f"{ERROR}*",),
        ngettext(
            "{count} connection broke off before the answer was whole ({kinds}).",
            "{count} connections broke off before the answer was whole ({kinds}).",
        ),
        cause=_(
            "The site, or something on the way to it, reset them. Nothing of a part was used; the requests were tried "
            "again."
        ),
        remedy=_("A few are normal. If there are many, look at your network, or ask slower."),
        without=(*TIMEOUTS, *UNREACHABLE, *TOO_LARGE, *NO_TROUBLE),
    ),
    Rule(
        "unreachable",
        Severity.ERROR,
        (*UNREACHABLE,),
        ngettext(
            "{count} request did not reach the site ({kinds}).", "{count} requests did not reach the site ({kinds})."
        ),
        cause=_("The name of the site is not known to the network, or nobody listens at its address."),
        remedy=_("Look at the network, and at DININGCODE_API_URL: scrapy doctor."),
    ),
    Rule(
        "too_large",
        Severity.WARNING,
        (*TOO_LARGE, "frontier/dead_reason/DecompressionMaxSizeExceeded"),
        ngettext(
            "{count} answer was cut off: larger than DOWNLOAD_MAXSIZE.",
            "{count} answers were cut off: larger than DOWNLOAD_MAXSIZE.",
        ),
        cause=_(
            "A page of the site has 100 kB. This was something else: a broken server, or a small answer that unpacks "
            "to a huge one. It was not tried again."
        ),
        remedy=_(
            "scrapy deadletters list names them; scrapy deadletters replay --all asks again. If such pages are real, "
            "set DOWNLOAD_MAXSIZE (bytes) higher."
        ),
    ),
)

FALLBACK_RULES = (
    Rule(
        "other_road",
        Severity.WARNING,
        ("fallback/lists", "fallback/stores"),
        ngettext(
            "{count} answer was read from a page for people in place of the API's ({kinds}).",
            "{count} answers were read from pages for people in place of the API's ({kinds}).",
        ),
        cause=_(
            "The API did not answer these requests, or in no way that could be read. Such pages show fewer rows of a "
            "search, and say less of a store."
        ),
        remedy=_("scrapy doctor looks at the API. When it answers again, crawl again: {go_on}"),
    ),
    Rule(
        "no_other_road",
        Severity.WARNING,
        ("fallback/without_page", "fallback/forbidden"),
        ngettext(
            "{count} request that the API did not answer has no page to be asked instead ({kinds}).",
            "{count} requests that the API did not answer have no pages to be asked instead ({kinds}).",
        ),
        cause=_("No page says what they ask for, or robots.txt forbids it."),
        remedy=_("When the API answers again: scrapy deadletters replay --all"),
    ),
)
