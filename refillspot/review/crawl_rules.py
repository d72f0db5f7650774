"""Findings about how a crawl ended, and what is missing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.exit_status import BLOCKED, UNREADABLE
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.findings import Rule, Severity
from refillspot.stats.crawl_stats import RESUMABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.review.findings import Case

FEWER = 0.9  # of the stores of the crawl before; less than that is no chance


def _is_nothing_stored(case: Case) -> int:
    return int(case.facts.is_complete and case.facts.is_nothing_stored)


def _dead(case: Case) -> Mapping[str, int]:
    """Count dead letters by their reasons. Workers told more of them where some were tried again since."""
    reasons = case.facts.kinds("frontier/dead_reason/*")
    untold = case.facts.dead - sum(reasons.values())
    if untold < 0:
        return {_("see the list"): case.facts.dead}
    return reasons | ({_("other reasons"): untold} if untold else {})


def _is_fewer(case: Case) -> int:
    facts, earlier = case
    both = earlier is not None and facts.is_complete and earlier.is_complete
    return int(both and earlier is not None and facts.stored < FEWER * earlier.stored)


def _stopped(case: Case) -> Mapping[str, int]:
    return {
        reason: count
        for reason, count in case.facts.finish_reasons.items()
        if reason not in RESUMABLE | {UNREADABLE, BLOCKED}
    }


def _nothing_found(case: Case) -> Mapping[str, int]:
    return dict.fromkeys(case.facts.places_without_rows, 1) if case.facts.is_complete else {}


CRAWL_RULES = (
    Rule(
        key="nothing_stored",
        severity=Severity.ERROR,
        count=_is_nothing_stored,
        happened=lambda _n: _("Nothing was stored, though {known} refill stores are known here."),
        cause=lambda: _("The site has changed, or it refuses this crawl: see the findings below."),
        remedy=lambda: _("scrapy doctor looks at the site with a few requests. Do not delete anything meanwhile."),
    ),
    Rule(
        key="nothing_found",
        severity=Severity.ERROR,
        count=_nothing_found,
        happened=lambda n: ngettext(
            "Nothing was found in {count} place ({kinds}).", "Nothing was found in {count} places ({kinds}).", n
        ),
        cause=lambda: _("No row of any list lies there: is the site answering for this city?"),
        remedy=lambda: _(
            "Look at the site in a browser. If it knows stores there, report it with what scrapy doctor says; else "
            "leave the place out."
        ),
    ),
    Rule(
        key="held_early",
        severity=Severity.ERROR,
        count=lambda case: case.facts.finish_reasons.get(UNREADABLE, 0),
        happened=lambda _n: _("Most of the first store pages could not be used ({part}): the crawl holds itself."),
        cause=lambda: _("The site has changed its pages. Nothing was guessed; the pages and the queue are kept."),
        remedy=lambda: _(
            "scrapy doctor --shapes FILE writes what the site sends; docs/site-changed.md says what to do with it. "
            "Then the same command goes on: {go_on}"
        ),
    ),
    Rule(
        key="blocked_often",
        severity=Severity.ERROR,
        count=lambda case: case.facts.finish_reasons.get(BLOCKED, 0),
        happened=lambda _n: _("The site blocked its crawls three times within a day: the crawl has ended."),
        cause=lambda: _("It was asked too much, or wants no crawler. Nothing is lost; nothing goes on by itself."),
        remedy=lambda: _(
            "Look at the site in a browser, set the ceiling lower, and wait for another day. After scrapy resume "
            "the same command goes on: {go_on}"
        ),
    ),
    Rule(
        key="stopped",
        severity=Severity.ERROR,
        count=_stopped,
        happened=lambda n: ngettext(
            "{count} worker stopped before the end ({kinds}).",
            "{count} workers stopped before the end ({kinds}).",
            n,
        ),
        cause=lambda: _("It could not go on: the end of its log says why."),
        remedy=lambda: _("When the cause is gone, the same command goes on: {go_on}"),
    ),
    Rule(
        key="dead_letters",
        severity=Severity.ERROR,
        count=_dead,
        happened=lambda n: ngettext(
            "{count} request failed for good ({kinds}).", "{count} requests failed for good ({kinds}).", n
        ),
        cause=lambda: _("Every attempt failed, or trying again is of no use. What they would have brought is missing."),
        remedy=lambda: _(
            "scrapy deadletters list --crawl {crawl} says which and why; scrapy deadletters replay --all tries them "
            "again."
        ),
    ),
    Rule(
        key="interrupted",
        severity=Severity.WARNING,
        count=lambda case: int(case.facts.state == "interrupted"),
        happened=lambda _n: _("The crawl is not complete, and nobody is at work on it."),
        cause=lambda: _("It was stopped, or its workers died. What was done is kept, and so is the queue."),
        remedy=lambda: _("The same command goes on: {go_on}"),
    ),
    Rule(
        key="abandoned",
        severity=Severity.WARNING,
        count=lambda case: int(case.facts.state == "abandoned"),
        happened=lambda _n: _("The crawl was given up before it was complete."),
        cause=lambda: _("Somebody said scrapy crawls prune {crawl}. The stores that it had found are kept."),
        remedy=lambda: _("Begin a new one: {go_on}"),
    ),
    Rule(
        key="fewer_stores",
        severity=Severity.WARNING,
        count=_is_fewer,
        happened=lambda _n: _("{stored} stores, and {earlier_stored} in the crawl of the same before ({earlier})."),
        cause=lambda: _("Stores close one by one, not so many at once: searches or pages may have failed."),
        remedy=lambda: _("See to the other findings, then crawl again: {go_on}"),
    ),
    Rule(
        key="no_stats",
        severity=Severity.NOTE,
        count=lambda case: int(not case.facts.workers),
        happened=lambda _n: _("The workers have left no stats: little can be said of this crawl."),
        cause=lambda: _("It is older than this version of refillspot, or HEARTBEAT_SECONDS is 0."),
        remedy=lambda: _("If there is a log: scrapy stats --log FILE"),
    ),
)
