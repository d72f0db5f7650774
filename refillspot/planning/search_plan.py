"""Which queries a crawl asks: coarse ones first, smaller places where there is more than can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.planning.keywords import narrow_ones
from refillspot.planning.learning import resting
from refillspot.planning.pagination import Pagination
from refillspot.planning.queries import Query
from refillspot.regions import districts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from refillspot.planning.arguments import CrawlArguments
    from refillspot.planning.learning import KeywordYield


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
