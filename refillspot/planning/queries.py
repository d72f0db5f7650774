"""The searches of a crawl, and what a search is split into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.regions import find_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.planning.arguments import CrawlArguments
    from refillspot.regions import District


@dataclass(slots=True, frozen=True)
class Query:
    """One search: a district or one dong of it, and a keyword."""

    district_code: str
    keyword: str
    dong: str | None = None

    @property
    def district(self) -> District:
        district = find_district(self.district_code)
        assert district is not None  # noqa: S101  # a query is made of a district that there is
        return district

    @property
    def text(self) -> str:
        """Return the words for the site, "서울 강남구 역삼동 무한리필"."""
        city = self.district.region.short  # 중구 and 강서구 exist in several
        return " ".join(word for word in (city, self.district.name, self.dong, self.keyword) if word)

    def split(self) -> Iterator[Query]:
        """Return the queries of smaller places that together cover this one; none if it is the smallest."""
        if self.dong is None:
            for dong in self.district.dongs:
                yield Query(self.district_code, self.keyword, dong.name)


def seed_queries(arguments: CrawlArguments) -> Iterator[Query]:
    """Return the coarse queries that a crawl begins with: every keyword in every district."""
    for district in arguments.districts:
        for keyword in arguments.keywords:
            yield Query(district.code, keyword)
