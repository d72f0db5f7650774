"""What `-h` prints: in the language of the user, in lines that are measured in columns, of which Hangul takes two."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import suppress
from pathlib import Path
from string import capwords
from typing import IO, TYPE_CHECKING

import scrapy
from rich.cells import cell_len
from scrapy.commands import ScrapyHelpFormatter

from refillspot import language
from refillspot.language import gettext
from refillspot.language import lazy_gettext as _
from refillspot.readable import fold, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.commands import ScrapyCommand

NAME_COLUMNS = 10  # for the names of a table
LOG_LEVEL = re.compile(r"log level \(default: (\w+)\)")
OF_OTHERS = (
    # argparse
    _("usage"),
    _("options"),
    _("positional arguments"),
    _("show this help message and exit"),
    _("%(prog)s: error: %(message)s\n"),
    _("argument %(argument_name)s: %(message)s"),
    _("expected one argument"),
    _("expected at least one argument"),
    _("invalid %(type)s value: %(value)r"),
    _("ignored explicit argument %r"),
    _("ambiguous option: %(option)s could match %(matches)s"),
    # Scrapy
    _("Run quick benchmark test"),
    _("Fetch a URL using the Scrapy downloader"),
    _(
        "Fetch a URL using the Scrapy downloader and print its content to stdout. You may want to use --nolog to "
        "disable logging"
    ),
    _("Parse URL (using its spider) and print the results"),
    _("Run a spider from a Python file, no project required"),
    _("Run the spider defined in the given file"),
    _("Generate new spider using pre-defined templates"),
    _("List available templates"),
    _("Edit spider after creating it"),
    _("Dump template to standard output"),
    _("Uses a custom template, given by name or by path to a .tmpl file."),
    _("If the spider already exists, overwrite it with the template"),
    _("Get settings values"),
    _("print raw setting value"),
    _("print setting value, interpreted as a boolean"),
    _("print setting value, interpreted as an integer"),
    _("print setting value, interpreted as a float"),
    _("print setting value, interpreted as a list"),
    _("Open URL in browser, as seen by Scrapy"),
    _("Fetch a URL using the Scrapy downloader and show its contents in a browser"),
    _("Interactive scraping console"),
    _("Interactive console for scraping the given url or file. Use ./file.html syntax or full path for local file."),
    _("Global Options"),
    _("log file. if omitted stderr will be used"),
    _("disable logging completely"),
    _("write python cProfile stats to FILE"),
    _("write process ID to FILE"),
    _("set/override setting (may be repeated)"),
    _("enable pdb on failure (uses ipdb if installed)"),
    _("set spider argument (may be repeated)"),
    _(
        "append scraped items to the end of FILE (use - for stdout), to define format set a colon at the end of the "
        "output URI (i.e. -o FILE:FORMAT)"
    ),
    _(
        "dump scraped items into FILE, overwriting any existing file, to define format set a colon at the end of the "
        "output URI (i.e. -O FILE:FORMAT)"
    ),
    _("use this spider"),
    _("evaluate the code in the shell, print the result and exit"),
    _("do not handle HTTP 3xx status codes and print response as-is"),
    _("print response HTTP headers instead of body"),
    _("use this spider without looking for one"),
    _("process items through pipelines"),
    _("don't show links to follow (extracted requests)"),
    _("don't show scraped items"),
    _("avoid using pygments to colorize the output"),
    _("use CrawlSpider rules to discover the callback"),
    _("use this callback for parsing, instead looking for a callback"),
    _("inject extra meta into the Request, it must be a valid raw json string"),
    _("inject extra callback kwargs into the Request, it must be a valid raw json string"),
    _("maximum depth for parsing requests [default: %(default)s]"),
    _("print each depth level one by one"),
    _("only list contracts, without checking them"),
    _("print contract tests for all spiders"),
    _("Edit spider"),
    _("Edit a spider using the editor defined in the EDITOR environment variable or else the EDITOR setting"),
    _("List available spiders"),
    _("Create new project"),
    _("Print Scrapy version"),
    _("also display twisted/python/platform info (useful for bug reports)"),
)
"""What argparse and Scrapy say by themselves, for the catalogue; anything else of theirs stays as it is."""


class HelpFormatter(ScrapyHelpFormatter):
    """argparse knows its formatter as a class, and whoever changes something about it overrides its methods."""

    def format_part_strings(self, part_strings: list[str]) -> list[str]:
        """Underline headings, and fold the usage: argparse leaves one that is given as it is."""
        before = [
            "",
            *part_strings,
        ]  # a heading is below an empty line; what an option is for may end with a colon, too
        return [
            self._as_heading(part) if part.startswith("usage: ") or above == "\n" else part
            for above, part in zip(before, part_strings, strict=False)
        ]

    def _as_heading(self, part: str) -> str:
        if part.startswith("usage: "):
            usage = self._fill_text(part.removeprefix("usage: "), self._width, "  ")
            return f"{_underlined('usage', '=')}{usage}\n\n"
        if part.endswith(":\n") and not part.startswith(" "):
            name = part.removesuffix(":\n")
            return _underlined(name, "-" if name == "Global Options" else "=")
        return part

    def _expand_help(self, action: argparse.Action) -> str:
        if action.help:
            action.help = _translated(action.help)
        return super()._expand_help(action)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _lines(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Fold each line by itself; what follows a tab is in a column of its own."""
        filled = []
        for line in text.splitlines() or [text]:
            name, _tab, meaning = line.rpartition("\t")
            before = f"{name:<{NAME_COLUMNS}}" if name else ""
            for part in _lines(meaning, width - len(indent) - len(before)):
                filled.append(f"{indent}{before}{part}")
                before = " " * len(before)
        return "\n".join(filled)


