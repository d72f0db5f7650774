"""A sample of stores, each value beside where it can be looked up: one key says whether it is right."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.listing.entries import Listed
from refillspot.listing.own_list import DELIMITERS, read_file_text
from refillspot.listing.page import LINKS, VERDICTS, map_links, write_hours, write_prices
from refillspot.listing.table import write_name
from refillspot.policies.sampling import draw
from refillspot.postgres.audits import FIELDS, AuditAnswer, ValueKey, audits
from refillspot.postgres.outward import StoreFilter, snapshot
from refillspot.readable import one_line, say
from refillspot.retelling import system_words
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

KEYS = {
    "r": "right", "ㄱ": "right", "w": "wrong", "ㅈ": "wrong", "d": "unknown", "ㅇ": "unknown",
    "b": "back", "ㅠ": "back", "q": "quit", "ㅂ": "quit", "": "quit", "\x03": "quit",
}  # fmt: skip
"""By what a keyboard sends, also one that is set to Hangul; nothing: nobody is there any more."""
WORDS: dict[str, AuditAnswer] = {
    **dict.fromkeys(["right", "r", "o", "ok", "yes", "y", "1", "맞음", "맞다", "예", "ㅇ", "○"], "right"),
    **dict.fromkeys(["wrong", "w", "x", "no", "n", "0", "틀림", "틀리다", "아니오", "ㄴ", "×"], "wrong"),
    **dict.fromkeys(["unknown", "d", "?", "-", "모름", "모르겠음"], "unknown"),
}
"""What people write into a cell."""
SHEET = ("site", "ref", "name", "field", "value", "answer", *LINKS)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True, frozen=True)
class AskedValue:
    number: int
    """Of its store in the sample, from 1."""
    entry: Listed
    field: str

    @property
    def key(self) -> ValueKey:
        return self.entry.row["site"], self.entry.row["ref"], self.field


def draw_sample(database_url: str, wanted: StoreFilter, size: int, seed: int, now: datetime) -> list[Listed]:
    """Return a sample of the stores that are shown, of each district by its share.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with snapshot(database_url) as stores:
        keys = list(stores.rows(wanted, ("site", "ref", "district_code")))
        drawn = draw(
            keys, lambda row: row["district_code"] or "", lambda row: f"{row['site']} {row['ref']}", size, seed
        )
        return [Listed.of(row, now) for key in drawn for row in stores.known(key["ref"], key["site"])]


def questions(sample: Iterable[Listed]) -> list[AskedValue]:
    """Return what is asked: each field whose value is known."""
    return [
        AskedValue(number, entry, field)
        for number, entry in enumerate(sample, 1)
        for field in FIELDS
        if entry.row[field] is not None
    ]


def ask(database_url: str, sample: Sequence[Listed], seed: int, now: datetime, read_key: Callable[[], str]) -> int:
    """Ask what has not been answered yet, and keep each answer at once; return how much is left.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; what was answered before is kept.
    """
    with audits(database_url) as table:
        answered = table.answered(seed)
    asked = [one for one in questions(sample) if one.key not in answered]
    place, shown = 0, None
    while place < len(asked):
        one = asked[place]
        if one.number != shown:
            shown = one.number
            _show_store(one.entry, f"{one.number}/{len(sample)}")
        _show_value(one)
        key = _key(read_key)
        if key == "quit":
            break
        if key == "back":
            place = max(0, place - 1)
            continue
        with audits(database_url) as table:
            table.keep(seed, one.key, _value(one), key, now)
        place += 1
        if one.field == "status" and key == "wrong":  # of what is not there nothing else can be looked up
            asked[place:] = [other for other in asked[place:] if other.number != one.number]
    return len(asked) - place


def _key(read_key: Callable[[], str]) -> Any:
    Terminal().print(Text(_("r right · w wrong · d don't know · b back · q quit"), style="bold"))
    while (key := KEYS.get(read_key().lower())) is None:
        pass
    return key


def _show_store(entry: Listed, place: str) -> None:
    terminal = Terminal()
    terminal.print()
    terminal.print(Text(one_line(f"{place}  {write_name(entry)}  {entry.row['ref']}"), style="bold"), overflow="fold")
    for where, link in map_links(entry.row).items():  # whole, to be opened
        say(f"  {LINKS[where]()}: {one_line(link)}")


