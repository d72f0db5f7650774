"""The list as a table: a line a store, cut to the width of the terminal, letters of two columns counted as two.

A line is printed as it is read: a list of any length begins at once, and ends where its reader leaves.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from refillspot.clock import KST
from refillspot.items import WEEKDAYS
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import one_line, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from refillspot.items import Verdict
    from refillspot.listing.entries import Listed
    from refillspot.parsing.hours.open_now import OpenNow

ID_WIDTH, KIND_WIDTH, PRICE_WIDTH, DISTANCE_WIDTH, OPEN_WIDTH = 12, 6, 7, 7, 13
NARROWEST = 70  # columns; on less, lines are broken by the terminal
NAME_SHARE = 0.45  # of what the other columns leave; the address has the rest
LIKELY = "~"
NOT_KNOWN = "-"
CUT = "…"


def print_table(
    entries: Iterable[Listed], now: datetime, width: int | None, *, with_distance: bool
) -> Counter[Verdict]:
    """Print the entries in so many columns, None: nothing is cut; return how many there were of each verdict."""
    printed: Counter[Verdict] = Counter()
    table = _Table(width, with_distance=with_distance)
    for entry in entries:
        if not printed:
            say(table.heading())
        say(table.line(entry, now))
        printed[entry.row["refill_verdict"]] += 1
    return printed


def write_counts(every: Mapping[Verdict, int]) -> str:
    """Return "125 stores (confirmed 118, likely 7)"."""
    total = sum(every.values())
    words: dict[Verdict, str] = {"confirmed": _("confirmed"), "likely": _("likely")}
    verdicts = ", ".join(f"{word} {every[verdict]:,}" for verdict, word in words.items() if verdict in every)
    return ngettext("{count} store ({verdicts})", "{count} stores ({verdicts})", total).format(
        count=f"{total:,}", verdicts=verdicts
    )


def write_total(printed: Counter[Verdict], every: Mapping[Verdict, int]) -> str:
    """Return `write_counts` of every store; "20 of 125 stores …", where not all of them were printed."""
    shown, told = printed.total(), write_counts(every)
    if shown < sum(every.values()):
        told = _("{shown} of {stores}").format(shown=f"{shown:,}", stores=told)
    return told + (_(". {mark} only likely").format(mark=LIKELY) if "likely" in printed else "")


class _Table:
    def __init__(self, width: int | None, *, with_distance: bool) -> None:
        self._with_distance, self._is_cut = with_distance, width is not None
        fixed = [(KIND_WIDTH, _fit), (PRICE_WIDTH, _right), (OPEN_WIDTH, _fit)]
        fixed += [(DISTANCE_WIDTH, _right)] * with_distance
        left = max(width or 0, NARROWEST) - ID_WIDTH - sum(width for width, _align in fixed) - len(fixed) - 2
        name = round(left * NAME_SHARE)
        self._columns = [(name, _fit), *fixed, (left - name, _fit)]

    def heading(self) -> str:
        distance = [_("far")] * self._with_distance
        return self._joined("ref", [" " + _("name"), _("kind"), _("won"), _("open now"), *distance, _("address")])

    def line(self, entry: Listed, now: datetime) -> str:
        row = entry.row
        price = row["refill_price_krw"]
        cells = [
            (" " if entry.is_sure else LIKELY) + write_name(entry),
            _tidy(next(iter(row["cuisines"] or row["categories"] or ()), NOT_KNOWN)),
            NOT_KNOWN if price is None else f"{price:,}",
            write_open_now(entry.open_now, now),
            *([write_distance(row["distance_m"])] if self._with_distance else []),
            _short_address(entry),
        ]
        return self._joined(row["ref"], cells)

    def _joined(self, ref: str, cells: list[str]) -> str:
        """Return a line. The id is whole, whatever its length: it is copied. Each name has its mark before it."""
        fitted = [
            align(cell, width if self._is_cut else max(width, cell_len(cell)))
            for cell, (width, align) in zip(cells, self._columns, strict=True)
        ]
        return " ".join([one_line(ref).ljust(ID_WIDTH), *fitted]).rstrip()


def write_name(entry: Listed) -> str:
    """Return "명륜진사갈비 강남역점"."""
    return _tidy(" ".join(filter(None, (entry.row["name"], entry.row["branch"]))))


def write_open_now(answer: OpenNow, now: datetime) -> str:
    """Return "until 22:00", "from 17:00", "from Mo 11:00", "from 12-07", "24 hours", "closed"; "?": nobody knows."""
    if answer.state == "unknown":
        return "?"
    if answer.state == "open":
        return _("until {time}").format(time=f"{answer.until:%H:%M}") if answer.until else _("24 hours")
    if not answer.opens_at:
        return _("closed")
    days = (answer.opens_at.date() - now.astimezone(KST).date()).days
    if days >= len(WEEKDAYS):
        return _("from {time}").format(time=f"{answer.opens_at:%m-%d}")
    day = f"{weekday_names()[answer.opens_at.weekday()]} " if days else ""
    return _("from {time}").format(time=f"{day}{answer.opens_at:%H:%M}")


def weekday_names() -> list[str]:
    """Return the names of the weekdays, Monday first, and of public holidays."""
    return _("Mo Tu We Th Fr Sa Su holidays").split()


def write_distance(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def _short_address(entry: Listed) -> str:
    """Return the address from the district on: "강남구 테헤란로 123"."""
    address, district = entry.row["road_addr"] or entry.row["addr"] or NOT_KNOWN, entry.row["district"]
    _city, found, rest = address.partition(district) if district else ("", "", "")
    return _tidy(f"{found}{rest}" if found else address)


def _tidy(text: str) -> str:
    return one_line(" ".join(text.split()))


def _fit(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + CUT, width)


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text
