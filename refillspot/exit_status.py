"""How a crawl ended: one sentence and an exit code, from its stats. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.interruption import INTERRUPTED
from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.policies.first_contact import REMEDIES, UNANSWERED, Question, Trouble
from refillspot.retelling import retell
from refillspot.stats.counts import OWN, Counts
from refillspot.stats.crawl import LIMITS
from refillspot.stats.departures import departures_told, write_departure, write_departures

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

COMPLETE, COULD_NOT_RUN, WRONG_USAGE, INCOMPLETE, HELD = 0, 1, 2, 3, 4
RECYCLED = 75  # a worker that gave its memory back; another goes on
MEANINGS = {
    COMPLETE: _("complete, or ended at a limit that you set (CLOSESPIDER_ITEMCOUNT …)"),
    COULD_NOT_RUN: _("could not run, stored nothing where stores are known, or met errors (CLOSESPIDER_ERRORCOUNT …)"),
    WRONG_USAGE: _("wrong usage: an argument, an option or a setting"),
    INCOMPLETE: _("complete, but something is missing"),
    HELD: _("held until somebody has looked"),
    RECYCLED: _("of a single worker: ended to free memory"),
    INTERRUPTED: _("interrupted; the same command continues"),
}
"""What each exit code of a crawl or a fleet tells."""
UNREADABLE = "unreadable_pages"
"""The reason with which a crawl holds itself that can use too few of its first answers, or may not ask."""

SILENT = "silent_field"
"""The reason with which a crawl holds itself whose pages have stopped saying something."""

BLOCKED = "blocked"
"""The reason with which a crawl ends that the site has blocked three times within a day."""

UNREACHABLE, AWAY = "unreachable", "site_away"
"""The reasons with which a crawl ends that never reached the site, or could not any more."""

OUTDATED = "outdated_program"
"""The reason with which a worker ends that is older than the tables."""

REFUSED = "storage_refused"
"""The reason with which a worker ends whose stores PostgreSQL will not take, however long it waits."""

UNFINISHED = {
    "shutdown": (
        INTERRUPTED,
        _("Interrupted with {stores} stored. The same command continues from here."),
    ),
    "memory_limit": (
        RECYCLED,
        _("Ended to free memory, with {stores} stored. The same command continues."),
    ),
    UNREACHABLE: (
        COULD_NOT_RUN,
        _(
            "{host} cannot be reached from this machine ({why}). Nothing was sent, and nothing is lost. Check "
            "the network, and at the proxy if there is one: scrapy doctor"
        ),
    ),
    AWAY: (
        INTERRUPTED,
        _(
            "Interrupted with {stores} stored: {host} can no longer be reached ({why}). When the network "
            "is back, the same command continues from here."
        ),
    ),
    OUTDATED: (
        INTERRUPTED,
        _(
            "Interrupted with {stores} stored, because another version of refillspot is at work here: {outdated}. "
            "Nothing is lost. Update this one, and the same command continues from here."
        ),
    ),
    REFUSED: (
        COULD_NOT_RUN,
        _("Stopped with {stores} stored. {refused} Nothing is lost: then the same command continues from here."),
    ),
    BLOCKED: (
        HELD,
        _(
            "Held with {stores} stored: the site has blocked its crawls three times within a day. Nothing "
            "is lost. Look at it in a browser, and wait until another day; after scrapy resume the same command "
            "continues."
        ),
    ),
    UNREADABLE: (
        HELD,
        _(
            "Held with {stores} stored: {question} ({part}). Nothing is lost; when the cause is gone, the same command "
            "continues. {remedy}"
        ),
    ),
    SILENT: (
        HELD,
        _(
            "Held with {stores} stored: pages have stopped saying what they usually do, {silent}. Nothing is lost; "
            "`scrapy doctor --shapes FILE` writes what the site sends, docs/site-changed.md says what to do. The same "
            "command continues, and with -s GATE_CHECK_PAGES=0 whatever the pages say."
        ),
    ),
}
"""By the reason with which a crawl ends before it is complete."""

AT_LIMIT = _("Stopped at {limits}, with {stores} stored so far. The same command continues from here.")
BOUNDS = ("closespider_errorcount", "closespider_timeout_no_item", "closespider_pagecount_no_item")
"""The same, where the limit is one of trouble."""
AT_BOUND = _(
    "Stopped at {limits}, with {stores} stored so far: see the log for the cause. The same command continues from here."
)

WORDS = {
    "outdated": "crawl/outdated",
    "host": "network/host",
    "why": "network/why",
    "refused": "postgres/refused",
}
FOR_ANY_REASON = (COULD_NOT_RUN, _("Stopped ({reason}) with {stores} stored: see the log for the cause."))


@dataclass(slots=True, frozen=True)
class ExitStatus:
    exit_code: int
    sentence: str
    refill_stores: int = 0
    """Stores that the list shows since; of a complete crawl."""


def crawl_exit_status(stats: Mapping[str, Any], departures: Sequence[Mapping[str, Any]] = ()) -> ExitStatus:
    """Judge a crawl by its Scrapy stats. One that stored nothing where refill stores were known has failed.

    `departures`: what it is held for, as `refillspot.crawls` has it, where that is at hand.
    """
    counts, reason = Counts.of_stats(stats), stats.get("finish_reason", "not started")
    if reason != "finished":
        if reason in {*LIMITS, *BOUNDS}:
            return limit_exit_status([reason], counts.stored)
        code, sentence = UNFINISHED.get(reason, FOR_ANY_REASON)
        words = {name: str(stats.get(stat)) for name, stat in WORDS.items()}
        words["host"] = gettext(" and ").join(map(retell, words["host"].split(" and ")))
        words["why"] = retell(words["why"].rstrip("."))
        words |= first_contact_told(stats)
        words["silent"] = "; ".join(map(write_departure, departures_told([stats.get("gate/silent")])))
        return ExitStatus(code, sentence().format(reason=reason, stores=write_stores(counts.stored), **words))
    if failure := _failure(counts):
        return ExitStatus(COULD_NOT_RUN, failure)
    if "crawl/id" in stats and f"{OWN}state" not in stats:
        told = gettext("All is fetched, but the crawl could not be closed: run the same command again.")
        return ExitStatus(COULD_NOT_RUN, " ".join(filter(None, (stats.get("postgres/refused"), told))))
    if held := counts.own.get("held"):
        return ExitStatus(HELD, _held(counts, write_departures(departures, held)))
    told = gettext("Complete: {stores}.")
    if counts.lost:
        told = ngettext(
            "{stores}, but {lost} answer could not be used{where}.",
            "{stores}, but {lost} answers could not be used{where}.",
            counts.lost,
        )
    elif counts.places_without_rows:
        told = gettext("{stores}.")
    told = told.format(stores=_stores(counts), lost=counts.lost, where=_where(counts))
    code = INCOMPLETE if counts.lost or counts.places_without_rows else COMPLETE
    return ExitStatus(code, told + _nothing_found(counts) + _by_pages(counts), counts.refill_stores or 0)


def first_contact_told(stats: Mapping[str, Any]) -> dict[str, str]:
    """Return what a crawl says that holds itself by its first answers: its `question`, `part`, and the `remedy`."""
    question, trouble = stats.get("early_stop/question", ""), stats.get("early_stop/trouble", "")
    return {
        "question": UNANSWERED.get(question, UNANSWERED[Question.STORE])(),
        "part": retell(str(stats.get("early_stop/part", "?"))),
        "remedy": REMEDIES.get(trouble, REMEDIES[Trouble.CHANGED])(),
    }


def limit_exit_status(reasons: Collection[str], stored: int | None) -> ExitStatus:
    """Judge a crawl that ended at limits of Scrapy's settings, "closespider_itemcount" …; it can be resumed."""
    limits = ", ".join(reason.upper() for reason in reasons)
    is_trouble = any(reason in BOUNDS for reason in reasons)
    told = (AT_BOUND if is_trouble else AT_LIMIT)().format(limits=limits, stores=write_stores(stored))
    return ExitStatus(COULD_NOT_RUN if is_trouble else COMPLETE, told)


