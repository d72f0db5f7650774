"""A list of somebody's own against the stores that are known: found, not found and what is nearest, new."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from refillspot.language import gettext as _
from refillspot.listing.own_list import OddLine, OwnList, OwnPlace, place_of
from refillspot.policies.same_place import Match, match_places
from refillspot.policies.sampling import Share
from refillspot.postgres.outward import StoreFilter, snapshot
from refillspot.readable import one_line
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from refillspot.regions import Region

COLUMNS = (
    "site", "ref", "name", "branch", "district_code", "district", "dong", "addr", "road_addr", "lat", "lon",
    "refill_verdict", "status",
)  # fmt: skip
LINES = 20  # of a kind on a terminal; --json has all


@dataclass(slots=True, frozen=True)
class Compared:
    """An entry of the list, and what has become of it."""

    entry: OwnPlace
    match: Match
    nearest: dict[str, Any] | None
    """The row that it is, or that comes closest."""
    twice_as: int | None
    """The line that says the same place."""


@dataclass(slots=True, frozen=True)
class Comparison:
    found: list[Compared]
    unlisted: list[Compared]
    """Known, and not in the list of stores: unlikely, missing, gone, hidden."""
    missing: list[Compared]
    """Not known."""
    unclear: list[Compared]
    twice: list[Compared]
    elsewhere: list[Compared]
    """In a district of which nothing is known: no crawl has been there."""
    new: list[dict[str, Any]]
    """Stores of the districts that the list is about, and not in it."""
    oddities: list[OddLine]

    @property
    def recall(self) -> Share:
        return Share(len(self.found), len(self.found) + len(self.unlisted) + len(self.missing))


def compare(
    database_url: str, own: OwnList, *, site: str | None, region: Region | None, districts: Collection[str] = ()
) -> Comparison:
    """Compare a list with the stores that are known; `districts` are codes: only what lies there, else all.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with snapshot(database_url) as stores:
        wanted = StoreFilter(site=site, region=region)
        listed = list(stores.rows(wanted, COLUMNS))
        others = stores.unlisted(wanted, COLUMNS)
    known = [*listed, *others]
    matches = match_places([entry.place for entry in own.entries], list(map(place_of, known)))
    compared = [_compared(entry, match, known, own.entries) for entry, match in zip(own.entries, matches, strict=True)]
    if districts:
        compared = [one for one in compared if district_of(one) in {None, *districts}]
    return _sorted(compared, listed, {row["district_code"] for row in known}, own.oddities)


def _compared(entry: OwnPlace, match: Match, known: list[dict[str, Any]], entries: list[OwnPlace]) -> Compared:
    nearest = known[match.nearest.known] if match.nearest else None
    return Compared(entry, match, nearest, None if match.twice_as is None else entries[match.twice_as].line)


def district_of(one: Compared) -> str | None:
    """Return the code of the district of an entry: of its address, else of the store that it is or is near."""
    if one.entry.place.district or not (one.nearest and one.match.nearest):
        return one.entry.place.district
    is_there = one.match.state == "same" or one.match.nearest.metres is not None
    return one.nearest["district_code"] if is_there else None


def _sorted(
    compared: list[Compared], listed: list[dict[str, Any]], covered: Collection[str | None], oddities: list[OddLine]
) -> Comparison:
    kinds: dict[str, list[Compared]] = {
        name: [] for name in ("found", "unlisted", "missing", "unclear", "twice", "elsewhere")
    }
    shown = {(row["site"], row["ref"]) for row in listed}
    taken = set()
    for one in compared:
        key = (one.nearest["site"], one.nearest["ref"]) if one.nearest else None
        kind = {"none": "missing", "unclear": "unclear", "twice": "twice"}.get(one.match.state)
        if one.match.state == "same":
            taken.add(key)
            kind = "found" if key in shown else "unlisted"
        elif one.match.state == "none" and (place := one.entry.place.district) and place not in covered:
            kind = "elsewhere"
        kinds[kind or "missing"].append(one)
    about = {district_of(one) for one in compared}
    new = [row for row in listed if row["district_code"] in about and (row["site"], row["ref"]) not in taken]
    return Comparison(**kinds, new=new, oddities=oddities)


# --- told


def as_json(comparison: Comparison) -> dict[str, Any]:
    recall = comparison.recall
    low, high = recall.interval
    told: dict[str, Any] = {
        "recall": {"found": recall.part, "of": recall.whole, "share": recall.value, "low": low, "high": high},
    }
    for name in ("found", "unlisted", "missing", "unclear", "twice", "elsewhere"):
        told[name] = [_entry_json(one) for one in getattr(comparison, name)]
    told["new"] = [{name: row[name] for name in COLUMNS} for row in comparison.new]
    told["oddities"] = [{"line": one.line, "why": one.why, "left_out": one.is_left_out} for one in comparison.oddities]
    return told


