"""A list page, read for one crawl: which of its rows are worth a page, and which of them come from elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from refillspot.planning.pagination import PageCounts
from refillspot.sites.diningcode.prospects import Prospects, is_sampled
from refillspot.sites.diningcode.stores import district_code, read_point

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from refillspot.planning import Query
    from refillspot.sites.diningcode.page_types import Row, SearchPage


class Wanted(NamedTuple):
    """A row whose page is wanted. `is_sample`: only to see whether the unlikely really are.

    `is_vague`: because the row does not tell enough; it says nothing of the worth of the search.
    """

    row: Row
    district_code: str | None
    """None = the row has no address, and only its page can tell."""
    is_sample: bool = False
    is_vague: bool = False
    is_odd: bool = False
    """The row does not tell all that rows tell: it says nothing of whether the store has changed."""


@dataclass(slots=True, frozen=True)
class ListResult:
    """What a page comes to."""

    wanted: list[Wanted]
    answer: PageCounts
    refs: list[str]
    """Every row of the query so far, those of earlier pages first."""
    is_doubtful: bool
    """The site does not seem to have answered this query, but another one, or none."""
    is_all: bool
    """The rows are the site's answer to the query, none of the place is known to be missing among them."""
    about: dict[str, list[str]]
    """{code of each asked district that the query was about: its stores whose page is wanted}."""
    others: list[str]
    """Stores of the page that are not in `about`."""
    counts: Counter[str] = field(default_factory=Counter)
    """What the page adds to the stats `diningcode/…`."""


class ListReader:
    """Reads list pages; `sample_share` of the unlikely stores are wanted all the same."""

    def __init__(self, asked_districts: Collection[str], sample_share: float) -> None:
        self._asked_districts = asked_districts
        self._sample_share = sample_share
        self._prospects = Prospects()

    def read(self, page: SearchPage, query: Query, seen: Sequence[str]) -> ListResult:
        """Read a page of a query of which the rows `seen` are known."""
        codes = [district_code(row.addr, row.road_addr) for row in page.rows]
        prospects = self._prospects.judge(page.rows, page.terms, query.keyword)
        counts = Counter(rows=len(page.rows), rows_broken=len(page.broken))
        wanted = []
        for row, code, prospect in zip(page.rows, codes, prospects, strict=True):
            if code not in self._asked_districts and not _is_placeless(row):
                counts["strangers"] += 1
            elif prospect.is_worthy:
                wanted.append(Wanted(row, code, is_vague=prospect.is_vague, is_odd=row.v_rid in page.odd_refs))
            else:
                counts["unlikely"] += 1
                if is_sampled(row.v_rid, self._sample_share):
                    wanted.append(Wanted(row, code, is_sample=True, is_odd=row.v_rid in page.odd_refs))
        here = sum(map(query.is_about, codes))
        origin = _origin(len(page.rows), here, sum(prospect.mentions for prospect in prospects), query)
        counts[f"rows_{origin}"] += len(page.rows) - (here if origin != "generic" else 0)
        refs = list(dict.fromkeys([*seen, *(row.v_rid for row in page.rows)]))
        worthy = sum(query.is_about(one.district_code) for one in wanted if not one.is_sample and not one.is_vague)
        answer = PageCounts(
            shown=len(refs),
            new=len(refs) - len(seen),
            total=page.total,
            sent=page.sent,
            here=here,
            worthy=worthy,
            cap=page.cap,
            is_box_ignored=_is_box_ignored(page.rows, query),
        )
        about = self._wanted_by_district(wanted, query)
        return ListResult(
            wanted,
            answer,
            refs,
            is_doubtful=origin != "near",
            is_all=origin != "generic" and not page.broken and not answer.leaves_rest,
            about=about,
            others=[row.v_rid for row in page.rows if not any(row.v_rid in found for found in about.values())],
            counts=+counts,
        )

    def _wanted_by_district(self, wanted: Sequence[Wanted], query: Query) -> dict[str, list[str]]:
        return {
            asked: [one.row.v_rid for one in wanted if one.district_code == asked]
            for asked in self._asked_districts
            if query.is_about(asked)
        }


def _origin(rows: int, here: int, mentions: int, query: Query) -> str:
    """Return how the rows that do not lie in the place asked for came into the answer.

    generic: the site did not understand the query, so that no row has anything to do with its words. widened: it found
    nothing in the place and looked further. near: it took the place a bit larger.
    """
    if rows and not mentions and (query.district_code is None or 2 * here < rows):
        return "generic"
    return "widened" if rows and not here else "near"


def _is_placeless(row: Row) -> bool:
    return not (row.addr or "").strip() and not (row.road_addr or "").strip()


def _is_box_ignored(rows: Sequence[Row], query: Query) -> bool:
    if query.box is None:
        return False
    points = [point for row in rows if (point := read_point(row.lat, row.lng))]
    return 2 * sum(query.box.contains(*point) for point in points) < len(points)
