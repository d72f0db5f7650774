"""docs/settings.md: each setting of `refillspot/settings.py` with its default, its comment and who reads it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy.settings import default_settings

from refillspot import settings
from refillspot.configuration import allowed_for
from tools.documents.source import PACKAGE, modules, table

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = "# --- "
MANY = 3
SCRAPY_REDIS = ("SCHEDULER_", "DUPEFILTER_", "REDIS_")


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    section: str
    comment: str


def settings_part() -> Iterator[str]:
    """Yield a table for each section of the settings; tables of components and what is worked out have no row."""
    read_by = readers()
    found = list(documented_settings())
    for section in dict.fromkeys(one.section for one in found):
        rows = [
            (
                f"`{one.name}`",
                _default(one.name),
                _allowed(one.name),
                one.comment,
                _say(one.name, read_by.get(one.name, [])),
            )
            for one in found
            if one.section == section
        ]
        yield from (
            f"### {section}",
            "",
            *table(("setting", "default", "may be", "unit and meaning", "read by"), rows),
            "",
        )


def documented_settings() -> Iterator[Setting]:
    """Yield what has a section and a plain value; its comment is what stands behind it, or right above it."""
    text = (PACKAGE / "settings.py").read_text("utf-8")
    starts = {
        node.lineno: node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and not _has_parts(node.value)
    }
    section, above, in_title = "", list[str](), False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            in_title = in_title or line.startswith(SECTION)
            section = re.split(r"\. |\.?$", line.removeprefix(SECTION))[0] if line.startswith(SECTION) else section
            above += [] if in_title else [line.removeprefix("# ")]
            continue
        name = line.partition(" = ")[0]
        if number in starts and section:
            behind = line.partition("  # ")[2]
            comment = " ".join([*above, behind]).strip().replace("|", r"\|")
            yield Setting(name, section, comment[:1].upper() + comment[1:])
        above, in_title = [], False


def _has_parts(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Dict | ast.Call) for node in ast.walk(value))


def _default(name: str) -> str:
    value = getattr(settings, name)
    return (f"`{value}`" if value else " ") if isinstance(value, str) else str(value)


def _allowed(name: str) -> str:
    allowed = allowed_for(name)
    return allowed.told() if allowed else ""


def readers() -> dict[str, list[str]]:
    """Return {setting: the files that name it}, as paths in the package."""
    found: dict[str, list[str]] = {}
    for path, tree in modules():
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        if path.name != "settings.py" and path.parent.name != "configuration":
            for name in said & vars(settings).keys():
                found.setdefault(name, []).append(str(path.relative_to(PACKAGE)))
    return found


def _say(name: str, files: list[str]) -> str:
    framework = ["Scrapy"] if hasattr(default_settings, name) else []
    if not framework and not files and name.startswith(SCRAPY_REDIS):
        framework = ["scrapy-redis"]
    named = [f"`{file}`" for file in files] if len(files) <= MANY else [f"{len(files)} files"]
    return ", ".join(framework + named)
