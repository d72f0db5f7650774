"""List pages: one window of a search, with the cap and the repeats past the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replica import envelope
from replica.query import Query, asks_nothing, is_misencoded, read_query, read_window
from replica.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from refillspot.regions import Region
    from replica.search import Search
    from replica.store import Store

GET_SIZE = 4  # a GET is answered too, but ignores `size`
TOTAL_CEILING = 10_000  # where `total_cnt` stops counting


class Listing:
    """Answers `/API/isearch/`. `cap` is how many rows of one query can ever be seen."""

    def __init__(self, search: Search, cap: int, today: date, city: Region) -> None:
        self._search = search
        self._city = city
        self._cap = cap
        self._rows = Rows(today)

    def answer(self, form: Mapping[str, str], *, is_get: bool = False) -> bytes:
        if asks_nothing(form):
            return envelope.failure("검색어를 입력해 주세요.")
        offset, size = read_window(form)
        if is_get:
            offset, size = offset // size * GET_SIZE, GET_SIZE
        params = {**form, "size": size}
        if is_misencoded(form):
            query, found, window = Query("", None, ()), self._search.generic(), (0, size)
        else:
            query = read_query(form, self._city)
            found = self._search.rank(query)
            window = _window(min(len(found), self._cap), offset, size)
        return _page(params, query, found, self._rows, window) if found else envelope.success({"params": params})


def _window(rows: int, offset: int, size: int) -> tuple[int, int]:
    """Return first and last row; past the end, the last full window once more."""
    if offset >= rows:
        return max(0, rows - size), rows
    return offset, min(offset + size, rows)


def _page(params: dict[str, Any], query: Query, found: Sequence[Store], rows: Rows, window: tuple[int, int]) -> bytes:
    listed = found[slice(*window)]
    area = rows.write(listed[0], query)["area"][0]
    section = {
        "total_cnt": min(len(found), TOTAL_CEILING),
        "list": [rows.write(store, query) for store in listed],
        "region": area,
        "region_name": f"{listed[0].district.sido} {listed[0].district.name}",
        "order": query.order,
        "alt_queries": [],
        "params": {"rcount": len(found)},
    }
    return envelope.success({"params": params, "poi_section": section})
