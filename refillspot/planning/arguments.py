"""The arguments of a crawl."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean, gettext
from refillspot.language import lazy_gettext as _
from refillspot.planning.keywords import KEYWORDS, parse_keywords, write_keywords
from refillspot.regions import SEOUL, District, districts, find_district, parse_districts, parse_region

if TYPE_CHECKING:
    from collections.abc import Mapping

ARGUMENTS = {
    "district": _("강남구; several with commas: 강남구,서초구; or all"),
    "region": _("another city than 서울: 부산, 대구 …"),
    "keywords": _(
        "instead of the standard ones: 무한리필,고기뷔페; or in addition to them, with a plus: +수제맥주 무한리필"
    ),
    "limit": _("store pages at most, to try it: 20"),
    "crawl": _("the id of a crawl: to be joined, or begun"),
    "supersede": _("1: reject what is held of these districts (scrapy gate), and begin anew"),
}
"""What may be given with `-a`, and what it means."""
PLACES_SHOWN = 3  # in a column

DIGITS = 9  # of a number of stores; what is longer is a slip, and from 4300 on Python refuses to read it
CRAWL_LIMIT = "crawl_limit"
"""Key of a request's meta: it is one of at most so many of the whole crawl, which the queue counts."""


@dataclass(slots=True, frozen=True)
class CrawlArguments:
    """The arguments of a crawl, checked. Processes with equal arguments share one queue."""

    districts: tuple[District, ...]
    keywords: tuple[str, ...] = KEYWORDS
    limit: int | None = None
    """Store pages, of all workers together."""
    """At most this many store pages for each process; None = all."""
    crawl: str | None = None
    supersedes: bool = False
    """Crawls of these districts that are held are rejected as it begins."""

    @classmethod
    def parse(  # noqa: PLR0913, PLR0917  # those that a crawl has
        cls,
        district: str | None = None,
        keywords: str | None = None,
        limit: str | None = None,
        crawl: str | None = None,
        region: str | None = None,
        supersede: str | None = None,
        **others: str,
    ) -> CrawlArguments:
        """Read what was given as `-a name=value`. Names that begin with `_` are scrapyd's: `_job`, `_version`.

        Raises:
            ArgumentError: something is unknown or cannot be read; says what would be right.
        """
        if unknown := {name for name in others if not name.startswith("_")}:
            told = gettext("unknown argument {names}: use {known}.")
            known = ", ".join(f"{name}=" for name in ARGUMENTS)
            near = (did_you_mean(name, ARGUMENTS) for name in sorted(unknown))
            raise ArgumentError(told.format(names=", ".join(sorted(unknown)), known=known) + "".join(near))
        if district is None:
            raise ArgumentError(gettext("which district? Use -a district=강남구, several with commas, or district=all"))
        words = parse_keywords(keywords)
        if limit is not None and not (limit.isdecimal() and len(limit) <= DIGITS and int(limit) > 0):
            raise ArgumentError(
                gettext("limit={limit} is not a number of stores: use, for example, -a limit=20").format(limit=limit)
            )
        if crawl is not None:
            check_crawl_id(crawl)
        if supersede not in {None, "1"}:
            told = gettext("supersede={given} says nothing: use supersede=1, or leave it out")
            raise ArgumentError(told.format(given=supersede))
        chosen = parse_districts(district, SEOUL if region is None else parse_region(region))
        return cls(chosen, words, int(limit) if limit else None, crawl, supersede is not None)

    def described(self, site: str) -> dict[str, Any]:
        """Return what makes this crawl the same as another; another site is another crawl."""
        districts, keywords = sorted(district.code for district in self.districts), sorted(self.keywords)
        return {"site": site, "districts": districts, "keywords": keywords, "limit": self.limit}


def write_options(arguments: Mapping[str, str]) -> str:
    """Return arguments as they are typed, -a district=강남구 -a "keywords=+수제맥주 무한리필"; so in every shell."""
    given = (f"{name}={value}" for name, value in arguments.items())
    return " ".join(f'-a "{one}"' if " " in one else f"-a {one}" for one in given)


def write_places(described: Mapping[str, Any]) -> str:
    """Return of which places a crawl is, "강남구,서초구", "부산 중구": with the city, if that is not Seoul."""
    arguments = spider_arguments(described)
    city = [parse_region(arguments["region"]).short] if "region" in arguments else []
    return " ".join([*city, arguments["district"]])


def brief_places(places: str) -> str:
    """Return the first of several places, for a column: "강남구, 서초구, 금천구, …"."""
    names = places.split(",")
    return ", ".join([*names[:PLACES_SHOWN], *["…"] * (len(names) > PLACES_SHOWN)])


def spider_arguments(described: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments that make `CrawlArguments.described`, as they are given with `-a`."""
    codes = described.get("districts", ())
    known = {code: district for code in codes if (district := find_district(code))}
    region = next((district.region for district in known.values()), SEOUL)
    names = [known[code].name if code in known else code for code in codes]
    arguments = {"district": "all" if len(known) == len(districts(region)) else ",".join(names)}
    if region != SEOUL:
        arguments["region"] = region.name
    if keywords := write_keywords(frozenset(described.get("keywords", KEYWORDS))):
        arguments["keywords"] = keywords
    if described.get("limit"):
        arguments["limit"] = str(described["limit"])
    return arguments
