"""What the standard library has on Linux and not on Windows, as typeshed says: mypy brings it along."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import mypy

if TYPE_CHECKING:
    from collections.abc import Iterator

STDLIB = Path(mypy.__file__).parent / "typeshed/stdlib"
MODULES = ("os", "signal", "socket", "time", "asyncio", "select")


def absent_on_windows() -> dict[str, list[str]]:
    """Return {module: names}, and {module: []} where there is no such module."""
    found = {module: sorted(defined(module, "linux") - defined(module, "win32")) for module in MODULES}
    asking = [path.stem for path in STDLIB.glob("*.pyi") if 'if sys.platform != "win32":' in path.read_text("utf-8")]
    whole = [module for module in asking if defined(module, "linux") and not defined(module, "win32")]
    return found | {module: [] for module in whole}


def defined(module: str, platform: str) -> set[str]:
    """Return the public names of a module that it defines itself or has of parts of its package."""
    file = STDLIB / module.replace(".", "/")
    file = file / "__init__.pyi" if file.is_dir() else file.with_name(f"{file.name}.pyi")
    found = names(ast.parse(file.read_text("utf-8")).body, platform, module)
    return {name for name in found if not name.startswith("_")}


def names(body: list[ast.stmt], platform: str, package: str) -> Iterator[str]:
    for one in body:
        match one:
            case ast.If():
                yield from names(one.body if holds(one.test, platform) else one.orelse, platform, package)
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield one.name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.ImportFrom(module=str(part), level=1, names=[ast.alias(name="*")]):
                yield from defined(f"{package}.{part}", platform)


def holds(test: ast.expr, platform: str) -> bool:
    known = {"sys": SimpleNamespace(platform=platform, version_info=sys.version_info), "TYPE_CHECKING": True}
    return bool(eval(compile(ast.Expression(test), "typeshed", "eval"), known))  # noqa: S307  # mypy's own files
