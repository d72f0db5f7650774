"""What was counted in a crawl, and what it means: how many were stored, asked, lost. Pure.

The crawl's own counts go first. They are made in the transactions of its queue and of PostgreSQL, and are exact; a
worker that was killed has lost the last half minute of its stats.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

from refillspot.language import gettext as _
from refillspot.regions import REGIONS, find_district
from refillspot.stats.worker_stats import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWN = "crawl/"
"""The start of the names under which a worker that saw the end of its crawl has the crawl's own counts."""

OURS = ("frontier/", "diningcode/", OWN)
STATUS, SCRAPYS_STATUS = "site/status/", "downloader/response_status_count/"
NEVER_SENT = (
    "cache/hits", "httpcache/hit", "fallback/stood_in",
    "downloader/exception_type_count/scrapy.exceptions.IgnoreRequest",
)  # fmt: skip
NO_GOOD_ANSWERS = (
    "cache/hits", "httpcache/hit", "fallback/stood_in",  # none of the site's
    "politeness/verification_pages", "politeness/pages_for_humans",  # under HTTP 200, most of them
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Counts:
    stats: Mapping[str, Any]
    """Scrapy's, of one process or of all together. `site/status/…` are the answers of the site by HTTP status."""
    own: Mapping[str, int]
    """The crawl's own counts, as far as they are known: stored, rejected, done, dead, known, …"""

    @classmethod
    def of_stats(cls, stats: Mapping[str, Any]) -> Self:
        """Return what stats say, among which a worker that saw the end of its crawl has the crawl's own counts."""
        return cls(complete(stats, (own := own_counts(stats))), own)

    def number(self, name: str) -> float | None:
        """Return the number that is counted under a name, None where there is none."""
        return number_of(self.stats.get(name))

    def kinds(self, *patterns: str, without: Sequence[str] = ()) -> dict[str, int]:
        """Return what is counted under names of these shapes ("*" = anything), by the last word of the name."""
        found: dict[str, int] = {}
        for name in self.stats:
            value = self.number(name)
            if value and _matches(name, patterns) and not _matches(name, without):
                kind = name.rpartition("/")[2].rpartition(".")[2]
                found[kind] = found.get(kind, 0) + round(value)
        return found

    def count(self, *patterns: str, without: Sequence[str] = ()) -> int:
        """Return the sum of what is counted under names of these shapes."""
        return sum(self.kinds(*patterns, without=without).values())

    @property
    def is_ours(self) -> bool:
        """Whether it is a crawl of this project; a log may be of any."""
        return bool(self.own) or _are_ours(self.stats)

    # --- what came of it

    @property
    def stored(self) -> int:
        return self._first("stored", "postgres/rows", *(() if self.is_ours else ("item_scraped_count",)))

    @property
    def confirmed(self) -> int | None:
        """Of the stores, those that are all-you-can-eat; known as the crawl is complete, where there is PostgreSQL."""
        return self.own.get("confirmed")

    @property
    def likely(self) -> int | None:
        """As `confirmed`: those that are likely to be."""
        return self.own.get("likely")

    @property
    def refill_stores(self) -> int | None:
        """Both together: what the crawl has added to the list, or seen again."""
        return None if self.confirmed is None or self.likely is None else self.confirmed + self.likely

    @property
    def known(self) -> int:
        """Refill stores that were there before, in the districts of the crawl."""
        return self._first("known", "postgres/known")

    @property
    def rejected(self) -> int:
        """Stores that PostgreSQL refused."""
        return self._first("rejected", "postgres/rejected")

    @property
    def dead(self) -> int:
        """Requests that failed for good. Those that were tried again since do not count any more."""
        if "dead" in self.own:
            return self.own["dead"]
        return self.count("frontier/dead", "frontier/refused") or self.count("retry/max_reached")

    @property
    def lost(self) -> int:
        """Answers that could not be used, and stores that could not be stored."""
        broken = self.count("diningcode/rows_broken")
        if "dead" in self.own:
            return self.dead + self.rejected + broken
        return self.count("diningcode/failed", "spider_exceptions/count") + self.rejected + broken

    @property
    def is_nothing_stored(self) -> bool:
        """Whether nothing came of it though there is something: then the site has changed, or refuses this crawl."""
        return bool(self.known and not self.stored)

    @property
    def places_without_rows(self) -> list[str]:
        """The places whose lists had no row of them: "부산 중구"."""
        asked = "diningcode/asked/"
        codes = sorted(name.removeprefix(asked) for name in self.stats if name.startswith(asked))
        return [
            _place_name(code)
            for code in codes
            if self.number(asked + code) and not self.number(f"diningcode/found/{code}")
        ]

    # --- the site

    @property
    def has_budget(self) -> bool:
        """Whether workers keep to a pace, though none of their requests may have left yet."""
        return bool(self.number("politeness/ceiling") or self.number("politeness/permits"))

    @property
    def asked(self) -> int:
        """Requests that went to the site, each attempt.

        Scrapy counts those too that wait for their permit, and answers from a cache as the site's.
        """
        if self.has_budget:
            return round(self.number("politeness/permits") or 0)
        told = self.count("downloader/response_count", "downloader/exception_count")
        return max(told - self.count(*NEVER_SENT), 0)

    @property
    def answered(self) -> int | None:
        """Good answers of the site; None where that cannot be told.

        Scrapy counts those of a cache, and pages that stand in for others, as well: a log that has more of them than
        requests says nothing.
        """
        if (good := self.number("politeness/good_answers")) is not None:
            return round(good)
        good = self.count(f"{SCRAPYS_STATUS}2*", f"{SCRAPYS_STATUS}304") - self.count(*NO_GOOD_ANSWERS)
        return good if 0 <= good <= self.asked else None

    # --- the cache and PostgreSQL

    @property
    def lookups(self) -> int:
        """Pages looked for in the cache."""
        return self.count("cache/hits", "cache/misses", "cache/refreshes")

    @property
    def hit_rate(self) -> float | None:
        """Share of the cacheable requests that the page cache answered; None where it was not asked."""
        return ratio(self.count("cache/hits"), self.lookups or None)

    @property
    def rows_per_second(self) -> float | None:
        """While PostgreSQL writes."""
        return ratio(self.number("postgres/rows"), self.number("postgres/seconds"))

    @property
    def errors(self) -> dict[str, int]:
        """How often each kind of error was met, the most frequent first."""
        by_start = {
            f"{STATUS}4": "HTTP 4{rest}",
            f"{STATUS}5": "HTTP 5{rest}",
            "downloader/exception_type_count/": "{rest}",
            "spider_exceptions/": "{rest}",
            "frontier/dead_reason/": _("dead letter, {rest}"),
        }
        by_name = {
            "politeness/verification_pages": _("verification page"),
            "politeness/pages_for_humans": _("page for humans"),
            "diningcode/rows_broken": _("broken row"),
            "postgres/rejected": _("store refused by PostgreSQL"),
            "postgres/unread": _("unreadable page"),
            "frontier/redis_outages": _("Redis outage"),
            "cache/errors": _("cache error"),
            "notify/failed": _("failed webhook"),
        }
        found: dict[str, int] = {}
        for name in self.stats:
            kind = by_name.get(name)
            for start, named in by_start.items():
                if name.startswith(start) and name != "spider_exceptions/count":  # of those beside it
                    kind = named.format(rest=name.removeprefix(start).rpartition(".")[2])
            if kind and (count := self.number(name)):
                found[kind] = found.get(kind, 0) + round(count)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _first(self, own: str, *names: str) -> int:
        if own in self.own:
            return self.own[own]
        return round(next((value for name in names if (value := self.number(name)) is not None), 0))


def own_counts(stats: Mapping[str, Any]) -> dict[str, int]:
    """Return the crawl's own counts out of the stats of a worker that saw its end; none of any other."""
    if stats.get(f"{OWN}state") not in ("complete", "abandoned"):  # it may be anything
        return {}
    told = {name.removeprefix(OWN): value for name, value in stats.items() if name.startswith(OWN)}
    return {"dead": 0} | {name: round(value) for name, value in told.items() if number_of(value) is not None}


def complete(stats: Mapping[str, Any], own: Mapping[str, int]) -> dict[str, Any]:
    """Return stats with the crawl's own counts in place of those of its workers.

    Only the stats of another project lack those of the site: what it downloaded came from there, as far as it says.
    """
    known = {**stats, **{name: count for name, count in own.items() if "/" in name}}
    if own or _are_ours(stats):
        return known
    statuses = {name.removeprefix(SCRAPYS_STATUS): value for name, value in stats.items() if SCRAPYS_STATUS in name}
    return {f"{STATUS}{status}": value for status, value in statuses.items()} | known


def number_of(value: object) -> float | None:
    """Return a number that something can have been counted to, None for whatever else stands in its place."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if abs(value) < LARGEST else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return None where one of them is not known, or there is no whole."""
    return part / whole if part is not None and whole else None


def _are_ours(stats: Mapping[str, Any]) -> bool:
    return any(name.startswith(OURS) and value for name, value in stats.items())


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _place_name(code: str) -> str:
    region = next((region for region in REGIONS.values() if code.startswith(region.code)), None)
    district = find_district(code)
    return " ".join(part for part in (region and region.short, district and district.name) if part) or code
