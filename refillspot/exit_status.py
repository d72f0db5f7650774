"""How a crawl ended: one sentence and an exit code, from its stats. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.language import gettext as _
from refillspot.stats.counts import OWN, Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPLETE, COULD_NOT_RUN, WRONG_USAGE, INCOMPLETE, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 130
RECYCLED = 75  # a worker that gave its memory back; another goes on
UNREADABLE = "unreadable_pages"
"""The reason with which a crawl holds itself that can use too few of its first pages."""

BLOCKED = "blocked"
"""The reason with which a crawl ends that the site has blocked three times within a day."""

UNREACHABLE, AWAY = "unreachable", "site_away"
"""The reasons with which a crawl ends that never reached the site, or could not any more."""


@dataclass(slots=True, frozen=True)
class ExitStatus:
    exit_code: int
    sentence: str


def crawl_exit_status(stats: Mapping[str, Any]) -> ExitStatus:
    """Judge a crawl by its Scrapy stats. One that stored nothing where refill stores were known has failed."""
    counts, reason = Counts.of_stats(stats), stats.get("finish_reason", "not started")
    stored = counts.stored
    if reason != "finished":
        return _unfinished(reason, stored, stats)
    if counts.is_nothing_stored:
        return ExitStatus(
            COULD_NOT_RUN,
            _(
                "Nothing was stored, though {known} refill stores are known here: "
                "has the site changed, or is it refusing this crawl? See the log."
            ).format(known=counts.known),
        )
    told = _("Complete: {stored} stores stored.")
    if counts.lost:
        told = _("{stored} stores stored, but {lost} answers could not be used{where}.")
    elif counts.places_without_rows:
        told = _("{stored} stores stored.")
    told = told.format(stored=stored, lost=counts.lost, where=_where(counts))
    code = INCOMPLETE if counts.lost or counts.places_without_rows else COMPLETE
    return ExitStatus(code, told + _nothing_found(counts) + _by_pages(counts))


def _unfinished(reason: str, stored: int, stats: Mapping[str, Any]) -> ExitStatus:
    if reason == "shutdown":
        return ExitStatus(
            INTERRUPTED,
            _("Interrupted with {stored} stores stored. The same command goes on from here.").format(stored=stored),
        )
    if reason == "memory_limit":
        return ExitStatus(
            RECYCLED,
            _("Ended to give memory back, with {stored} stores stored. The same command goes on.").format(
                stored=stored
            ),
        )
    if reason in {UNREACHABLE, AWAY}:
        return _not_reached(reason, stored, stats)
    if reason in {BLOCKED, UNREADABLE}:
        return _held(reason, stored, stats)
    return ExitStatus(
        COULD_NOT_RUN,
        _("Stopped ({reason}) with {stored} stores stored: see the log for the cause.").format(
            reason=reason, stored=stored
        ),
    )


def _held(reason: str, stored: int, stats: Mapping[str, Any]) -> ExitStatus:
    if reason == BLOCKED:
        return ExitStatus(
            HELD,
            _(
                "Held with {stored} stores stored: the site has blocked its crawls three times within a day. Nothing "
                "is lost. Look at it in a browser, and wait for another day; after scrapy resume the same command goes "
                "on."
            ).format(stored=stored),
        )
    return ExitStatus(
        HELD,
        _(
            "Held with {stored} stores stored: most of the first store pages cannot be used ({part}). Nothing is "
            "lost; `scrapy doctor --shapes FILE` writes what the site sends, docs/site-changed.md says what to do."
        ).format(stored=stored, part=stats.get("early_stop/part")),
    )


def _not_reached(reason: str, stored: int, stats: Mapping[str, Any]) -> ExitStatus:
    host, why = stats.get("network/host"), stats.get("network/why")
    if reason == UNREACHABLE:
        return ExitStatus(
            COULD_NOT_RUN,
            _(
                "{host} cannot be reached from this machine ({why}). Nothing was asked, and nothing is lost. Look at "
                "the network, and at the proxy if there is one: scrapy doctor"
            ).format(host=host, why=why),
        )
    return ExitStatus(
        INTERRUPTED,
        _(
            "Interrupted with {stored} stores stored: {host} cannot be reached any more ({why}). When the network is "
            "back, the same command goes on from here."
        ).format(stored=stored, host=host, why=why),
    )


def complete_exit_status(result: Mapping[str, int]) -> ExitStatus:
    """Judge a complete crawl by its counts over all workers."""
    own = {f"{OWN}{name}": count for name, count in result.items()}
    return crawl_exit_status({"finish_reason": "finished", f"{OWN}state": "complete"} | own)


def _where(counts: Counts) -> str:
    """Say where to look at what is missing."""
    places = [_("see the log")]
    if dead := counts.own.get("dead"):
        places.append(_("{dead} can be tried again (scrapy deadletters list, then replay)").format(dead=dead))
    if rejected := counts.own.get("rejected"):
        places.append(_("{rejected} were refused by PostgreSQL (table refillspot.rejects)").format(rejected=rejected))
    return ": " + ", ".join(places)


def _nothing_found(counts: Counts) -> str:
    """Ask about places of which no list had a row."""
    if not (places := counts.places_without_rows):
        return ""
    told = _("Nothing was found in {places}: is the site answering for this city?").format(places=", ".join(places))
    return f" {told}"


def _by_pages(counts: Counts) -> str:
    """Say what did not come from the API."""
    stores, lists = counts.count("fallback/stores"), counts.count("fallback/lists")
    if not (stores or lists):
        return ""
    return " " + _(
        "The API failed: {stores} stores and {lists} lists came from the pages for people, which say less "
        "(docs/politeness.md)."
    ).format(stores=stores, lists=lists)
