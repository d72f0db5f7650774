"""The replica's words are its own: no table of it is a copy of one of the parsers'."""

from __future__ import annotations

import ast
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LEAST_WORDS = 6  # below that a table holds what every table of its kind holds: weekdays, 성인 and 소인
COPIED_SHARE = 0.3  # of the words of both; that both know what is eaten (소주, 공기밥) is no copy


def tables(folder: str) -> list[tuple[str, frozenset[str]]]:
    """Return each literal table of a package: where it stands, and its words of more than one letter."""
    found = []
    for path in sorted((PROJECT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                texts = (leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant))
                words = frozenset(text for text in texts if isinstance(text, str) and len(text) > 1)
                if len(words) >= LEAST_WORDS:
                    found.append((f"{path.name}:{node.lineno}", words))
    return found


def test_no_table_is_a_copy_of_one_of_the_parsers() -> None:
    own, theirs = tables("replica"), tables("refillspot/parsing")
    alike = [
        (where, there)
        for where, words in own
        for there, others in theirs
        if len(words & others) > COPIED_SHARE * len(words | others)
    ]

    assert own
    assert theirs
    assert alike == []


def test_nothing_of_the_parsers_is_imported() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "replica").glob("*.py")]
    modules = {
        node.module
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("refillspot")
    }

    assert modules == {"refillspot.exceptions", "refillspot.regions"}
