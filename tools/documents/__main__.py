"""`python -m tools.documents` (`make docs`) writes what documents repeat of the code; `--check` says what is stale.

A document holds a part between two comments, `<!-- make docs: settings -->` and `<!-- end -->`. Needs no server.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from tools.documents.commands import command_list, commands_part
from tools.documents.fields import fields_part
from tools.documents.report import figures_part, findings_part
from tools.documents.rooms import rooms_part
from tools.documents.settings import settings_part
from tools.documents.source import PROJECT, docstring_table
from tools.documents.stats import stats_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

PART = re.compile(r"(<!-- make docs: (.+?) -->\n).*?(<!-- end -->\n)", re.DOTALL)
PARTS: dict[str, Callable[[], Iterable[str]]] = {
    "settings": settings_part,
    "fields": fields_part,
    "sources": partial(docstring_table, "refillspot/sites/diningcode/stores.py"),
    "findings": findings_part,
    "figures": figures_part,
    "stats": stats_part,
    "totals": partial(docstring_table, "refillspot/stats/worker_stats.py"),
    "commands": commands_part,
    "command list": partial(command_list, "en"),
    "command list, Korean": partial(command_list, "ko"),
    "rooms": rooms_part,
}


def documents() -> dict[Path, str]:
    """Return each document that has parts, as it should be."""
    paths = [*sorted(PROJECT.glob("*.md")), *sorted(PROJECT.glob("docs/*.md"))]
    texts = {path: path.read_text("utf-8") for path in paths}
    return {path: written(text) for path, text in texts.items() if PART.search(text)}


def written(text: str) -> str:
    """Return a text with its parts as they should be."""
    return PART.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    return "\n".join([found[1], *PARTS[found[2]](), "", found[3]]).replace("\n\n\n", "\n\n")


def main(args: Sequence[str] | None = None) -> int:
    """Write the documents, or say which are out of date: 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check = parser.parse_args(args).check
    os.environ["REFILLSPOT_LANG"] = "en"
    changed = {path: text for path, text in documents().items() if text != path.read_text("utf-8")}
    for path, text in changed.items():
        name = path.relative_to(PROJECT)
        sys.stdout.write(f"{name} is not what the code says: make docs\n" if is_check else f"{name} is written anew\n")
        if not is_check:
            path.write_text(text, "utf-8")
    return int(is_check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
