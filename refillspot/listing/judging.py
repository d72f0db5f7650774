"""Stores that are only likely, one after the other with what speaks for each: a key says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.listing.entries import Listed
from refillspot.listing.page import LINKS, PARTS, map_links, write_line
from refillspot.listing.table import write_name
from refillspot.postgres.corrections import corrections
from refillspot.postgres.outward import StoreFilter, snapshot
from refillspot.readable import one_line, say
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from refillspot.items import Verdict

KEYS = {"c": "c", "ㅊ": "c", "u": "u", "ㅕ": "u", "s": "s", "ㄴ": "s", "q": "q", "ㅂ": "q", "": "q", "\x03": "q"}
"""By what a keyboard sends, also one that is set to Hangul; nothing: nobody is there any more."""
VERDICTS: dict[str, Verdict] = {"c": "confirmed", "u": "unlikely"}
LINES = 10  # of a menu: those that speak for the offer come first


@dataclass(slots=True)
class Judged:
    confirmed: int = 0
    unlikely: int = 0
    left: int = 0


def judge(database_url: str, wanted: StoreFilter, now: datetime, read_key: Callable[[], str]) -> Judged:
    """Show each likely store, and keep what `read_key` says of it at once, as a correction of `refill_verdict`.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; what was said before is kept.
    """
    with snapshot(database_url) as stores:
        entries = [Listed.of(row, now) for row in stores.rows(wanted)]
    judged = Judged(left=len(entries))
    for number, entry in enumerate(entries, 1):
        for line in _evidence(entry, f"{number}/{len(entries)}"):
            say(one_line(line))
        key = _ask(read_key)
        if key == "q":
            break
        if verdict := VERDICTS.get(key):
            with corrections(database_url) as table:
                note = _("judged on {day}").format(day=write_kst(now)[:10])
                table.correct(
                    (entry.row["site"], entry.row["ref"]), {"refill_verdict": {"refill_verdict": verdict}}, note
                )
            setattr(judged, verdict, getattr(judged, verdict) + 1)
            judged.left -= 1
    return judged


def _ask(read_key: Callable[[], str]) -> str:
    Terminal().print(Text(_("c all-you-can-eat · u not · s skip · q quit"), style="bold"))
    while (key := KEYS.get(read_key().lower())) is None:
        pass
    return key


def _evidence(entry: Listed, place: str) -> Iterator[str]:
    row = entry.row
    yield ""
    yield f"{place}  {write_name(entry)}  {row['ref']}"
    yield row["road_addr"] or row["addr"] or ""
    yield ", ".join(row["categories"] or ())
    for one in row["refill_evidence"]:
        yield f"  ! {PARTS[one['source']]()}: {one['text']}"
    said = {one["text"] for one in row["refill_evidence"]}
    menu = sorted(row["menu"] or (), key=lambda line: line["name"] not in said)
    yield from (f"  {write_line(line)}" for line in menu[:LINES])
    if len(menu) > LINES:
        more = len(menu) - LINES
        yield ngettext("  … and {count} line more", "  … and {count} lines more", more).format(count=more)
    yield from (f"{LINKS[where]()}: {link}" for where, link in map_links(row).items())