def complete_exit_status(result: Mapping[str, int], departures: Sequence[Mapping[str, Any]] = ()) -> ExitStatus:
    """Judge a complete crawl by its counts over all workers; `departures` as for `crawl_exit_status`."""
    own = {f"{OWN}{name}": count for name, count in result.items()}
    return crawl_exit_status({"finish_reason": "finished", f"{OWN}state": "complete"} | own, departures)


def write_stores(stored: int | None) -> str:
    """Return "1 store", "149 stores"; where the database does not say, "an unknown number of stores"."""
    if stored is None:
        return gettext("an unknown number of stores")
    return ngettext("{stored} store", "{stored} stores", stored).format(stored=stored)


def _failure(counts: Counts) -> str:
    """Say why a crawl that has ended has come to nothing; nothing where it has not."""
    if counts.is_nothing_stored:
        return gettext(
            "Nothing was stored, though {known} refill stores are known here: "
            "has the site changed, or is it refusing this crawl? See the log."
        ).format(known=counts.known)
    if forgotten := counts.own.get("forgotten"):
        return ngettext(
            "PostgreSQL came back older than it was, and {forgotten} store is gone; stored: {stored}. The same "
            "command fetches it again.",
            "PostgreSQL came back older than it was, and {forgotten} stores are gone; stored: {stored}. The same "
            "command fetches them again.",
            forgotten,
        ).format(stored=counts.stored, forgotten=forgotten)
    return ""


