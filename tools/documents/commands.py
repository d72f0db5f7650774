"""docs/commands.md and the tables of both READMEs: each command as its `-h` describes it."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from tools.documents.source import PACKAGE, as_line, table

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = ("crawl", "plan", "fleet", "demo", "top", "stats", "pause", "resume")
"""In the order in which somebody meets them; the others follow by name."""


def commands() -> dict[str, ScrapyCommand]:
    """Return the commands of this project, those of Scrapy's own excepted that it merely adjusts."""
    names = sorted(path.stem for path in PACKAGE.glob("commands/[!_]*.py"))
    found = {name: import_module(f"refillspot.commands.{name}").Command() for name in names}
    own = {name: one for name, one in found.items() if "short_desc" in vars(type(one))}
    for one in own.values():
        one.settings = Settings()
    return {name: own[name] for name in sorted(own, key=lambda name: (*(name != first for first in FIRST), name))}


def command_list(language: str) -> Iterator[str]:
    """Yield a row a command, in "en" or "ko"."""
    os.environ["REFILLSPOT_LANG"] = language
    rows = [
        (f"[`scrapy {name}`](docs/commands.md#scrapy-{name})", one.short_desc()) for name, one in commands().items()
    ]
    os.environ["REFILLSPOT_LANG"] = "en"
    yield from table(("", ""), rows)


def commands_part() -> Iterator[str]:
    """Yield a section a command: what it is, how it is called, its options."""
    for name, one in commands().items():
        yield from (f"## scrapy {name}", "", f"{one.short_desc()}: `scrapy {name} {one.syntax()}`", "")
        if one.long_desc() != one.short_desc():
            yield from (as_line(one.long_desc()), "")
        if options := list(_options(one)):
            yield from (*table(("option", ""), options), "")
        for title, rows in _tables(one):
            yield from (*table((title, ""), rows), "")


def _tables(command: ScrapyCommand) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield what a command's help ends with: titles, and names with their meanings."""
    parser = argparse.ArgumentParser(add_help=False)
    command.add_options(parser)
    for group in parser._action_groups:  # noqa: SLF001  # argparse shows them in its help only
        rows = [line.rpartition("\t") for line in (group.description or "").splitlines()]
        if rows:
            yield group.title or "", [(f"`{name or text}`", as_line(text if name else "")) for name, _tab, text in rows]


def _options(command: ScrapyCommand) -> Iterator[tuple[str, str]]:
    """Yield the options that a command has beside Scrapy's of every command."""
    parser = argparse.ArgumentParser(add_help=False)
    command.add_options(parser)
    everywhere = argparse.ArgumentParser(add_help=False)
    ScrapyCommand.add_options(command, everywhere)
    known = {option for action in everywhere._actions for option in action.option_strings}  # noqa: SLF001
    for action in parser._actions:  # noqa: SLF001  # argparse shows them in its help only
        if action.option_strings and not known.issuperset(action.option_strings):
            value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
            yield (
                f"`{', '.join(action.option_strings)}{value}`",
                as_line((action.help or "") % {"default": action.default}),
            )
