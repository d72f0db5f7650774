"""List pages: one window of a search, with the cap and the repeats past the end."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from replica import envelope
from replica.odd import Hit, Odd, draw_hits, draw_numbers, spoil
from replica.odd_paths import LIST_SLOTS, ROW_SLOTS
from replica.query import Query, asks_nothing, is_misencoded, read_query, read_window
from replica.rows import Rows
from replica.shapes import MIXED, chance, write_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from refillspot.regions import Region
    from replica.search import Search
    from replica.shapes import Shapes
    from replica.store import Store

GET_SIZE = 4  # a GET is answered too, but ignores `size`
TOTAL_CEILING = 10_000  # where `total_cnt` stops counting
ODD_SALT = 0x0DD


class Found(NamedTuple):
    """What a search finds: the answer's `result_data` (None = nothing was asked), what of it is odd, its own key."""

    result_data: dict[str, Any] | None
    odd: tuple[Odd, ...] = ()
    key: bytes = b""


class Listing:
    """Answers `/API/isearch/`. `cap` is how many rows of one query can ever be seen."""

    def __init__(self, search: Search, cap: int, today: date, city: Region, shapes: Shapes = MIXED) -> None:
        self._search = search
        self._city = city
        self._cap = cap
        self._shapes = shapes
        self._rows = Rows(today, shapes)

    def answer(self, form: Mapping[str, str], *, is_get: bool = False) -> bytes:
        return self.write(self.find(form, is_get=is_get))

    def write(self, found: Found) -> bytes:
        if found.result_data is None:
            return envelope.failure("검색어를 입력해 주세요.")
        return self._shapes.mark(found.key, envelope.success(found.result_data))

    def find(self, form: Mapping[str, str], *, is_get: bool = False) -> Found:
        if asks_nothing(form):
            return Found(None)
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
        key = f"{query.text}|{offset}|{size}".encode()
        if not found:
            return Found({"params": params}, key=key)
        section, odd = self.show(query, found[slice(*window)], len(found), key)
        return Found({"params": params, "poi_section": section}, tuple(odd), key)

    def show(self, query: Query, listed: Sequence[Store], total: int, key: bytes) -> tuple[Any, list[Odd]]:
        """Return the section that lists stores, one at least, out of `total`, and what of it is odd.

        `key` is the answer's own: it decides of which generation it is.
        """
        is_new = self._shapes.is_new(key)
        rng = Random(int(chance(key, ODD_SALT) * 2**32))  # noqa: S311  # invented data
        rows = [self._rows.write(store, query, is_new=is_new) for store in listed]
        section = {
            "total_cnt": write_count(min(total, TOTAL_CEILING), rng.random(), is_new=is_new),
            "list": rows,
            "region": rows[0]["area"][0],
            "region_name": f"{listed[0].district.sido} {listed[0].district.name}",
            "order": query.order,
            "alt_queries": [],
            "params": {
                "rcount": write_count(total, rng.random(), is_new=is_new),
                "search_type": "poi_search",
                "region_keyword": {"region": rows[0]["area"][0], "related_region": "", "related_keyword": ""},
                "ranking_params": {"order": query.order},
            },
        }
        section["list"], odd = _spoil_rows(rows, rng, self._shapes.odd)
        tree, around = spoil({"poi_section": section}, draw_hits(rng.getrandbits(64), self._shapes.odd, LIST_SLOTS))
        return tree["poi_section"], odd + around


def _spoil_rows(rows: list[dict[str, Any]], rng: Random, share: float) -> tuple[list[dict[str, Any]], list[Odd]]:
    """Return the rows with some of their fields replaced, and which."""
    hits: dict[int, list[Hit]] = {}
    for number in draw_numbers(rng, share, len(rows) * len(ROW_SLOTS)):
        row, slot = divmod(number, len(ROW_SLOTS))
        hits.setdefault(row, []).append(Hit(ROW_SLOTS[slot], rng.getrandbits(32)))
    odd = []
    rows = list(rows)
    for row, drawn in hits.items():
        rows[row], done = spoil(rows[row], drawn)
        odd += [Odd(f"list[].{path}", came) for path, came in done]
    return rows, odd


def _window(rows: int, offset: int, size: int) -> tuple[int, int]:
    """Return first and last row; past the end, the last full window once more."""
    if offset >= rows:
        return max(0, rows - size), rows
    return offset, min(offset + size, rows)