def _held(counts: Counts, what: str) -> str:
    return gettext(
        "Held with {stores} stored, because it is not as crawls usually are: {what}. What others see is as it was "
        "before. Look at it (scrapy gate show), then scrapy gate accept, or scrapy gate reject."
    ).format(stores=write_stores(counts.stored), what=what)


def _stores(counts: Counts) -> str:
    """Return "149 stores, 125 of them all-you-can-eat (confirmed 118, likely 7)"."""
    told = write_stores(counts.stored)
    if counts.refill_stores is None:
        return told
    return gettext("{stores}, {refill} of them all-you-can-eat (confirmed {confirmed}, likely {likely})").format(
        stores=told, refill=counts.refill_stores, confirmed=counts.confirmed, likely=counts.likely
    )


def _where(counts: Counts) -> str:
    """Say where to look at what is missing."""
    places = [gettext("see the log")]
    if dead := counts.own.get("dead"):
        places.append(gettext("{dead} can be retried (scrapy deadletters list, then replay)").format(dead=dead))
    if rejected := counts.own.get("rejected"):
        places.append(
            ngettext(
                "{rejected} was refused by PostgreSQL (table refillspot.rejects)",
                "{rejected} were refused by PostgreSQL (table refillspot.rejects)",
                rejected,
            ).format(rejected=rejected)
        )
    return ": " + ", ".join(places)


def _nothing_found(counts: Counts) -> str:
    """Ask about places of which no list had a row."""
    if not (places := counts.places_without_rows):
        return ""
    told = gettext("Nothing was found in {places}: does the site cover this city?").format(places=", ".join(places))
    return f" {told}"


def _by_pages(counts: Counts) -> str:
    """Say what did not come from the API."""
    stores, lists = counts.count("fallback/stores"), counts.count("fallback/lists")
    if not (stores or lists):
        return ""
    return " " + gettext(
        "The API failed: {stores} and {lists} came from the web pages, which have less detail (docs/politeness.md)."
    ).format(stores=write_stores(stores), lists=ngettext("{count} list", "{count} lists", lists).format(count=lists))