def _show_value(one: AskedValue) -> None:
    lines = [one_line(line) for line in write_value(one)]
    told = f"{FIELDS[one.field]()}: " + "\n    ".join(lines)
    Terminal().print(Text(told), overflow="fold")


def write_value(one: AskedValue) -> Iterator[str]:
    """Return a value for people, a line or several."""
    row = one.entry.row
    match one.field:
        case "status":
            yield row["road_addr"] or row["addr"] or _("yes")
        case "refill_verdict":
            yield VERDICTS[row["refill_verdict"]]()
        case "refill_price_krw":
            yield from write_prices(row)
        case "hours" if one.entry.hours:
            yield from write_hours(one.entry.hours)
        case "hours":
            yield row["hours_text"] or ""
        case _:
            yield str(row[one.field])


def _value(one: AskedValue) -> Any:
    return msgspec.to_builtins(one.entry.row[one.field])


# --- for others to fill in


def as_json(sample: Sequence[Listed], answered: dict[ValueKey, AuditAnswer]) -> list[dict[str, Any]]:
    return [
        {
            "site": one.key[0],
            "ref": one.key[1],
            "name": write_name(one.entry),
            "field": one.field,
            "value": _value(one),
            "answer": answered.get(one.key),
            **map_links(one.entry.row),
        }
        for one in questions(sample)
    ]


def write_sheet(path: str, sample: Sequence[Listed], answered: dict[ValueKey, AuditAnswer]) -> int:
    """Write a CSV with a line a value, whose column `answer` is to be filled in; return how many.

    Raises:
        ArgumentError: there is such a file, which may be filled in, or it cannot be written.
    """
    asked = questions(sample)
    try:
        with Path(path).open("x", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(SHEET)
            for one in asked:
                value = " / ".join(write_value(one))
                cells = [*one.key[:2], write_name(one.entry), one.field, value, answered.get(one.key, "")]
                writer.writerow(map(_cell, [*cells, *map_links(one.entry.row).values()]))
    except FileExistsError as error:
        raise ArgumentError(_("{file} is there already: name another file").format(file=path)) from error
    except OSError as error:
        told = _("{file} cannot be written: {reason}")
        raise ArgumentError(told.format(file=path, reason=system_words(error))) from error
    return len(asked)


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = one_line(text or "")
    return f"'{text}" if text.startswith(FORMULA) else text


def read_sheet(database_url: str, path: str, seed: int, now: datetime) -> int:
    """Keep what a filled sheet says, also of stores that are not shown any more; return how many answers it has.

    Raises:
        ArgumentError: it is none, or has an answer that is none, or one of no known value; nothing is kept.
    """
    found = list(_filled(path))
    with snapshot(database_url) as stores:
        keys = dict.fromkeys((site, ref) for _line, (site, ref, _field), _answer in found)
        rows = {key: row for key in keys for row in stores.known(key[1], key[0])}
    with audits(database_url) as table:
        for line, key, answer in found:
            row = rows.get(key[:2])
            if row is None or key[2] not in FIELDS:
                told = _("{file}, line {line}: there is no value {field} of a store {ref}")
                raise ArgumentError(told.format(file=path, line=line, field=one_line(key[2]), ref=one_line(key[1])))
            table.keep(seed, key, msgspec.to_builtins(row[key[2]]), answer, now)
    return len(found)


def _filled(path: str) -> Iterator[tuple[int, ValueKey, AuditAnswer]]:
    text = read_file_text(path)
    for delimiter in DELIMITERS:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        if not {"site", "ref", "field", "answer"} <= set(rows.fieldnames or ()):
            continue
        for row in rows:
            said = (row["answer"] or "").strip().lower()
            if said and said not in WORDS:
                told = _("{file}, line {line}: {answer} is no answer; write right, wrong or unknown")
                raise ArgumentError(told.format(file=path, line=rows.line_num, answer=one_line(said)))
            if said:
                yield rows.line_num, (row["site"], row["ref"], row["field"]), WORDS[said]
        return
    raise ArgumentError(_("{file} is no sheet of scrapy audit: it lacks a column").format(file=path))
