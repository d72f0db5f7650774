"""Findings about workers: how they ended, and what kept them from using the budget. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity, counted
from refillspot.review.storage_rules import USEFUL_HIT_RATE

if TYPE_CHECKING:
    from refillspot.review.findings import Case

UNUSED = 0.8  # of the budget
LEAST_SECONDS, LEAST_REQUESTS = 60, 50  # of a crawl whose use of the budget says something
WHY_SLOWER = ("politeness/slowed", "politeness/held", "politeness/blocked", "politeness/delayed")


def _unused(case: Case, why: str) -> int:
    """Tell whether much of the budget was left, and this is the first reason for it that there is."""
    facts = case.facts
    used = facts.budget_used
    is_long = facts.is_complete and facts.seconds >= LEAST_SECONDS and facts.asked >= LEAST_REQUESTS
    if not is_long or used is None or used >= UNUSED or (facts.hit_rate or 0) >= USEFUL_HIT_RATE:
        return 0
    reasons = {
        "window": facts.count("politeness/windows_waited"),
        "distress": facts.count(*WHY_SLOWER),
        "workers": 1,
    }
    return int(next(name for name, count in reasons.items() if count) == why)


WORKER_RULES = (
    Rule(
        key="killed",
        severity=Severity.WARNING,
        count=lambda case: case.facts.killed,
        happened=lambda n: ngettext(
            "{count} worker ended without saying so.", "{count} workers ended without saying so.", n
        ),
        cause=lambda: _(
            "Killed, out of memory, or the machine went down. Others took over its requests; no store is lost."
        ),
        remedy=lambda: _("If nobody killed it, look at the machine's log (out of memory?) and at the end of its own."),
    ),
    Rule(
        key="recycled",
        severity=Severity.NOTE,
        count=lambda case: case.facts.finish_reasons.get("memory_limit", 0),
        happened=lambda n: ngettext(
            "{count} worker ended to give its memory back.", "{count} workers ended to give their memory back.", n
        ),
        cause=lambda: _("It had grown beyond {memory_limit}. A fleet starts another in its place; no store is lost."),
        remedy=lambda: _("If it is often: fewer workers (-n), or a larger FLEET_MAX_MEMORY_MB."),
    ),
    Rule(
        key="not_queued",
        severity=Severity.ERROR,
        count=counted("frontier/refused"),
        happened=lambda n: ngettext("{count} request could not be queued.", "{count} requests could not be queued.", n),
        cause=lambda: _("A fault of the program: it made a request that no worker may be given."),
        remedy=lambda: _("Report it, with what scrapy deadletters list says."),
    ),
    Rule(
        key="log_errors",
        severity=Severity.WARNING,
        count=lambda case: {} if case.facts.is_ours else case.facts.kinds("log_count/ERROR", "log_count/CRITICAL"),
        happened=lambda n: ngettext("{count} line of the log is an error.", "{count} lines of the log are errors.", n),
        cause=lambda: _("The project that wrote this log met something that it did not expect."),
        remedy=lambda: _("Search the log for ERROR."),
    ),
    Rule(
        key="dropped_items",
        severity=Severity.NOTE,
        count=counted("item_dropped_reasons_count/*"),
        happened=lambda n: ngettext("{count} item was dropped ({kinds}).", "{count} items were dropped ({kinds}).", n),
        cause=lambda: _("A pipeline did not want it."),
        remedy=lambda: _("Search the log for Dropped."),
    ),
)

BUDGET_RULES = (
    Rule(
        key="budget_window",
        severity=Severity.NOTE,
        count=lambda case: _unused(case, "window"),
        happened=lambda _n: _("Only {used} of the allowed requests were used: CRAWL_WINDOW was closed for a while."),
        cause=lambda: _("Outside of it workers wait, and the time counts."),
        remedy=lambda: _("Nothing, if that is what you want. Else a wider CRAWL_WINDOW."),
    ),
    Rule(
        key="budget_distress",
        severity=Severity.NOTE,
        count=lambda case: _unused(case, "distress"),
        happened=lambda _n: _(
            "Only {used} of the allowed requests were used: the site was too slow or did not want more."
        ),
        cause=lambda: _("At each sign of distress the pace is halved, and rises slowly again."),
        remedy=lambda: _("Nothing: this is as fast as the site allows. A lower ceiling ({half}/s) may even be faster."),
    ),
    Rule(
        key="budget_workers",
        severity=Severity.NOTE,
        count=lambda case: _unused(case, "workers"),
        happened=lambda _n: _("Only {used} of the allowed requests were used: too few were ready to be sent."),
        cause=lambda: _("Too few workers for a site as slow as this, or a machine that is busy with other things."),
        remedy=lambda: _("More workers: scrapy fleet diningcode -n 4 … ; or a larger CONCURRENT_REQUESTS."),
    ),
)
