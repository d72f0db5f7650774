"""What reaches people has been through gettext; what goes into a log has not: docs/operations.md says why."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import refillspot

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(refillspot.__file__).parent
FILES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
TRANSLATES = {"_", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext"}
TELLS = {
    "say": 1, "UsageError": 1, "Text": 1, "add_column": 1, "add_row": 99,
    "ArgumentError": 2, "CrawlIdError": 2, "ConfigurationError": 2, "ServiceUnavailableError": 2,
    "SchemaVersionError": 2, "MeasurementError": 2, "VisitError": 2,
}  # fmt: skip
"""Calls whose first arguments people read, and how many these are."""
NAMED = {"title", "help", "caption"}  # arguments that people read, of any call
SENTENCE = re.compile(r"[A-Za-z]{3,}(?:\s|[.:,]|$)")
SAME_IN_KOREAN = {"KST", "PostgreSQL: ", "Redis: ", "PostgreSQL "}
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse((PACKAGE / name).read_text("utf-8"))


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def literals(node: ast.AST) -> Iterator[str]:
    """Yield the texts in an expression that gettext does not see: neither what it is given, nor keys and arguments."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Call(func=ast.Attribute(value=inner, attr="format" | "format_map")):
            yield from literals(inner)
        case ast.JoinedStr(values=parts):
            for part in parts:
                if isinstance(part, ast.Constant):
                    yield str(part.value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*literals(left), *literals(right))
        case ast.IfExp(body=body, orelse=otherwise):
            yield from (*literals(body), *literals(otherwise))


def told(call: ast.Call) -> Iterator[ast.AST]:
    yield from call.args[: TELLS.get(called(call), 0)]
    yield from (keyword.value for keyword in call.keywords if keyword.arg in NAMED)


@pytest.mark.parametrize("name", FILES)
def test_what_people_read_is_translated(name: str) -> None:
    calls = [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.Call)]
    texts = [text for call in calls for part in told(call) for text in literals(part)]

    assert [text for text in texts if SENTENCE.search(text) and text not in SAME_IN_KOREAN] == []


def test_no_message_hides_from_the_catalogue() -> None:
    """pybabel does not look into f-strings."""
    hidden = [
        (name, node.lineno)
        for name in FILES
        for text in ast.walk(tree_of(name))
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and called(node) in TRANSLATES
    ]

    assert hidden == []


def test_logs_are_in_one_language() -> None:
    translated = [
        (name, call.lineno)
        for name in FILES
        for call in ast.walk(tree_of(name))
        if isinstance(call, ast.Call)
        and called(call) in LOGS
        and ast.unparse(call.func).split(".")[-2:-1] == ["logger"]
        for node in ast.walk(call)
        if isinstance(node, ast.Call) and called(node) in TRANSLATES
    ]

    assert translated == []
