"""A store as it goes out, the same in feeds and files: the table's columns, in the order of `refillspot.v_stores`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from refillspot.items import RefillVerdict, Store
from refillspot.parsing.hours.osm import write_osm
from refillspot.postgres.columns import STORE_COLUMNS
from refillspot.postgres.outward import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from refillspot.postgres.outward import StoreFilter, StoreSnapshot

SITE_VALUES = ("score", "user_score", "review_count", "images")
"""The site's own valuations, and pictures that others took: docs/data-licence.md."""
READ: dict[str, Callable[[Store], Any]] = {
    **{column.name: attrgetter(column.attribute or column.name) for column in STORE_COLUMNS},
    "hours_osm": lambda store: (write_osm(store.hours) or None) if store.hours else None,
}
"""{column: how it is read of a `Store`}."""
FEED_COLUMNS = tuple(name for name in COLUMNS if name in READ)
SAID = get_type_hints(Store) | {f"refill_{name}": hint for name, hint in get_type_hints(RefillVerdict).items()}
ADDED = {"phone_is_mobile": bool, "hours_osm": str, "status": str, "first_seen_at": datetime, "last_seen_at": datetime}
TYPES: dict[str, Any] = {name: ADDED.get(name) or SAID[name] for name in COLUMNS}
"""{column: its type in Python; any but the key may be None}."""


@dataclass(slots=True, frozen=True)
class Chosen:
    """Which columns of which stores a file is to have."""

    snapshot: StoreSnapshot
    wanted: StoreFilter
    columns: Sequence[str]

    def values(self) -> Iterator[tuple[Any, ...]]:
        return self.snapshot.values(self.wanted, self.columns)

    def lines(self) -> Iterator[bytes]:
        return self.snapshot.lines(self.wanted, self.columns)


FORMULA = "'=+-@\t\r\n＝＋－＠"  # what OWASP names, their wide forms, and the apostrophe itself
CHANGED = (
    r"(?:0[0-9][0-9.]*|[0-9]{12,}|[0-9]*\.[0-9]*0|[0-9]+\.?[0-9]*[eE][+-]?[0-9]+|[0-9]+:[0-9]{2}(?::[0-9]{2})?"
    r"|[0-9]{1,4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,4})?)\Z"
)
"""Text that a spreadsheet writes otherwise: 0012 as 12, 12E4 as 120000, 1-2 as a date."""
GUARDED = re.compile(f"[{re.escape(FORMULA)}]|{CHANGED}")
GUARD = (  # the same in SQL: a regular expression only where the first character is a dot or a digit
    f"CASE WHEN ascii({{0}}) IN ({', '.join(str(ord(first)) for first in FORMULA)}) OR ascii({{0}}) BETWEEN 46 AND 57 "
    f"AND {{0}} ~ '^{CHANGED.replace('{', '{{').replace('}', '}}')}' THEN '''' || {{0}} ELSE {{0}} END"
)
CELLS: dict[type, str] = {
    str: GUARD,
    int: "{0}",
    float: "{0}",
    bool: "{0}::text",
    datetime: "to_json({0}) #>> '{{}}'",
    list: "to_json({0})",
}
"""What PostgreSQL makes a cell of CSV of, so that it says `csv_text`; of what is nested, JSON."""
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 has no way to write."""


def feed_row(store: Store) -> dict[str, Any]:
    """Return the columns that a crawl knows of a store, each as what JSON has for it."""
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({name: READ[name](store) for name in FEED_COLUMNS}))
    return row


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


PLAIN: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: _as_json,
    int: str,
    float: repr,
    datetime: datetime.isoformat,
    list: _as_json,
    dict: _as_json,
}


def plain_text(value: object) -> str | None:
    """Return a value as text: nested ones as JSON, times as `2026-11-28T05:00:00+00:00`. None stays None."""
    return None if value is None else PLAIN[type(value)](value)


def csv_text(value: object) -> str | None:
    """Return what a cell of CSV says: `plain_text`, with an apostrophe before text that a spreadsheet would change.

    The inverse: of a cell that begins with an apostrophe, take that one away.
    """
    text = plain_text(value)
    return f"'{text}" if isinstance(value, str) and GUARDED.match(value) else text


def xml_text(value: object) -> str | None:
    """Return what an element of XML says: `plain_text` without what XML cannot say."""
    text = plain_text(value)
    return text and NO_XML.sub("", text)


def csv_cells(columns: Iterable[str]) -> dict[str, str]:
    """Return {column: the SQL of its cell}, with {0} for the column."""
    return {name: CELLS[kind_of(TYPES[name])] for name in columns}


def kind_of(hint: Any) -> type:
    """Return str, int, float, bool or datetime, and list for whatever is nested."""
    if get_origin(hint) in {Union, UnionType}:
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        return str
    return hint if isinstance(hint, type) and hint in CELLS else list