def _entry_json(one: Compared) -> dict[str, Any]:
    near = one.match.nearest
    return {
        "line": one.entry.line,
        "name": one.entry.name,
        "address": one.entry.address,
        "store": {name: one.nearest[name] for name in COLUMNS} if one.nearest else None,
        "metres": near.metres if near else None,
        "likeness": near.likeness if near else None,
        "twice_as": one.twice_as,
    }


def print_comparison(comparison: Comparison, source: str) -> None:
    """Print the figures, then what somebody has to look at, at most twenty of a kind; no line is cut in a pipe."""
    terminal = Terminal()
    for line in _lines(comparison, source):
        terminal.print(Text(one_line(line)), soft_wrap=not sys.stdout.isatty(), overflow="fold")


def _lines(comparison: Comparison, source: str) -> Iterator[str]:
    yield source
    yield from _figures(comparison)
    yield from _section(_("Not found"), comparison.missing, _missing)
    yield from _section(_("Known, but not among the stores that are shown"), comparison.unlisted, _unlisted)
    yield from _section(_("Unclear: several could be it, or nothing tells where it is"), comparison.unclear, _missing)
    yield from _section(_("Said twice"), comparison.twice, _twice)
    yield from _section(_("New: not in the list"), comparison.new, lambda row: [_named(row)])
    yield from _section(_("Lines with something odd"), comparison.oddities, _odd)


def _figures(comparison: Comparison) -> Iterator[str]:
    recall = comparison.recall
    if recall.whole:
        low, high = recall.interval
        told = _(
            "Found: {count} of {total}, {share:.1%}; with 95 per cent certainty {low:.1%} to {high:.1%} of all such."
        )
        yield told.format(count=recall.part, total=recall.whole, share=recall.value, low=low, high=high)
    told = _("Not found {missing}, known but not shown {unlisted}, unclear {unclear}, said twice {twice}, new {new}.")
    names = ("missing", "unlisted", "unclear", "twice", "new")
    yield told.format(**{name: len(getattr(comparison, name)) for name in names})
    if comparison.elsewhere:
        told = _("Not counted, because no store is known in their districts: {count}.")
        yield told.format(count=len(comparison.elsewhere))
    if left_out := sum(one.is_left_out for one in comparison.oddities):
        yield _("Lines that could not be used: {count}.").format(count=left_out)


def _section(title: str, those: list[Any], write: Callable[[Any], Iterable[str]]) -> Iterator[str]:
    if not those:
        return
    yield ""
    yield f"{title}:"
    for one in those[:LINES]:
        yield from write(one)
    if len(those) > LINES:
        yield _("  … and {count} more; --json has all").format(count=len(those) - LINES)


def _missing(one: Compared) -> Iterator[str]:
    yield _line(one)
    if one.nearest and one.match.nearest:
        metres = one.match.nearest.metres
        far = _("{metres:,.0f} m away").format(metres=metres) if metres is not None else _("distance not known")
        told = _("      nearest: {store}, {far}, name {likeness:.0%} alike")
        yield told.format(store=_named(one.nearest).strip(), far=far, likeness=one.match.nearest.likeness)


def _unlisted(one: Compared) -> Iterator[str]:
    row = one.nearest or {}
    why = {
        "missing": _("the searches that used to show it do not any more"),
        "gone": _("gone for good"),
    }.get(row["status"])
    if why is None:
        is_unlikely = row["refill_verdict"] == "unlikely"
        why = _("nothing on its page says all-you-can-eat") if is_unlikely else _("hidden")
    yield f"{_line(one)} → {row['ref']}: {why}"


def _twice(one: Compared) -> Iterator[str]:
    yield _line(one) + _(" (as line {line})").format(line=one.twice_as)


def _odd(one: OddLine) -> Iterator[str]:
    yield _("  line {line}: {why}").format(line=one.line, why=one.why)


def _line(one: Compared) -> str:
    told = "  ".join(filter(None, (one.entry.name, one.entry.address)))
    return _("  line {line}: {why}").format(line=one.entry.line, why=told)


def _named(row: dict[str, Any]) -> str:
    name = " ".join(filter(None, (row["name"], row["branch"])))
    return f"  {name} ({row['ref']}) {row['road_addr'] or row['addr'] or ''}".rstrip()