def add_table(parser: argparse.ArgumentParser, title: str, rows: Mapping[str, str]) -> None:
    """Let the help end with a table of names and what they mean."""
    parser.add_argument_group(title, "\n".join(f"{name}\t{meaning}" for name, meaning in rows.items()))


def tell_commands(commands: Mapping[str, ScrapyCommand], project: str) -> None:
    """Say which commands there are, as `scrapy` and `scrapy -h` do."""
    say(gettext("Scrapy {version} - active project: {project}").format(version=scrapy.__version__, project=project))
    say("")
    say(gettext("Usage:"))
    say(f"  {program()} <command> [options] [args]\n")
    say(gettext("Available commands:"))
    for name, command in sorted(commands.items()):
        what = gettext(command.short_desc())
        say(f"  {name:<13} {what}")
    say("")
    say(gettext("{program} <command> -h says more about a command.").format(program=program()))


def tell_unknown(name: str, commands: Mapping[str, ScrapyCommand]) -> None:
    told = gettext("There is no command {name}: see {program} -h.").format(name=name, program=program())
    say(told + language.did_you_mean(name, commands), file=sys.stderr)


def program() -> str:
    """Return what was typed: `scrapy`, or the entry point of this project."""
    path = Path(sys.argv[0])
    name = path.parent.name if path.stem == "__main__" else path.stem
    return name if name == "refillspot" else "scrapy"


def speak(parser: argparse.ArgumentParser) -> None:
    """Let a parser say everything in the language of the user, what is wrong included."""
    parser.formatter_class = HelpFormatter
    parser.description = gettext(parser.description) if parser.description else None
    parser.usage = parser.usage and re.sub(r"^scrapy\b", program(), parser.usage)
    vars(parser)["_print_message"] = _said
    vars(argparse)["_"] = _of_argparse  # where it looks up its words; those of `gettext` know the locale alone


def _said(message: str, file: IO[str] | None = None) -> None:
    with suppress(OSError):  # as argparse does: nobody reads it
        say(message.removesuffix("\n"), file or sys.stderr)


def _lines(text: str, width: int) -> list[str]:
    return [line for line in fold(" ".join(text.split()), width) if line]


def _underlined(name: str, with_what: str) -> str:
    heading = capwords(gettext(name))
    return f"{heading}\n{with_what * cell_len(heading)}\n"


def _translated(text: str) -> str:
    if found := LOG_LEVEL.fullmatch(text):
        return gettext("log level (default: {level})").format(level=found[1])
    return gettext(text)


def _of_argparse(text: str) -> str:
    return text if text == "usage: " else language.gettext(text)  # Scrapy's formatter looks for that
