"""What a crawler would ask that remembers nothing: the baseline, asked in earnest of the synthetic site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.planning import KEYWORDS
from refillspot.regions import SEOUL, districts
from refillspot.sites.diningcode.answers import decode_search
from refillspot.sites.diningcode.forms import search_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.regions import District
    from refillspot.sandbox.site import SyntheticSite


@dataclass(slots=True, frozen=True)
class Naive:
    """The same keywords in the same places, and the page of every row, however often the row comes."""

    lists: int
    pages: int
    stores: int
    """Different ones among the pages."""

    @property
    def requests(self) -> int:
        return self.lists + self.pages


def ask_naively(site: SyntheticSite) -> Naive:
    """Ask the lists; the pages are counted, not fetched."""
    found = [refs for district in districts() for keyword in KEYWORDS for refs in _ask(site, district, keyword)]
    return Naive(len(found), sum(map(len, found)), len(set().union(*found)))


def _ask(site: SyntheticSite, district: District, keyword: str) -> Iterator[list[str]]:
    """Yield the rows of each list: of the district, and, where that has more than can be seen, of each dong."""
    page = decode_search(site.ask(search_form(f"{SEOUL.short} {district.name} {keyword}")))
    yield [row.v_rid for row in page.rows]
    if page.total is None or page.total > page.sent:
        for dong in district.dongs:
            page = decode_search(site.ask(search_form(f"{SEOUL.short} {district.name} {dong.name} {keyword}")))
            yield [row.v_rid for row in page.rows]
