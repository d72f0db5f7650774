"""What searches brought, and which keywords rest in which districts because of it: for a while, never for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from refillspot.planning.keywords import KEYWORDS, KINDS, narrow_ones

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

SHORTEST_REST, LONGEST_REST = timedelta(days=7), timedelta(days=90)
ALWAYS_ASKED = frozenset(keyword for keyword in KEYWORDS if KINDS[keyword] == "offer") - narrow_ones(KEYWORDS)
"""The few that new stores are found by; they never rest."""


@dataclass(slots=True, frozen=True)
class QueryAnswer:
    """What a page of a search brought: an item of the crawl, from which the next crawls learn."""

    site: str
    keyword: str
    asked: str
    """The search, its box and its first row included: no other of the crawl is written the same."""
    total: int
    refs: dict[str, list[str]]
    """{code of each district that it was about: stores there whose page was wanted}."""


@dataclass(slots=True, frozen=True)
class KeywordYield:
    """What a keyword brought in a district when it was last asked: a row of `refillspot.query_yields`."""

    district_code: str
    keyword: str
    first_asked_at: datetime
    asked_at: datetime
    fruitful_at: datetime | None
    """When it last had stores of its own. None = never."""
    queries: list[str]
    total: int
    refs: list[str]
    own: int | None
    """Refill stores that no keyword before it found. None = the crawl that asked has not ended."""

    def rests(self, now: datetime) -> bool:
        """Tell whether it is not worth asking yet: it rests for as long as it has been barren, a week at least."""
        if self.own != 0 or self.keyword in ALWAYS_ASKED or self.keyword not in KINDS:
            return False
        barren = self.asked_at - (self.fruitful_at or self.first_asked_at)
        return now - self.asked_at < min(max(barren, SHORTEST_REST), LONGEST_REST)


def resting(yields: Iterable[KeywordYield], keywords: Sequence[str], now: datetime) -> frozenset[tuple[str, str]]:
    """Return (district code, keyword) of what is left out of a crawl with these keywords.

    Nothing is unless all the standard ones are asked: then the others find its stores, and those given are wanted.
    """
    if not set(KEYWORDS).issubset(keywords):
        return frozenset()
    return frozenset((one.district_code, one.keyword) for one in yields if one.rests(now))
