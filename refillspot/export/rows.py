"""A store as it goes out, the same in feeds and files: the table's columns, in the order of `refillspot.v_stores`."""

from __future__ import annotations

import re
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from refillspot.items import RefillVerdict, Store
from refillspot.postgres.columns import STORE_COLUMNS
from refillspot.postgres.outward import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SITE_VALUES = ("score", "user_score", "review_count", "images")
"""The site's own valuations, and pictures that others took: docs/data-licence.md."""
READ: dict[str, Callable[[Store], Any]] = {
    **{column.name: attrgetter(column.attribute or column.name) for column in STORE_COLUMNS},
    "hours_osm": lambda store: (store.hours.to_osm() or None) if store.hours else None,
}
"""{column: how it is read of a `Store`}."""
FEED_COLUMNS = tuple(name for name in COLUMNS if name in READ)
SAID = get_type_hints(Store) | {f"refill_{name}": hint for name, hint in get_type_hints(RefillVerdict).items()}
ADDED = {"phone_is_mobile": bool, "hours_osm": str, "status": str, "first_seen_at": datetime, "last_seen_at": datetime}
TYPES: dict[str, Any] = {name: ADDED.get(name) or SAID[name] for name in COLUMNS}
"""{column: its type in Python; any but the key may be None}."""

FORMULA = frozenset("'=+-@\t\r\n＝＋－＠")  # what OWASP names, their wide forms, and the apostrophe itself
NUMERIC = frozenset("0123456789.")
CHANGED = re.compile(
    r"(?:0\d[\d.]*|\d{12,}|\d*\.\d*0|\d+\.?\d*[eE][+-]?\d+|\d+:\d\d(?::\d\d)?|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?)$"
)
"""Text that a spreadsheet writes otherwise: 0012 as 12, 12E4 as 120000, 1-2 as a date."""
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
    return _guard(value) if isinstance(value, str) else plain_text(value)


def xml_text(value: object) -> str | None:
    """Return what an element of XML says: `plain_text` without what XML cannot say."""
    text = plain_text(value)
    return text and NO_XML.sub("", text)


def _guard(text: str) -> str:
    first = text[:1]
    return f"'{text}" if first in FORMULA or (first in NUMERIC and CHANGED.match(text)) else text


# The quotation marks around text are NUL, which PostgreSQL has in no text, until those within it are doubled
CELLS: dict[type, Callable[[Any], str]] = {
    **PLAIN,
    type(None): lambda _: "",
    str: lambda text: f"\0{_guard(text)}\0",
    list: lambda value: f"\0{_as_json(value)}\0",
    dict: lambda value: f"\0{_as_json(value)}\0",
}


def csv_line(values: Iterable[object]) -> str:
    """Return a record of RFC 4180: text in quotation marks, numbers without, and NULL, unlike "", is nothing at all."""
    line = ",".join([CELLS[type(value)](value) for value in values])
    return line.replace('"', '""').replace("\0", '"') + "\r\n"
