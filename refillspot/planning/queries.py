"""The searches of a crawl, and what a search is split into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.regions import districts_by_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.planning.arguments import CrawlArguments

CITY = "서울"  # 중구 and 강서구 exist in other cities


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
