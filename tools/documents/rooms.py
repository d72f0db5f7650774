"""docs/architecture.md: the layers of pyproject.toml, and what each room in them says of itself."""

from __future__ import annotations

import ast
import tomllib
from typing import TYPE_CHECKING

from tools.documents.source import PACKAGE, PROJECT, first_sentence, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rooms_part() -> Iterator[str]:
    """Yield a row a room, the highest layer first."""
    layers = _layers()
    rows = [("–", "`settings.py`", _says(PACKAGE / "settings.py"))]
    for number, rooms in zip(range(len(layers), 0, -1), layers, strict=True):
        rows += [(str(number), f"`{_name(path)}`", _says(path)) for path in map(_path, rooms)]
    yield from table(("layer", "room", "what lives there"), [*rows, ("–", "`replica/`", _says(PROJECT / "replica"))])


def _layers() -> list[list[str]]:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [[room.strip("() ") for room in layer.split("|")] for layer in layers]


def _path(room: str) -> Path:
    folder = PACKAGE / room
    return folder if folder.is_dir() else folder.with_suffix(".py")


def _name(path: Path) -> str:
    return f"{path.name}/" if path.is_dir() else path.name


def _says(path: Path) -> str:
    """Return the first sentence of a file, or of a package."""
    file = path / "__init__.py" if path.is_dir() else path
    return first_sentence(ast.get_docstring(ast.parse(file.read_text("utf-8"))))
