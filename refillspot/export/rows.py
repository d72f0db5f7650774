"""A store as it goes out, the same in feeds and files: the table's columns, in the order of `refillspot.v_stores`."""

from __future__ import annotations

import re
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.postgres.columns import STORE_COLUMNS

if TYPE_CHECKING:
    from refillspot.items import Store

READ = {column.name: attrgetter(column.attribute or column.name) for column in STORE_COLUMNS} | {
    "hours_osm": lambda store: (store.hours.to_osm() or None) if store.hours else None
}
"""{column: how it is read of a `Store`}."""
FEED_ORDER = (
    "site", "ref", "name", "branch", "region", "district_code", "district", "dong", "dong_confirmed", "addr",
    "road_addr", "lat", "lon", "phone", "categories", "cuisines", "refill_verdict", "refill_evidence",
    "refill_price_krw", "refill_prices", "refill_terms", "menu", "hours", "hours_osm", "hours_text", "open_status",
    "tags", "facilities", "score", "user_score", "review_count", "images", "source_url", "channel",
)  # fmt: skip

GUARDED = re.compile(
    r"['=+\-@\t\r\n＝＋－＠]"  # what OWASP names, the wide forms of a Korean keyboard, and the guard itself
    r"|(?:0\d[\d.]*|\d{12,}|\d*\.\d*0|\d+\.?\d*[eE][+-]?\d+|\d+:\d\d(?::\d\d)?|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?)$"
)
"""Text that a spreadsheet would run as a formula, or write otherwise: 0012 as 12, 12E4 as 120000, 1-2 as a date."""
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 has no way to write."""


def feed_row(store: Store) -> dict[str, Any]:
    """Return the columns that a crawl knows of a store, each as what JSON has for it."""
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({name: READ[name](store) for name in FEED_ORDER}))
    return row


def plain_text(value: object) -> str | None:
    """Return a value as text: nested ones as JSON, times in UTC as `2026-11-28T05:00:00Z`. None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | datetime | list | dict):
        return msgspec.json.encode(value).decode().strip('"')
    return str(value)


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
