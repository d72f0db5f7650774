"""docs/stats.md: what each component counts, as its docstring says behind "Stats:"."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tools.documents.source import PACKAGE, as_line, modules, table

if TYPE_CHECKING:
    from collections.abc import Iterator

STATS = re.compile(
    r"Stats(?: \([^)]*\))?: (.*?)(?=\n\n|\n *(?:Settings|Sends|Raises|Reads)\b|\. (?:Sends|Reads) |\Z)", re.DOTALL
)
KEY = re.compile(r"(?<![\w`./])((?:\w+/)+(?:\w\w+|<[^>]+>|…)(?:/<[^>]+>)*)")


def stats_part() -> Iterator[str]:
    """Yield a row a component, in order of its keys."""
    rows = sorted(
        (KEY.sub(r"`\1`", as_line(re.sub(r"/\n *", "/", found[1])).removesuffix(".")), f"`{path.relative_to(PACKAGE)}`")
        for path, tree in modules()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for found in STATS.finditer(ast.get_docstring(node) or "")
    )
    yield from table(("stats", "counted by"), rows)
