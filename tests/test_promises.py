"""What others build on does not go away by the way: settings, stats, exit codes, columns and import paths.

The lists are in tests/promises/, a name a line. What is new is added to them in the same commit.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from pkgutil import resolve_name

import psycopg
import pytest

from refillspot import exit_status, settings
from tools.stat_keys import stat_keys

PROMISES = Path(__file__).parent / "promises"
DOCS = Path(__file__).parents[1] / "docs"
PACKAGE = Path(__file__).parents[1] / "refillspot"
COLUMNS = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'refillspot'"


def promised(name: str) -> set[str]:
    lines = (PROMISES / name).read_text("utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def compare(name: str, there: set[str]) -> None:
    gone, new = sorted(promised(name) - there), sorted(there - promised(name))

    assert not gone, (
        f"{', '.join(gone)}: promised in tests/promises/{name}, and not there any more. Bring it back, beside its new "
        "name if it has one; CHANGELOG.md says since when it is deprecated, and the line goes a release later."
    )
    assert not new, f"{', '.join(new)}: new, and promised from now on. Add it to tests/promises/{name}, in its order."


@pytest.mark.parametrize("name", sorted(path.name for path in PROMISES.glob("*.txt")))
def test_a_list_is_in_order_and_names_nothing_twice(name: str) -> None:
    lines = [line for line in (PROMISES / name).read_text("utf-8").splitlines() if not line.startswith("#")]

    assert lines == (lines if name == "exit_codes.txt" else sorted(set(lines)))


def test_settings() -> None:
    compare("settings.txt", {name for name in vars(settings) if name.isupper()})


def test_exit_codes() -> None:
    codes = {name: value for name, value in vars(exit_status).items() if name.isupper() and type(value) is int}

    compare("exit_codes.txt", {f"{code} {name.lower().replace('_', ' ')}" for name, code in codes.items()})


def test_columns(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        compare("columns.txt", {column for (column,) in connection.execute(COLUMNS)})


def test_import_paths() -> None:
    compare("import_paths.txt", {path for path in promised("import_paths.txt") if leads_somewhere(path)})


def leads_somewhere(path: str) -> bool:
    try:
        return resolve_name(path) is not None
    except (ImportError, AttributeError):
        return False


def test_what_the_settings_name_is_promised() -> None:
    named = set(re.findall(r'"(refillspot(?:\.\w+)+)"', (PACKAGE / "settings.py").read_text("utf-8")))
    folders = {"refillspot.spiders", "refillspot.commands"}

    assert named - folders <= promised("import_paths.txt")


def test_stats() -> None:
    """A key is there if the source counts it; one with a word that is put in at run time, if it says that word."""
    keys, words = set(stat_keys(PACKAGE)), words_of(PACKAGE)
    closed = {key for key in keys if "*" not in key}
    possible = {key for key in promised("stats.txt") if key in keys or can_be(key, keys, words)}
    unnamed = {key for key in keys - closed if not any(as_pattern(key).fullmatch(one) for one in possible)}

    compare("stats.txt", closed | possible | unnamed)


def test_each_stat_is_in_the_document() -> None:
    """In the row of a component: its prefix in one key of it, its last word in another, or in the same."""
    rows = (DOCS / "stats.md").read_text("utf-8").splitlines()
    keys = [key.replace("/*", "").split("/") for key in sorted(promised("stats.txt"))]

    assert [
        key for key in keys if not any(f"`{key[0]}/" in row and re.search(rf"\b{key[-1]}\b", row) for row in rows)
    ] == []


def can_be(key: str, templates: set[str], words: set[str]) -> bool:
    matches = (as_pattern(template).fullmatch(key) for template in templates if "*" in template)
    return any(match and all(is_said(word, words) for word in match.groups()) for match in matches)


def is_said(word: str, words: set[str]) -> bool:
    return word in words or can_be(word, words - {"*"}, words)


def as_pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\*", r"(\w+)"))


def words_of(folder: Path) -> set[str]:
    """Return what the source of a package says: its texts, its names, and the shapes of its f-strings."""
    found: set[str] = set()
    for node in (node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))):
        match node:
            case ast.Constant(value=str(text)) | ast.Name(id=text) | ast.keyword(arg=str(text)):
                found.add(text)
            case ast.JoinedStr(values=values):
                found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in values))
    return {word for word in found if re.fullmatch(r"[\w*]+", word)}
