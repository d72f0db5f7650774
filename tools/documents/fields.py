"""docs/fields.md: the columns of `refillspot.v_stores`, from the docstrings of a `Store` and the migrations."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from refillspot import items
from refillspot.items import Store
from refillspot.postgres import outward
from refillspot.postgres.columns import STORE_COLUMNS
from tools.documents.source import PACKAGE, as_line, field_docstrings, table

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = r"text\[\]|text|jsonb|integer|bigint|real|boolean|double precision|timestamptz|bytea"
DEFINED = re.compile(rf"(?:^\s+|ADD COLUMN (?:IF NOT EXISTS )?)(\w+)\s+({TYPES})", re.MULTILINE)
RENAMED = re.compile(r"RENAME COLUMN (\w+) TO (\w+)")
REPLACED = " ↻"
KEY = ("site", "ref")


ADDED = {
    "phone_is_mobile": (
        "boolean",
        "Whether `phone` is a mobile number (010 …), which may be a person's own",
        "as `phone`",
    ),
    "hours_osm": (
        "text",
        """`hours` as OpenStreetMap's `opening_hours`: `Mo-Fr 11:30-15:00,17:00-22:00; Su off; Mo[1,3] off; PH off`.
        Where a day runs past midnight, rules are joined by commas and name the weeks that are open (`Mo off; Su[2,4,5]
        17:00-26:00, Tu-Sa 17:00-26:00`), so that none takes the night of the day before. 격주 is
        `unknown "격주 휴무"`; 설 and 추석 have no word there; hours after a break past
        midnight are the next day's""",
        "as `hours`",
    ),
    "status": ("text", "`operating`; in the table also `missing` and `gone`, see [states](#states)", "never"),
    "first_seen_at": ("timestamptz", "When a crawl stored it first", "never"),
    "last_seen_at": ("timestamptz", "When a crawl stored it last", "never"),
}
"""What the database adds to a store: {column: (type, meaning, NULL)}."""


def fields_part() -> Iterator[str]:
    """Yield a row a column of the view, in its order."""
    brought = brought_by_stores()
    rows = ((f"`{name}`", *map(as_line, brought[name] if name in brought else ADDED[name])) for name in outward.COLUMNS)
    yield from table(("column", "type", "meaning and format", "NULL"), rows)


def brought_by_stores() -> dict[str, tuple[str, str, str]]:
    """Return {column: (type, what the docstring of the field says, what it says of None)}."""
    docstrings, types = field_docstrings(ast.parse((PACKAGE / "items.py").read_text("utf-8"))), column_types()
    found = {}
    for column in STORE_COLUMNS:
        name, _, part = (column.attribute or column.name).partition(".")
        owner, name = (Store.__annotations__[name], part) if part else ("Store", name)
        meaning, _, none = as_line(docstrings[owner][name]).partition(" None: ")
        never = "" if "None" in getattr(items, owner).__annotations__[name] else "never"
        mark = REPLACED if column.policy in {"replace", "derived"} and column.name not in KEY else ""
        found[column.name] = types[column.name], meaning.removesuffix(".") + mark, none.rstrip(".") or never
    return found


def column_types() -> dict[str, str]:
    """Return {column: its type} of `refillspot.stores`, as its migrations have left it."""
    found: dict[str, str] = {}
    for path in sorted((PACKAGE / "postgres" / "sql" / "migrations").glob("*.sql")):
        for statement in path.read_text("utf-8").split(";\n"):
            if re.search(r"(CREATE|ALTER) TABLE refillspot\.stores\b", statement):
                found.update(DEFINED.findall(statement))
                found.update({new: found[old] for old, new in RENAMED.findall(statement) if old in found})
    return found
