"""What a crawl asks for: its arguments, and the queries that follow from them. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.exceptions import ArgumentError
from refillspot.regions import District, districts_by_code, parse_districts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEYWORDS = (
    "무한리필",
    "무제한",
    "고기뷔페",
    "뷔페",
    "샐러드바",
    # chains that are all-you-can-eat and say it nowhere
    "명륜진사갈비",
    "쿠우쿠우",
    "애슐리퀸즈",
    "두끼",
)
CITY = "서울"  # 중구 and 강서구 exist in other cities
CRAWL_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True, frozen=True)
class CrawlArguments:
    """The arguments of a crawl, checked. Processes with equal arguments share one queue."""

    districts: tuple[District, ...]
    keywords: tuple[str, ...] = KEYWORDS
    limit: int | None = None
    """At most this many store pages for each process; None = all."""
    crawl: str | None = None

    @classmethod
    def parse(
        cls,
        district: str | None = None,
        keywords: str | None = None,
        limit: str | None = None,
        crawl: str | None = None,
        **unknown: str,
    ) -> CrawlArguments:
        """Read what was given as `-a name=value`.

        Raises:
            ArgumentError: something is unknown or cannot be read; says what would be right.
        """
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ArgumentError(f"unknown argument {names}: use district=, keywords=, limit=, crawl=")
        if district is None:
            raise ArgumentError("which district? Use -a district=강남구, several with commas, or district=all")
        words = unicodedata.normalize("NFC", keywords or "").split(",")
        given = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
        if keywords is not None and not given:
            raise ArgumentError("keywords= is empty: use for example -a keywords=무한리필,고기뷔페")
        if limit is not None and not (limit.isdecimal() and int(limit) > 0):
            raise ArgumentError(f"limit={limit} is not a number of stores: use for example -a limit=20")
        if crawl is not None and not CRAWL_ID.fullmatch(crawl):
            raise ArgumentError(f"crawl={crawl} is not an id: use up to 64 letters, digits, dots, dashes")
        return cls(parse_districts(district), given or KEYWORDS, int(limit) if limit else None, crawl)

    def described(self, site: str) -> dict[str, Any]:
        """Return what makes this crawl the same as another; another site is another crawl."""
        districts, keywords = sorted(district.code for district in self.districts), sorted(self.keywords)
        return {"site": site, "districts": districts, "keywords": keywords, "limit": self.limit}


def spider_arguments(described: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments that make `CrawlArguments.described`, as they are given with `-a`."""
    known = districts_by_code()
    names = [known[code].name if code in known else code for code in described.get("districts", ())]
    arguments = {"district": "all" if len(names) == len(known) else ",".join(names)}
    if set(described.get("keywords", KEYWORDS)) != set(KEYWORDS):
        arguments["keywords"] = ",".join(described["keywords"])
    if described.get("limit"):
        arguments["limit"] = str(described["limit"])
    return arguments


@dataclass(slots=True, frozen=True)
class Query:
    """One search: a district or one dong of it, and a keyword."""

    district_code: str
    keyword: str
    dong: str | None = None

    @property
    def text(self) -> str:
        """Return the words for the site, "서울 강남구 역삼동 무한리필"."""
        place = districts_by_code()[self.district_code].name
        return " ".join(word for word in (CITY, place, self.dong, self.keyword) if word)

    def split(self) -> Iterator[Query]:
        """Return the queries of smaller places that together cover this one; none if it is the smallest."""
        if self.dong is None:
            for dong in districts_by_code()[self.district_code].dongs:
                yield Query(self.district_code, self.keyword, dong.name)


def seed_queries(arguments: CrawlArguments) -> Iterator[Query]:
    """Return the coarse queries that a crawl begins with: every keyword in every district."""
    for district in arguments.districts:
        for keyword in arguments.keywords:
            yield Query(district.code, keyword)
