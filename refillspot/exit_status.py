"""How a crawl ended: one sentence and an exit code, from its stats. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.language import gettext as _
from refillspot.regions import REGIONS, find_district

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
class Outcome:
    exit_code: int
    sentence: str


def crawl_outcome(stats: Mapping[str, Any]) -> Outcome:
    """Judge a crawl by its Scrapy stats. One that stored nothing where refill stores were known has failed."""
    reason = stats.get("finish_reason", "not started")
    stored, known, lost = _of_crawl(stats) if "crawl/state" in stats else _of_process(stats)
    if reason != "finished":
        return _unfinished(reason, stored, stats)
    if known and not stored:
        return Outcome(
            COULD_NOT_RUN,
            _(
                "Nothing was stored, though {known} refill stores are known here: "
                "has the site changed, or is it refusing this crawl? See the log."
            ).format(known=known),
        )
    nothing = _nothing_found(stats)
    if lost:
        told = _("{stored} stores stored, but {lost} answers could not be used{where}.")
        told = told.format(stored=stored, lost=lost, where=_where(stats))
        return Outcome(INCOMPLETE, told + nothing + _by_pages(stats))
    if nothing:
        return Outcome(INCOMPLETE, _("{stored} stores stored.").format(stored=stored) + nothing + _by_pages(stats))
    return Outcome(COMPLETE, _("Complete: {stored} stores stored.").format(stored=stored) + _by_pages(stats))


def _unfinished(reason: str, stored: int, stats: Mapping[str, Any]) -> Outcome:
    if reason == "shutdown":
        return Outcome(
            INTERRUPTED,
            _("Interrupted with {stored} stores stored. The same command goes on from here.").format(stored=stored),
        )
    if reason == "memory_limit":
        return Outcome(
            RECYCLED,
            _("Ended to give memory back, with {stored} stores stored. The same command goes on.").format(
                stored=stored
            ),
        )
    if reason in {UNREACHABLE, AWAY}:
        return _not_reached(reason, stored, stats)
    if reason in {BLOCKED, UNREADABLE}:
        return _held(reason, stored, stats)
    return Outcome(
        COULD_NOT_RUN,
        _("Stopped ({reason}) with {stored} stores stored: see the log for the cause.").format(
            reason=reason, stored=stored
        ),
    )


def _held(reason: str, stored: int, stats: Mapping[str, Any]) -> Outcome:
    if reason == BLOCKED:
        return Outcome(
            HELD,
            _(
                "Held with {stored} stores stored: the site has blocked its crawls three times within a day. Nothing "
                "is lost. Look at it in a browser, and wait for another day; after scrapy resume the same command goes "
                "on."
            ).format(stored=stored),
        )
    return Outcome(
        HELD,
        _(
            "Held with {stored} stores stored: most of the first store pages cannot be used ({part}). Nothing is "
            "lost; `scrapy doctor --shapes FILE` writes what the site sends, docs/site-changed.md says what to do."
        ).format(stored=stored, part=stats.get("early_stop/part")),
    )


def _not_reached(reason: str, stored: int, stats: Mapping[str, Any]) -> Outcome:
    host, why = stats.get("network/host"), stats.get("network/why")
    if reason == UNREACHABLE:
        return Outcome(
            COULD_NOT_RUN,
            _(
                "{host} cannot be reached from this machine ({why}). Nothing was asked, and nothing is lost. Look at "
                "the network, and at the proxy if there is one: scrapy doctor"
            ).format(host=host, why=why),
        )
    return Outcome(
        INTERRUPTED,
        _(
            "Interrupted with {stored} stores stored: {host} cannot be reached any more ({why}). When the network is "
            "back, the same command goes on from here."
        ).format(stored=stored, host=host, why=why),
    )


def complete_outcome(result: Mapping[str, int]) -> Outcome:
    """Judge a complete crawl by its counts over all workers."""
    return crawl_outcome({"finish_reason": "finished", "crawl/state": "complete"} | _named(result))


def _named(result: Mapping[str, int]) -> dict[str, Any]:
    return {f"crawl/{name}": count for name, count in result.items()}


def _where(stats: Mapping[str, Any]) -> str:
    """Say where to look at what is missing."""
    places = [_("see the log")]
    if dead := stats.get("crawl/dead"):
        places.append(_("{dead} can be tried again (scrapy deadletters list, then replay)").format(dead=dead))
    if rejected := stats.get("crawl/rejected"):
        places.append(_("{rejected} were refused by PostgreSQL (table refillspot.rejects)").format(rejected=rejected))
    return ": " + ", ".join(places)


def places_without_rows(stats: Mapping[str, Any], start: str = "") -> list[str]:
    """Return the places whose lists had no row of them: "부산 중구"; `start` is that of the stats' names."""
    asked = f"{start}diningcode/asked/"
    codes = [name.removeprefix(asked) for name, count in stats.items() if name.startswith(asked) and count]
    return [_place_name(code) for code in sorted(codes) if not stats.get(f"{start}diningcode/found/{code}")]


def _place_name(code: str) -> str:
    region = next((region for region in REGIONS.values() if code.startswith(region.code)), None)
    district = find_district(code)
    return " ".join(part for part in (region and region.short, district and district.name) if part) or code


def _nothing_found(stats: Mapping[str, Any]) -> str:
    """Ask about places of which no list had a row."""
    if not (places := places_without_rows(stats, "crawl/")):
        return ""
    told = _("Nothing was found in {places}: is the site answering for this city?").format(places=", ".join(places))
    return f" {told}"


def _by_pages(stats: Mapping[str, Any]) -> str:
    """Say what did not come from the API."""
    where = "crawl/fallback" if "crawl/state" in stats else "fallback"
    stores, lists = stats.get(f"{where}/stores", 0), stats.get(f"{where}/lists", 0)
    if not (stores or lists):
        return ""
    return " " + _(
        "The API failed: {stores} stores and {lists} lists came from the pages for people, which say less "
        "(docs/politeness.md)."
    ).format(stores=stores, lists=lists)


def _of_crawl(stats: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return what was stored, known before and lost, over all workers."""
    lost = sum(stats.get(f"crawl/{what}", 0) for what in ("dead", "rejected", "diningcode/rows_broken"))
    return stats["crawl/stored"], stats["crawl/known"], lost


def _of_process(stats: Mapping[str, Any]) -> tuple[int, int, int]:
    lost = stats.get("diningcode/failed", 0) + stats.get("spider_exceptions/count", 0)
    lost += stats.get("diningcode/rows_broken", 0) + stats.get("postgres/rejected", 0)
    return stats.get("postgres/rows", 0), stats.get("postgres/known", 0), lost
