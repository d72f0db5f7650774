"""Which queries a crawl asks: coarse ones first, smaller places where there is more than can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from refillspot.planning.keywords import UNSEEN, narrow_ones, resting
from refillspot.planning.pagination import Pagination, Step
from refillspot.regions import REGIONS, SEOUL, BoundingBox, districts, find_district

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from refillspot.planning.arguments import CrawlArguments
    from refillspot.planning.keywords import KeywordYield
    from refillspot.regions import District, Dong, Region

CITY_DIGITS, DISTRICT_DIGITS = 2, 5  # of an official code; those of a dong are all
MARGIN = 0.1  # of a dong's height and width: a point that lies just outside is still a store of the dong
SMALLEST_DEGREES = 0.0005  # about 50 m: one building, which no smaller box can take apart


@dataclass(slots=True, frozen=True)
class Query:
    """One search: a place and a keyword.

    `place` is the official code of a city ("11"), district ("11680") or dong ("11680101"); `box` is a part of the dong.
    """

    place: str
    keyword: str
    box: BoundingBox | None = None

    @classmethod
    def read(cls, text: str) -> Query:
        """Return the query whose `text` this is; one that begins with no city is of Seoul."""
        words = text.split()
        region = next((one for one in REGIONS.values() if words and words[0] in one.spellings), None)
        code, words = (region or SEOUL).code, words[1:] if region else words
        smaller: Sequence[District | Dong] = districts(region or SEOUL)
        while found := next((one for one in smaller if words and one.name == words[0]), None):
            code, words, smaller = found.code, words[1:], getattr(found, "dongs", ())
        return cls(code, " ".join(words))

    @property
    def district_code(self) -> str | None:
        """None = the query is about the whole city."""
        return self.place[:DISTRICT_DIGITS] if len(self.place) >= DISTRICT_DIGITS else None

    @property
    def area(self) -> str:
        """The code of the district that the query is about, "11680", or of the city, "11"."""
        return self.place[:DISTRICT_DIGITS]

    @property
    def district(self) -> District:
        district = find_district(self.district_code)
        assert district is not None  # noqa: S101  # a query is made of a district that there is
        return district

    @property
    def text(self) -> str:
        """Return the words for the site, "서울 강남구 역삼동 무한리필". The city, since 중구 exists in several."""
        places = (self._district, self._dong)
        names = [_regions_by_code()[self.place[:CITY_DIGITS]].short, *(place.name for place in places if place)]
        return " ".join((*names, self.keyword))

    def answer_from(self, row: int) -> str:
        """Return what the answer that begins at this row is called: no other of a crawl is called so."""
        return f"{self.text} {self.box or ''} {row}"

    def is_about(self, district_code: str | None) -> bool:
        """Tell whether the query asks for stores of this district."""
        return district_code is not None and district_code.startswith(self.place[:DISTRICT_DIGITS])

    def split(self, asked: Iterable[District]) -> Iterator[Query]:
        """Return queries of smaller places that together cover this one; none if it is the smallest.

        A city is split into the districts that are asked for, a district into its dongs, a dong into boxes.
        """
        if dong := self._dong:
            box = self.box or _grown(dong.bbox)
            if box.north - box.south > SMALLEST_DEGREES:
                yield from (Query(self.place, self.keyword, quarter) for quarter in _quarters(box))
        elif district := self._district:
            yield from (Query(dong.code, self.keyword) for dong in district.dongs)
        else:
            yield from (Query(district.code, self.keyword) for district in asked if self.is_about(district.code))

    @property
    def _district(self) -> District | None:
        return find_district(self.district_code) if self.district_code else None

    @property
    def _dong(self) -> Dong | None:
        dongs = self._district.dongs if self._district else ()
        return next((dong for dong in dongs if dong.code == self.place), None)


@cache
def _regions_by_code() -> dict[str, Region]:
    return {region.code: region for region in REGIONS.values()}


def _grown(box: BoundingBox) -> BoundingBox:
    tall, wide = (box.north - box.south) * MARGIN, (box.east - box.west) * MARGIN
    return BoundingBox(box.south - tall, box.west - wide, box.north + tall, box.east + wide)


def _quarters(box: BoundingBox) -> Iterator[BoundingBox]:
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
    for south, north in ((box.south, lat), (lat, box.north)):
        for west, east in ((box.west, lon), (lon, box.east)):
            yield BoundingBox(south, west, north, east)


class SearchPlan:
    """The plan of one crawl, and what this process has learnt of the site."""

    def __init__(self, arguments: CrawlArguments, page_size: int) -> None:
        self.districts = arguments.districts
        self.pagination = Pagination(page_size)
        self.resting: frozenset[tuple[str, str]] = frozenset()
        """(district code, keyword) that brought nothing of their own before, and are not asked this time."""
        self._keywords = arguments.keywords
        self._narrow = narrow_ones(arguments.keywords)

    def learn(self, yields: Iterable[KeywordYield], now: datetime) -> None:
        """Leave out what crawls before have shown to bring nothing of its own."""
        self.resting = resting(yields, self._keywords, now)

    def seeds(self) -> Iterator[Query]:
        """Return the queries that the crawl begins with, in the order of the keywords, narrow ones last.

        Where every district of a city is asked for, the city is one place.
        """
        places = list(self._coarse_places())
        for keyword in sorted(self._keywords, key=self.is_narrow):
            yield from self._awake(Query(place, keyword) for place in places)

    def split(self, query: Query) -> list[Query]:
        """Return the queries of smaller places to ask in its place; empty if there is none smaller."""
        return list(self._awake(query.split(self.districts)))

    def awaited(self, query: Query, step: Step, shown: int, *, is_all: bool) -> dict[str, list[str]]:
        """Return, by district, which answers belong to one of which `shown` rows are seen: with them all is.

        Not `is_all`: rows of it are known to be out of sight.
        """
        about = [district.code for district in self.districts if query.is_about(district.code)]
        if not is_all or step is Step.FULL:
            return {code: [UNSEEN] for code in about}
        if step is Step.FOLLOW:
            return {code: [query.answer_from(shown)] for code in about}
        if step is Step.SPLIT:  # those that rest are awaited too
            parts = list(query.split(self.districts))
            return {code: [one.answer_from(0) for one in parts if one.is_about(code)] or [UNSEEN] for code in about}
        return {code: [] for code in about}

    def is_narrow(self, keyword: str) -> bool:
        """Tell whether another keyword of the crawl finds whatever this one does, see `narrow_ones`.

        Such a keyword is asked after the others, and a full answer to it is split only when it brought a new store.
        """
        return keyword in self._narrow

    def _awake(self, queries: Iterator[Query]) -> Iterator[Query]:
        for query in queries:
            about = [district.code for district in self.districts if query.is_about(district.code)]
            if not all((code, query.keyword) in self.resting for code in about):
                yield query

    def _coarse_places(self) -> Iterator[str]:
        for region in dict.fromkeys(district.region for district in self.districts):
            own = [district.code for district in self.districts if district.region == region]
            yield from [region.code] if len(own) == len(districts(region)) else own
