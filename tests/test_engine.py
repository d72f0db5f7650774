from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scrapy.core.downloader import Downloader

import refillspot
from refillspot import engine
from refillspot.exceptions import IncompatibleEngineError
from tests.programs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = [(owner, name) for owner, name, _ in engine.METHODS + engine.NAMES]
FOREIGN = {"scrapy", "scrapy_redis", "twisted"}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(refillspot.__path__, "refillspot.")
    if module.name != engine.__name__
]  # fmt: skip
WITHOUT_A_PART = """
from scrapy.core.engine import ExecutionEngine
del ExecutionEngine._handle_downloader_output
"""


def test_the_pinned_scrapy_is_the_one_that_is_known() -> None:
    engine.check()


@pytest.mark.parametrize(("owner", "name"), PARTS)
def test_another_engine_is_refused(owner: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def changed(self: Downloader) -> None:
        """Another Scrapy's idea of this method."""

    monkeypatch.setattr(owner, name, changed)

    with pytest.raises(IncompatibleEngineError, match=r"Scrapy 2\.19.*make setup"):
        engine.check()


def test_a_limit_that_could_not_be_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(self: Downloader, slot: object, request: object, queue_dfd: object) -> None:
        """The same name and parameters, but it runs at once."""

    monkeypatch.setattr(Downloader, "_wait_for_download", waits)

    with pytest.raises(IncompatibleEngineError, match="_wait_for_download"):
        engine.check()


def test_a_crawl_does_not_start_without_a_part_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_A_PART, encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "diningcode", "-a", "district=강남구", "-L", "INFO"],
        cwd=PROJECT,
        env={"PYTHONPATH": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "ExecutionEngine._handle_downloader_output(self, result, request)" in ended.stderr
    assert "Scrapy 2.19" in ended.stderr
    assert "Traceback" not in ended.stderr


# --- nobody else touches a private part


def test_no_other_file_touches_what_is_private_to_scrapy() -> None:
    """Attributes are what ruff's SLF001 is for: nobody else may have an exception from it."""
    for path in (PROJECT / "refillspot").rglob("*.py"):
        if path != Path(engine.__file__):
            text = path.read_text(encoding="utf-8")
            assert "SLF001" not in text, path
            assert not list(_foreign_privates(ast.parse(text))), path


def test_no_class_shares_a_private_name_with_scrapys_that_it_is_made_of() -> None:
    for module in MODULES:
        for made in vars(importlib.import_module(module)).values():
            if inspect.isclass(made) and made.__module__ == module:
                for base in made.__mro__:
                    if base.__module__.partition(".")[0] in FOREIGN:
                        assert not _private_names(made) & _private_names(base), f"{made} and {base}"


def _foreign_privates(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] in FOREIGN:
                yield from (name.name for name in names if _is_private(name.name))
            case ast.Call(func=ast.Name(id="getattr" | "setattr"), args=[_, ast.Constant(value=str(name)), *_]):
                if _is_private(name):
                    yield name


def _private_names(made: type) -> set[str]:
    """Return the private names that the code of a class speaks of on `self`."""
    inside = list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(made)))))
    names = {node.attr for node in inside if isinstance(node, ast.Attribute)}
    names |= {node.name for node in inside if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in names if _is_private(name)}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")
