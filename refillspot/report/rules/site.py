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
            "The site limits how often it may be asked, and the crawl met that limit. The pace was halved, and "
            "the requests were retried."
        ),
        remedy=_(
            "A few are normal. If there are many, set the ceiling lower: scrapy politeness set {half} "
            "(permanently: POLITENESS_REQUESTS_PER_SECOND)."
        ),
    ),
    Rule(
        "forbidden",
        Severity.WARNING,
        (f"{STATUS}403",),
        ngettext("{count} answer was HTTP 403: forbidden.", "{count} answers were HTTP 403: forbidden."),
        cause=_("The site refuses this address or this User-Agent, often only for a while."),
        remedy=_(
            "Set the ceiling lower (scrapy politeness set {half}) and wait a few hours. If it stays like this, "
            "the site does not want to be crawled from here: ask its owner."
        ),
    ),
    Rule(
        "server_errors",
        Severity.WARNING,
        (f"{STATUS}5*",),
        ngettext(
            "{count} answer was a server error (HTTP {kinds}).",
            "{count} answers were server errors (HTTP {kinds}).",
        ),
        cause=_("The site was overloaded, or under maintenance. The requests were retried up to RETRY_TIMES times."),
        remedy=_(
            "Nothing if they succeeded in the end. If it persists, crawl at another hour (-s "
            "CRAWL_WINDOW=01:00-06:00), or slower: scrapy politeness set {half}."
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
            "A few stores left the site between list and page. Many at once mean that the address of the API has "
            "changed. No store is marked closed because of it."
        ),
        remedy=_("A few: scrapy deadletters drop N. Many: compare DININGCODE_API_URL with the site (scrapy doctor)."),
    ),
    Rule(
        "redirects_refused",
        Severity.WARNING,
        ("frontier/dead_reason/RedirectRefusedError",),
        ngettext(
            "{count} request was redirected away from the site, and not followed.",
            "{count} requests were redirected away from the site, and not followed.",
        ),
        cause=_(
            "Redirects are followed within DININGCODE_API_URL and DININGCODE_WEB_URL only: no other server is "
            "contacted on the site's say, and no form is posted to it."
        ),
        remedy=_(
            "scrapy deadletters list says where they led. If the site has moved there, set its addresses; "
            "otherwise drop them."
        ),
    ),
    Rule(
        "other_refusals",
        Severity.WARNING,
        (f"{STATUS}4*",),
        ngettext("{count} request was refused (HTTP {kinds}).", "{count} requests were refused (HTTP {kinds})."),
        cause=_("The site understood the requests differently from what was meant: its API may have changed."),
        remedy=_("Look at one: scrapy deadletters list, then scrapy deadletters show N. Update refillspot."),
        without=tuple(STATUS + status for status in TOLD_APART),
    ),
    Rule(
        "redirects",
        Severity.NOTE,
        (f"{STATUS}30[12378]",),
        ngettext(
            "{count} answer redirected elsewhere (HTTP {kinds}).",
            "{count} answers redirected elsewhere (HTTP {kinds}).",
        ),
        cause=_("The site has moved, or asks for another address; normally its API does not redirect."),
        remedy=_("Compare DININGCODE_API_URL and DININGCODE_WEB_URL with the site."),
    ),
)

WIRE_RULES = (
    Rule(
        "timeouts",
        Severity.WARNING,
        (*TIMEOUTS,),
        ngettext("{count} request got no complete answer in time.", "{count} requests got no complete answer in time."),
        cause=_(
            "The site or the network was slow: no answer, or only part of it, came within DOWNLOAD_TIMEOUT. The "
            "requests were retried."
        ),
        remedy=_(
            "A few are normal. If there are many, crawl slower (scrapy politeness set {half}) or wait longer (-s "
            "DOWNLOAD_TIMEOUT=60)."
        ),
    ),
    Rule(
        "connections",
        Severity.WARNING,
        (f"{ERROR}*",),
        ngettext(
            "{count} connection broke before the answer was complete ({kinds}).",
            "{count} connections broke before the answer was complete ({kinds}).",
        ),
        cause=_(
            "The site, or something on the way to it, reset them. No partial answer was used; the requests were "
            "retried."
        ),
        remedy=_("A few are normal. If there are many, look at your network, or crawl slower."),
        without=(*TIMEOUTS, *UNREACHABLE, *TOO_LARGE, *NO_TROUBLE),
    ),
    Rule(
        "unreachable",
        Severity.ERROR,
        (*UNREACHABLE,),
        ngettext(
            "{count} request did not reach the site ({kinds}).", "{count} requests did not reach the site ({kinds})."
        ),
        cause=_("The site's host name does not resolve, or nothing is listening at its address."),
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
            "A page of the site is about 100 kB. This was something else: a broken server, or a small answer "
            "that decompresses to a huge one. It was not retried."
        ),
        remedy=_(
            "scrapy deadletters list names them; scrapy deadletters replay --all retries them. If such pages are "
            "genuine, raise DOWNLOAD_MAXSIZE (bytes)."
        ),
    ),
)

FALLBACK_RULES = (
    Rule(
        "other_road",
        Severity.WARNING,
        ("fallback/lists", "fallback/stores"),
        ngettext(
            "{count} answer was read from a web page instead of the API ({kinds}).",
            "{count} answers were read from web pages instead of the API ({kinds}).",
        ),
        cause=_(
            "The API did not answer these requests, or not in a readable form. Such pages show fewer rows of a "
            "search, and less about a store."
        ),
        remedy=_("scrapy doctor checks the API. When it answers again, crawl again: {go_on}"),
    ),
    Rule(
        "no_other_road",
        Severity.WARNING,
        ("fallback/without_page", "fallback/forbidden"),
        ngettext(
            "{count} request that the API did not answer has no web page to use instead ({kinds}).",
            "{count} requests that the API did not answer have no web pages to use instead ({kinds}).",
        ),
        cause=_("No web page has what they ask for, or robots.txt forbids it."),
        remedy=_("When the API answers again: scrapy deadletters replay --all"),
    ),
)
