"""What source files say of themselves: docstrings of modules, classes and fields, comments, tables."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "refillspot"


@cache
def modules(folder: Path = PACKAGE) -> list[tuple[Path, ast.Module]]:
    """Return each file of a package, with its tree."""
    return [(path, ast.parse(path.read_text("utf-8"))) for path in sorted(folder.rglob("*.py"))]


def as_line(text: str | None) -> str:
    """Return a docstring as one line, for a cell of a table."""
    return re.sub(r"\s+", " ", text or "").strip().replace("|", r"\|")


def first_sentence(text: str | None) -> str:
    """Return the first sentence of a docstring, without its full stop."""
    return re.split(r"\.(?:\s|$)", as_line(text), maxsplit=1)[0]


def field_docstrings(tree: ast.Module) -> dict[str, dict[str, str]]:
    """Return {class: {field: its docstring}}."""
    found: dict[str, dict[str, str]] = {}
    for node in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        fields = found.setdefault(node.name, {})
        for part, follower in zip(node.body, [*node.body[1:], None], strict=True):
            match part, follower:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    fields[name] = inspect.cleandoc(text)
                case ast.AnnAssign(target=ast.Name(id=name)), _:
                    fields[name] = ""
    return found


def docstring_table(path: str) -> list[str]:
    """Return the table that the docstring of a module holds."""
    text = ast.get_docstring(ast.parse((PROJECT / path).read_text("utf-8"))) or ""
    return [line for line in text.splitlines() if line.startswith("|")]


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    cells = list(header)
    return [_row(cells), "|" + "---|" * len(cells), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"
