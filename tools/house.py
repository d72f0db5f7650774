"""How the house is kept: sizes of files, small ones that one other uses, import cycles, what is named or said twice.

`python tools/house.py [--verbose]`, printed by `make check`. Looks at the package `refillspot` of the working
directory, so that it can be run on any commit. A package's `__init__.py` without a statement is no file.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL = 60  # lines; STYLE 5: a file is a subject, and has a reason to be below this
ENTRIES = ("middlewares", "settings")  # they name what there is, and use nothing of it
GETTEXT = ("_", "gettext", "ngettext")  # what a sentence for people is handed to
SENTENCE = re.compile(r"\{|(?:\S+\s+){4}\S")  # what has something filled in, or five words: shorter ones are headings
COMMANDS = "commands"  # Scrapy finds a command by its file, whoever imports it; each class in them is called Command
Parts = tuple[ast.Module, list[ast.AST]]


@dataclass(frozen=True, slots=True)
class House:
    lines: dict[str, int]
    """Of each module that holds something."""
    small: list[str]
    single: dict[str, str]
    """Small modules that one other imports, with that one; commands and what nobody imports are entry points."""
    cycles: list[str]
    """Modules that import themselves through others."""
    double: dict[str, list[str]]
    """Names of classes and types that several modules define, with the modules."""
    spelled: dict[str, list[str]]
    """Sentences for people that several modules spell, with the modules."""


def measure(package: str, folder: Path) -> House:
    """Look at a package that can be imported, whose files are in `folder`."""
    graph = grimp.build_graph(package, cache_dir=None)
    parts = {_module(path, folder): _parts(path) for path in sorted(folder.rglob("*.py"))}
    held = [
        name for name, (tree, _inside) in parts.items() if any(not isinstance(part, ast.Expr) for part in tree.body)
    ]
    lines = {name: len(_path(name, folder).read_text("utf-8").splitlines()) for name in held}
    small = [name for name in held if lines[name] < SMALL]
    entries = {f"{package}.{name}" for name in ENTRIES}
    inner = [name for name in small if f".{COMMANDS}." not in name]
    users = {name: graph.find_modules_that_directly_import(name) - entries for name in inner}
    upstream = {name: graph.find_upstream_modules(name) for name in graph.modules}
    return House(
        lines=lines,
        small=small,
        single={name: next(iter(using)) for name, using in users.items() if len(using) == 1},
        cycles=sorted(
            name
            for name in graph.modules
            if any(name in upstream[used] for used in graph.find_modules_directly_imported_by(name))
        ),
        double=_several(_types, {name: part for name, part in parts.items() if f".{COMMANDS}." not in name}),
        spelled=_several(_sentences, parts),
    )


def _module(path: Path, folder: Path) -> str:
    return ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")


def _path(module: str, folder: Path) -> Path:
    path = folder.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _parts(path: Path) -> Parts:
    """Return a file's tree, and all that is in it: to walk through a tree takes longer than to make it."""
    tree = ast.parse(path.read_text("utf-8"))
    return tree, list(ast.walk(tree))


def _several(named: Callable[[Parts], Iterator[str]], parts: dict[str, Parts]) -> dict[str, list[str]]:
    naming: dict[str, list[str]] = defaultdict(list)
    for module, of_module in parts.items():
        for name in set(named(of_module)):
            naming[name].append(module)
    return {name: modules for name, modules in sorted(naming.items()) if len(modules) > 1}


def _types(parts: Parts) -> Iterator[str]:
    """Yield classes, and at the top of a module other names of types: `Kind = Literal["list", "store"]`."""
    tree, inside = parts
    yield from (node.name for node in inside if isinstance(node, ast.ClassDef))
    targets = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    names = (target.id for target in targets if isinstance(target, ast.Name))
    yield from (
        name for name in names if len(name) > 1 and name[0].isupper() and not name.isupper() and "_" not in name
    )


def _sentences(parts: Parts) -> Iterator[str]:
    for node in parts[1]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT and node.args:
            told = node.args[0]
            if isinstance(told, ast.Constant) and isinstance(told.value, str) and SENTENCE.search(told.value):
                yield told.value


def describe(house: House, *, verbose: bool) -> Iterator[str]:
    """Return the report, a line a figure; `verbose` names what is meant."""
    longest = max(house.lines, key=lambda name: house.lines[name])
    yield f"files                             {len(house.lines):>4}"
    yield f"lines, mean                       {mean(house.lines.values()):>4.0f}"
    yield f"lines, median                     {median(house.lines.values()):>4.0f}"
    yield f"lines, longest                    {house.lines[longest]:>4}  {longest}"
    named = {
        f"under {SMALL} lines": [f"{name} ({house.lines[name]})" for name in house.small],
        "  and used by one other only": [f"{name} <- {user}" for name, user in house.single.items()],
        "modules in import cycles": house.cycles,
        "class names with two meanings": [f"{name}: {', '.join(modules)}" for name, modules in house.double.items()],
        "sentences in two files": [f"{told}: {', '.join(modules)}" for told, modules in house.spelled.items()],
    }
    for label, names in named.items():
        yield f"{label:<34}{len(names):>4}"
        if verbose:
            yield from (f"      {name}" for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="name the files, not only how many there are")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    house = measure("refillspot", Path("refillspot").resolve())
    sys.stdout.write("\n".join([*describe(house, verbose=arguments.verbose), ""]))


if __name__ == "__main__":
    main()
