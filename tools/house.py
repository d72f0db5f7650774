"""How the house is kept: sizes of files, small ones that only one other uses, import cycles, names with two meanings.

`python tools/house.py [--verbose]`, printed by `make check`. Looks at the package `refillspot` of the working
directory, so that it can be run on any commit. A package's `__init__.py` without a statement is no file.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = 60  # lines; STYLE 5: a file is a subject, and has a reason to be below this
ENTRIES = ("middlewares", "settings")  # they name what there is, and use nothing of it
COMMANDS = "commands"  # Scrapy finds a command by its file, whoever imports it; each class in them is called Command


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
    """Class names that several modules define, with the modules."""


def measure(package: str, folder: Path) -> House:
    """Look at a package that can be imported, whose files are in `folder`."""
    graph = grimp.build_graph(package, cache_dir=None)
    trees = {_module(path, folder): ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))}
    held = [name for name, tree in trees.items() if any(not isinstance(part, ast.Expr) for part in tree.body)]
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
        double=_double({name: tree for name, tree in trees.items() if f".{COMMANDS}." not in name}),
    )


def _module(path: Path, folder: Path) -> str:
    return ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")


def _path(module: str, folder: Path) -> Path:
    path = folder.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _double(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    defining: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                defining[node.name].append(module)
    return {name: modules for name, modules in sorted(defining.items()) if len(modules) > 1}


def describe(house: House, *, verbose: bool) -> Iterator[str]:
    """Return the report, a line a figure; `verbose` names what is meant."""
    longest = max(house.lines, key=lambda name: house.lines[name])
    yield f"files                             {len(house.lines):>4}"
    yield f"lines, median                     {median(house.lines.values()):>4.0f}"
    yield f"lines, longest                    {house.lines[longest]:>4}  {longest}"
    named = {
        f"under {SMALL} lines": [f"{name} ({house.lines[name]})" for name in house.small],
        "  and used by one other only": [f"{name} <- {user}" for name, user in house.single.items()],
        "modules in import cycles": house.cycles,
        "class names with two meanings": [f"{name}: {', '.join(modules)}" for name, modules in house.double.items()],
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
