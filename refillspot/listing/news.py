"""What has changed, told: what a look found changed of a store becomes a sentence, in sections, counted by district."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from refillspot.clock import KST
from refillspot.items import OpeningHours
from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.listing.page import write_hours, write_terms
from refillspot.postgres.changes import MENU
from refillspot.readable import one_line, say
from refillspot.terminal import Listing, Terminal
from refillspot.untrusted import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from refillspot.language import Message

NewsKind = Literal[
    "opened", "reopened", "began", "ended", "gone", "missing", "moved", "renamed", "dearer", "cheaper", "hours",
    "menu", "terms", "phone", "category",
]  # fmt: skip
SECTIONS: dict[NewsKind, Message] = {
    "opened": _("New: opened, or listed for the first time"),
    "reopened": _("Open again"),
    "began": _("Now all-you-can-eat"),
    "ended": _("No longer all-you-can-eat"),
    "gone": _("Gone"),
    "missing": _("No longer listed"),
    "moved": _("Moved"),
    "renamed": _("Renamed"),
    "dearer": _("Prices up"),
    "cheaper": _("Prices down"),
    "hours": _("Hours"),
    "menu": _("Menus"),
    "terms": _("Terms"),
    "phone": _("Phones"),
    "category": _("Categories"),
}
"""In the order in which they are told."""


class Total(NamedTuple):
    """Kinds that are counted together."""

    heading: Message
    kinds: tuple[NewsKind, ...]


TOTALS = {
    "new": Total(_("new"), ("opened", "reopened", "began")),
    "gone": Total(_("gone"), ("gone", "missing", "ended")),
    "moved": Total(_("moved"), ("moved",)),
    "dearer": Total(_("dearer"), ("dearer",)),
    "cheaper": Total(_("cheaper"), ("cheaper",)),
    "hours": Total(_("hours"), ("hours",)),
    "other": Total(_("other"), ("renamed", "menu", "terms", "phone", "category")),
}
PRICE = "price"
KINDS: Mapping[str, str] = {
    "name": "renamed", "branch": "renamed", "addr": "moved", "road_addr": "moved", "lat": "moved", "lon": "moved",
    "point": "moved", "phone": "phone", "categories": "category", "hours": "hours", "refill_terms": "terms",
    "refill_price_krw": PRICE,
}  # fmt: skip
"""Of a field that is told by what it is; `kind_of` knows those that are told by what became of them."""
ONE_DAY = timedelta(hours=36)  # between two daily looks, however long each took
WHEN_WIDTH, DISTRICT_WIDTH = 12, 8
NOT_KNOWN = "-"


@dataclass(slots=True, frozen=True)
class News:
    """What one look found changed of one store, of one kind: rows of the view, one at least."""

    kind: NewsKind
    rows: list[dict[str, Any]]

    @property
    def district(self) -> str:
        return self.rows[0]["district"] or NOT_KNOWN

    @property
    def store(self) -> str:
        return _full_name(self.rows[0]["name"], self.rows[0]["branch"])

    @property
    def by_field(self) -> dict[str, tuple[Any, Any]]:
        return {row["field"]: (row["old"], row["new"]) for row in self.rows}

    def when(self) -> str:
        """Return "07-05", the day on which it was noticed; "07-01…07-05", where it may have been long before."""
        noticed = self.rows[0]["first_seen_new"].astimezone(KST)
        before = min(row["last_seen_old"] for row in self.rows).astimezone(KST)
        return f"{before:%m-%d}…{noticed:%m-%d}" if noticed - before > ONE_DAY else f"{noticed:%m-%d}"

    def tell(self) -> str:
        """Return a sentence."""
        return one_line(TELLERS[self.kind](self))


def kind_of(row: Mapping[str, Any]) -> str | None:
    """Return what a change is about: a `NewsKind`, or PRICE; None: it is in no section."""
    field, old, new = row["field"], row["old"], row["new"]
    if field == "status":
        came = "opened" if old is None else "reopened"
        return {"operating": came, "missing": "missing", "gone": "gone", "closed": "gone"}.get(new)
    if field == "refill_verdict":
        return {"unlikely": "ended"}.get(new, "began" if old == "unlikely" else None)
    if field.startswith(f"{MENU}:"):
        if old is None or new is None:
            return "menu"
        prices = _won(old), _won(new)
        return PRICE if None not in prices and prices[0] != prices[1] else None
    if field == "refill_price_krw" and (old is None or new is None):
        return None  # told with the offer
    return KINDS.get(field)


def gather(rows: Iterable[dict[str, Any]]) -> list[News]:
    """Return the news that these rows are, in the order of the sections; in each, by district, then by time."""
    found: defaultdict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if kind := kind_of(row):
            found[row["site"], row["ref"], row["first_seen_new"], kind].append(row)
    news = [News(_direction(some) if key[-1] == PRICE else key[-1], some) for key, some in found.items()]
    places = {kind: number for number, kind in enumerate(SECTIONS)}
    return sorted(news, key=lambda one: (places[one.kind], one.district, one.rows[0]["first_seen_new"], one.store))


def print_news(news: Sequence[News], width: int | None) -> None:
    """Print the sections in so many columns, None: no line is broken; then how many there are by district."""
    for kind, heading in SECTIONS.items():
        if some := [one for one in news if one.kind == kind]:
            say(f"{heading()} ({len(some):,})")
            for one in some:
                _print_indented(f"{one.when():<{WHEN_WIDTH}}{set_cell_size(one.district, DISTRICT_WIDTH)}", one, width)
            say("")
    Terminal().print(_totals(news))


def _print_indented(head: str, one: News, width: int | None) -> None:
    indent = 2 + cell_len(head)
    text = Text(one.tell())
    lines = text.wrap(Terminal(), width - indent) if width else [text]
    for number, line in enumerate(lines):
        say(f"  {head}{line.plain}".rstrip() if not number else f"{' ' * indent}{line.plain}".rstrip())


def _totals(news: Sequence[News]) -> Listing:
    counts: defaultdict[str, Counter[NewsKind]] = defaultdict(Counter)
    for one in news:
        counts[one.district][one.kind] += 1
    lines = dict(sorted(counts.items()))
    if len(lines) > 1:
        lines[gettext("all")] = sum(counts.values(), Counter())
    rows = [[name, *(_figure(count, total.kinds) for total in TOTALS.values())] for name, count in lines.items()]
    return Listing([gettext("district"), *(total.heading() for total in TOTALS.values())], rows, words=0)


def _figure(count: Counter[NewsKind], kinds: Iterable[NewsKind]) -> str:
    total = sum(count[kind] for kind in kinds)
    return f"{total:,}" if total else NOT_KNOWN


# --- sentences


def _named(message: Message) -> Callable[[News], str]:
    return lambda one: message().format(store=one.store)


def _tell_move(one: News) -> str:
    fields = one.by_field
    old, new = fields.get("road_addr") or fields.get("addr") or (None, None)
    if new and old:
        return gettext("{store} has moved to {new}; before: {old}").format(store=one.store, old=old, new=new)
    if new:
        return gettext("{store} is at {new}").format(store=one.store, new=new)
    return gettext("{store} is at another point of the map").format(store=one.store)


def _tell_name(one: News) -> str:
    row, fields = one.rows[0], one.by_field
    names = fields.get("name", (row["name"],) * 2)
    branches = fields.get("branch", (row["branch"],) * 2)
    old, new = (_full_name(*both) for both in zip(names, branches, strict=True))
    return gettext("{old} is now called {new}").format(old=old, new=new)


def _tell_price(one: News) -> str:
    lines = [(field, old, new) for field, (old, new) in one.by_field.items()]
    (field, old, new), *others = sorted(lines, key=lambda line: line[0] != "refill_price_krw")
    what = gettext("all-you-can-eat") if field == "refill_price_krw" else new["name"]
    before, now = _won(old) or 0, _won(new) or 0
    told = gettext("{store}: {what} {old} → {new} won ({percent})").format(
        store=one.store, what=what, old=f"{before:,}", new=f"{now:,}", percent=_percent(before, now)
    )
    if not others:
        return told
    more = ngettext("{count} more price", "{count} more prices", len(others)).format(count=len(others))
    return f"{told}, {more}"


def _tell_menu(one: News) -> str:
    lines = one.by_field.values()
    added = ", ".join(new["name"] for old, new in lines if old is None)
    dropped = ", ".join(old["name"] for old, new in lines if new is None)
    told = []
    if added:
        told.append(gettext("new on the menu: {dishes}").format(dishes=added))
    if dropped:
        told.append(gettext("not on the menu any more: {dishes}").format(dishes=dropped))
    return f"{one.store}: {'; '.join(told)}"


def _tell_values(write: Callable[[Any], str]) -> Callable[[News], str]:
    """Return a teller of what a value was and is."""

    def tell(one: News) -> str:
        ((old, new),) = one.by_field.values()
        nothing = gettext("not known")
        return f"{one.store}: {write(old) or nothing} → {write(new) or nothing}"

    return tell


def _write_hours(value: Any) -> str:
    try:
        hours = msgspec.convert(value, OpeningHours | None, strict=False)
    except UNREADABLE:  # changed by hand
        return str(value)
    return "; ".join(write_hours(hours)) if hours else ""


TELLERS: dict[NewsKind, Callable[[News], str]] = {
    "opened": _named(_("{store} is new")),
    "reopened": _named(_("{store} is open again")),
    "began": _named(_("{store} now serves all-you-can-eat")),
    "ended": _named(_("{store} no longer serves all-you-can-eat")),
    "gone": _named(_("{store} has closed for good")),
    "missing": _named(_("{store} is no longer listed")),
    "moved": _tell_move,
    "renamed": _tell_name,
    "dearer": _tell_price,
    "cheaper": _tell_price,
    "hours": _tell_values(_write_hours),
    "menu": _tell_menu,
    "terms": _tell_values(lambda value: ", ".join(write_terms(value or {}))),
    "phone": _tell_values(lambda value: value or ""),
    "category": _tell_values(lambda value: ", ".join(value or ())),
}


def history_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each piece of news of one store, the newest first."""
    for one in sorted(gather(rows), key=lambda one: one.rows[0]["first_seen_new"], reverse=True):
        yield f"{one.when():<{WHEN_WIDTH}}{SECTIONS[one.kind]()}: {one.tell()}"


def _full_name(name: str | None, branch: str | None) -> str:
    return " ".join(filter(None, (name, branch)))


def _won(value: Any) -> int | None:
    """Return the price of a line of the menu, or of what is a price itself."""
    won = value.get("price_krw") if isinstance(value, dict) else value
    return won if isinstance(won, int) else None


def _direction(rows: Sequence[Mapping[str, Any]]) -> NewsKind:
    """Return whether it became dearer: what the offer costs decides, else the sum of the lines that changed."""
    offer = [row for row in rows if row["field"] == "refill_price_krw"]
    more = sum((_won(row["new"]) or 0) - (_won(row["old"]) or 0) for row in offer or rows)
    return "dearer" if more > 0 else "cheaper"


def _percent(old: int, new: int) -> str:
    return f"{(new - old) / old:+.0%}" if old else NOT_KNOWN
