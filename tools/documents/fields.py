"""docs/fields.md: the columns of `refillspot.stores` that a `Store` fills, from its docstrings and the migrations."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from refillspot import items
from refillspot.items import Store
from refillspot.postgres.columns import STORE_COLUMNS
from tools.documents.source import PACKAGE, as_line, field_docstrings, table

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = r"text\[\]|text|jsonb|integer|bigint|real|boolean|double precision|timestamptz|bytea"
DEFINED = re.compile(rf"(?:^\s+|ADD COLUMN (?:IF NOT EXISTS )?)(\w+)\s+({TYPES})", re.MULTILINE)
RENAMED = re.compile(r"RENAME COLUMN (\w+) TO (\w+)")
REPLACED = " ↻"
KEY = ("site", "ref")


def fields_part() -> Iterator[str]:
    """Yield a row a column: name, type, what the docstring of the field says, and what it says of None."""
    docstrings, types = field_docstrings(ast.parse((PACKAGE / "items.py").read_text("utf-8"))), column_types()
    rows = []
    for column in STORE_COLUMNS:
        name, _, part = (column.attribute or column.name).partition(".")
        owner, name = (Store.__annotations__[name], part) if part else ("Store", name)
        meaning, _, none = as_line(docstrings[owner][name]).partition(" None: ")
        never = "" if "None" in getattr(items, owner).__annotations__[name] else "never"
        mark = REPLACED if column.policy in {"replace", "derived"} and column.name not in KEY else ""
        rows.append(
            (f"`{column.name}`", types[column.name], meaning.removesuffix(".") + mark, none.rstrip(".") or never)
        )
    yield from table(("column", "type", "meaning and format", "NULL"), rows)


def column_types() -> dict[str, str]:
    """Return {column: its type} of `refillspot.stores`, as its migrations have left it."""
    found: dict[str, str] = {}
    for path in sorted((PACKAGE / "postgres" / "sql" / "migrations").glob("*.sql")):
        for statement in path.read_text("utf-8").split(";\n"):
            if re.search(r"(CREATE|ALTER) TABLE refillspot\.stores\b", statement):
                found.update(DEFINED.findall(statement))
                found.update({new: found[old] for old, new in RENAMED.findall(statement) if old in found})
    return found
