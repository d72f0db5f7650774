"""Which stats the package can count, found in its source: what is handed to `inc_value` and its sisters.

A part of a key that is not known before the program runs is an asterisk: `site/status/*`. A method that puts a word
behind a prefix (`self._count("hits")`) is looked through.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTING = {"inc_value", "set_value", "max_value", "min_value"}
OPEN = "*"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def stat_keys(folder: Path) -> dict[str, set[Path]]:
    """Return each key with the files that count it."""
    found: dict[str, set[Path]] = {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8")
        if any(name in text for name in COUNTING):
            for key in _of_module(ast.parse(text)):
                found.setdefault(key, set()).add(path)
    return found


def _of_module(tree: ast.Module) -> Iterator[str]:
    counting = COUNTING | _other_names(tree)
    for function in ast.walk(tree):
        if not isinstance(function, Function):
            continue
        for call in _calls(function):
            if isinstance(call.func, ast.Attribute) and call.func.attr in counting and call.args:
                yield from _texts(call.args[0], _bound(function, tree), tree)


def _other_names(tree: ast.Module) -> set[str]:
    """Return what a module calls one of them: `self._count = stats.inc_value`."""
    return {
        target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in COUNTING
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _bound(function: Function, tree: ast.Module) -> dict[str, set[str]]:
    """Return what the names in a function can be: those it assigns, and its first parameter, as it is called."""
    assigned = {
        node.targets[0].id: _texts(node.value, {}, tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    names = [one.arg for one in function.args.args if one.arg != "self"]
    said = {
        text
        for call in _calls(tree)
        if isinstance(call.func, ast.Attribute | ast.Name)
        and (call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id) == function.name
        for argument in call.args[:1]
        for text in _texts(argument, {}, tree)
    }
    return assigned | ({names[0]: said} if names and said else {})


def _texts(node: ast.expr, bound: dict[str, set[str]], tree: ast.Module) -> set[str]:
    """Return every text that an expression can be."""
    texts = {OPEN}
    match node:
        case ast.Constant(value=str(text)):
            texts = {text}
        case ast.IfExp():
            texts = _texts(node.body, bound, tree) | _texts(node.orelse, bound, tree)
        case ast.JoinedStr():
            texts = {""}
            for part in node.values:
                texts = {text + more for text in texts for more in _texts(part, bound, tree)}
        case ast.FormattedValue():
            texts = _texts(node.value, bound, tree)
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            texts = bound.get(name) or _of_constant(name, tree) or {OPEN}
    return texts


def _of_constant(name: str, tree: ast.Module) -> set[str]:
    """Return the text, or the texts of a table, that a module calls by this name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            return {one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return set()
