"""Findings about a crawl and its workers: how they ended, what is missing, how the budget was used. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from refillspot.exit_status import BLOCKED, SILENT, UNREADABLE
from refillspot.language import gettext
from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.figures import USEFUL_HIT_RATE
from refillspot.report.findings import Rule, Severity
from refillspot.stats.crawl import RESUMABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.report.findings import Case

FEWER = 0.9  # of the stores of the crawl before; less than that is no chance
UNUSED = 0.8  # of the budget
LEAST_SECONDS, LEAST_REQUESTS = 60, 50  # of a crawl whose use of the budget says something
WHY_SLOWER = ("politeness/slowed", "politeness/held", "politeness/blocked", "politeness/delayed")


def _is_nothing_stored(case: Case) -> int:
    return int(case.crawl.is_complete and case.crawl.is_nothing_stored)


def _dead(case: Case) -> Mapping[str, int]:
    """Count dead letters by their reasons. Workers told more of them where some were tried again since."""
    reasons = case.crawl.kinds("frontier/dead_reason/*")
    untold = case.crawl.dead - sum(reasons.values())
    if untold < 0:
        return {gettext("see the list"): case.crawl.dead}
    return reasons | ({gettext("other reasons"): untold} if untold else {})


def _is_fewer(case: Case) -> int:
    crawl, earlier = case
    both = earlier is not None and crawl.is_complete and earlier.is_complete
    return int(both and earlier is not None and crawl.stored < FEWER * earlier.stored)


def _departures(case: Case) -> int:
    """Count the figures that a crawl is held for."""
    crawl = case.crawl.crawl
    return len(crawl.departures or ()) if crawl and crawl.is_held else 0


def _is(state: str, case: Case) -> int:
    return int(case.crawl.state == state)


def _ended_with(reason: str, case: Case) -> int:
    """Count the workers that ended for a reason."""
    return case.crawl.finish_reasons.get(reason, 0)


def _stopped(case: Case) -> Mapping[str, int]:
    return {
        reason: count
        for reason, count in case.crawl.finish_reasons.items()
        if reason not in RESUMABLE | {UNREADABLE, SILENT, BLOCKED}
    }


def _nothing_found(case: Case) -> Mapping[str, int]:
    return dict.fromkeys(case.crawl.places_without_rows, 1) if case.crawl.is_complete else {}


def _unused(why: str, case: Case) -> int:
    """Tell whether much of the budget was left, and this is the first reason for it that there is."""
    crawl = case.crawl
    used = crawl.budget_used
    is_long = crawl.is_complete and crawl.seconds >= LEAST_SECONDS and crawl.asked >= LEAST_REQUESTS
    if not is_long or used is None or used >= UNUSED or (crawl.hit_rate or 0) >= USEFUL_HIT_RATE:
        return 0
    reasons = {
        "window": crawl.count("politeness/windows_waited"),
        "distress": crawl.count(*WHY_SLOWER),
        "workers": 1,
    }
    return int(next(name for name, count in reasons.items() if count) == why)


CRAWL_RULES = (
    Rule(
        "nothing_stored",
        Severity.ERROR,
        _is_nothing_stored,
        _("Nothing was stored, though {known} refill stores are known here."),
        cause=_("The site has changed, or it refuses this crawl: see the findings below."),
        remedy=_("scrapy doctor checks the site with a few requests. Do not delete anything meanwhile."),
    ),
    Rule(
        "nothing_found",
        Severity.ERROR,
        _nothing_found,
        ngettext("Nothing was found in {count} place ({kinds}).", "Nothing was found in {count} places ({kinds})."),
        cause=_("No row of any list lies there: does the site cover this city?"),
        remedy=_(
            "Look at the site in a browser. If it lists stores there, report it with the output of scrapy "
            "doctor; otherwise leave the place out."
        ),
    ),
    Rule(
        "held_early",
        Severity.ERROR,
        partial(_ended_with, UNREADABLE),
        _("By its first answers the crawl paused itself: {question} ({part})."),
        cause=_("The site has changed, wants no crawlers, or fails. Nothing was guessed; pages and queue are kept."),
        remedy=_("{remedy} When the cause is gone, the same command continues: {go_on}"),
    ),
    Rule(
        "to_decide",
        Severity.ERROR,
        _departures,
        _("Not as its districts usually are: {departures}. The crawl is held, and others see what they saw before it."),
        cause=_("The site has changed its pages, they are read wrongly, or the city has changed as it rarely does."),
        remedy=_("scrapy gate show tells all of it. Then scrapy gate accept {crawl}, or scrapy gate reject {crawl}"),
    ),
    Rule(
        "rejected",
        Severity.WARNING,
        lambda case: int(case.crawl.crawl is not None and case.crawl.crawl.decision == "rejected"),
        _("The crawl was rejected: its stores are as they were before it, and nothing was learnt of it."),
        cause=_(
            "Somebody found it wrong (scrapy gate reject, -a supersede=1), or it was not as crawls usually are and had "
            "stored nothing: {departures}."
        ),
        remedy=_("When the cause is gone, crawl again, past the pages in the cache: {go_on} -s CACHE_ENABLED=False"),
    ),
    Rule(
        "fell_silent",
        Severity.ERROR,
        partial(_ended_with, SILENT),
        _("Pages have stopped saying what they usually do ({silent}): the crawl paused itself."),
        cause=_("The site has changed its pages, or they are read wrongly. The pages and the queue are kept."),
        remedy=_(
            "scrapy doctor --shapes FILE writes what the site sends; docs/site-changed.md says what to do with "
            "it. Then the same command continues; with -s GATE_CHECK_PAGES=0, whatever the pages say: {go_on}"
        ),
    ),
    Rule(
        "blocked_often",
        Severity.ERROR,
        partial(_ended_with, BLOCKED),
        _("The site blocked its crawls three times within a day: the crawl has ended."),
        cause=_("It got too many requests, or wants no crawlers. Nothing is lost; nothing resumes by itself."),
        remedy=_(
            "Look at the site in a browser, set the ceiling lower, and wait until another day. After scrapy "
            "resume the same command continues: {go_on}"
        ),
    ),
    Rule(
        "stopped",
        Severity.ERROR,
        _stopped,
        ngettext(
            "{count} worker stopped before the end ({kinds}).", "{count} workers stopped before the end ({kinds})."
        ),
        cause=_("It could not continue: the end of its log says why."),
        remedy=_("When the cause is gone, the same command continues: {go_on}"),
    ),
    Rule(
        "dead_letters",
        Severity.ERROR,
        _dead,
        ngettext("{count} request failed for good ({kinds}).", "{count} requests failed for good ({kinds})."),
        cause=_("Every attempt failed, or retrying is pointless. The data they would have returned is missing."),
        remedy=_(
            "scrapy deadletters list --crawl {crawl} says which and why; scrapy deadletters replay --all retries them."
        ),
    ),
    Rule(
        "interrupted",
        Severity.WARNING,
        partial(_is, "interrupted"),
        _("The crawl is not complete, and no worker is running."),
        cause=_("It was stopped, or its workers died. The work done so far and the queue are kept."),
        remedy=_("The same command continues: {go_on}"),
    ),
    Rule(
        "forgotten",
        Severity.ERROR,
        lambda case: case.crawl.own.get("forgotten", 0),
        ngettext("{count} store of this crawl is gone.", "{count} stores of this crawl are gone."),
        cause=_("PostgreSQL came back older than it was: a backup was restored, or a copy took over."),
        remedy=_("Start a new one, which fetches them again: {go_on}"),
    ),
    Rule(
        "abandoned",
        Severity.WARNING,
        lambda case: int(_is("abandoned", case) and "forgotten" not in case.crawl.own),
        _("The crawl was given up before it was complete."),
        cause=_("Somebody ran scrapy crawls prune {crawl}. The stores it had found are kept."),
        remedy=_("Start a new one: {go_on}"),
    ),
    Rule(
        "fewer_stores",
        Severity.WARNING,
        _is_fewer,
        _("{stored} stores, and {earlier_stored} in the previous crawl of the same kind ({earlier})."),
        cause=_("Stores close one by one, not this many at once: searches or pages may have failed."),
        remedy=_("Resolve the other findings, then crawl again: {go_on}"),
    ),
    Rule(
        "no_stats",
        Severity.NOTE,
        lambda case: int(not case.crawl.workers),
        _("The workers have left no stats: little can be said about this crawl."),
        cause=_("It is older than this version of refillspot, or HEARTBEAT_SECONDS is 0."),
        remedy=_("If there is a log: scrapy stats --log FILE"),
    ),
)

WORKER_RULES = (
    Rule(
        "killed",
        Severity.WARNING,
        lambda case: case.crawl.killed,
        ngettext("{count} worker disappeared without notice.", "{count} workers disappeared without notice."),
        cause=_(
            "It was killed, ran out of memory, or the machine went down. Others took over its requests; no "
            "store is lost."
        ),
        remedy=_("If nobody killed it, look at the machine's log (out of memory?) and at the end of its own."),
    ),
    Rule(
        "recycled",
        Severity.NOTE,
        partial(_ended_with, "memory_limit"),
        ngettext("{count} worker ended to free its memory.", "{count} workers ended to free their memory."),
        cause=_("It had grown beyond {memory_limit}. A fleet starts another one in its place; no store is lost."),
        remedy=_("If it happens often: fewer workers (-n), or a larger FLEET_MAX_MEMORY_MB."),
    ),
    Rule(
        "not_queued",
        Severity.ERROR,
        ("frontier/refused",),
        ngettext("{count} request could not be queued.", "{count} requests could not be queued."),
        cause=_("A bug in refillspot: it made a request that no worker may be given."),
        remedy=_("Report it, with the output of scrapy deadletters list."),
    ),
    Rule(
        "log_errors",
        Severity.WARNING,
        lambda case: {} if case.crawl.is_ours else case.crawl.kinds("log_count/ERROR", "log_count/CRITICAL"),
        ngettext("{count} line of the log is an error.", "{count} lines of the log are errors."),
        cause=_("The project that wrote this log ran into something unexpected."),
        remedy=_("Search the log for ERROR."),
    ),
    Rule(
        "dropped_items",
        Severity.NOTE,
        ("item_dropped_reasons_count/*",),
        ngettext("{count} item was dropped ({kinds}).", "{count} items were dropped ({kinds})."),
        cause=_("A pipeline rejected it."),
        remedy=_("Search the log for Dropped."),
    ),
)

BUDGET_RULES = (
    Rule(
        "budget_window",
        Severity.NOTE,
        partial(_unused, "window"),
        _("Only {used} of the allowed requests were used: CRAWL_WINDOW was closed for a while."),
        cause=_("Outside of it workers wait, and that time counts too."),
        remedy=_("Nothing, if that is what you want. Otherwise widen CRAWL_WINDOW."),
    ),
    Rule(
        "budget_distress",
        Severity.NOTE,
        partial(_unused, "distress"),
        _("Only {used} of the allowed requests were used: the site was too slow or would not take more."),
        cause=_("At each sign of distress the pace is halved, and then rises slowly again."),
        remedy=_("Nothing: this is as fast as the site allows. A lower ceiling ({half}/s) may even be faster."),
    ),
    Rule(
        "budget_workers",
        Severity.NOTE,
        partial(_unused, "workers"),
        _("Only {used} of the allowed requests were used: too few were ready to be sent."),
        cause=_("Too few workers for a site as slow as this, or a machine busy with other things."),
        remedy=_("More workers: scrapy fleet diningcode -n 4 … ; or a larger CONCURRENT_REQUESTS."),
    ),
)
