"""The documents name files, commands and settings that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from refillspot import settings
from tests.test_help import COMMANDS, parser_of

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
READ_TODAY = [path for path in DOCUMENTS if path.name != "CHANGELOG.md" and path.parent.name != "adr"]
NAMED = re.compile(r"`(\w(?:[\w.-]*/)*[\w.-]*\.(?:py|sql|lua|md|toml|yml)|(?:\w[\w.-]*/)+)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
ANCHOR = re.compile(r"\]\((?!https?://)([^)#\s]*\.md)?#([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
MODULE = re.compile(r"python -m ((?:bench|tests|tools|replica|refillspot)\b[\w.]*)")
TARGET = re.compile(r"`make ([a-z]+)|^make ([a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document: Path) -> None:
    broken = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]

    assert broken == []


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    text = FENCED.sub("", document.read_text("utf-8"))
    headings = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in HEADING.findall(text)]
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_to_a_heading(document: Path) -> None:
    led = ANCHOR.findall(document.read_text("utf-8"))

    assert [
        f"{file}#{anchor}"
        for file, anchor in led
        if anchor not in anchors_of(document.parent / file if file else document)
    ] == []


@pytest.mark.parametrize("document", READ_TODAY, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_path_that_is_named_exists(document: Path) -> None:
    """In a document of today; a path is one of the project, or of the package."""
    named = NAMED.findall(document.read_text("utf-8"))

    assert [
        name for name in named if not any((root / name).exists() for root in (PROJECT, PROJECT / "refillspot"))
    ] == []


def test_no_way_comes_to_a_file_twice() -> None:
    _, _, four_ways = (PROJECT / "docs/architecture.md").read_text("utf-8").partition("\n## Four ways\n")
    ways = re.split(r"^### ", four_ways.partition("\n## ")[0], flags=re.MULTILINE)[1:]
    steps = [re.findall(r"^\d+\. `([^`]+)`", way, re.MULTILINE) for way in ways]

    assert len(steps) == 4
    assert all(len(way) == len(set(way)) > 5 for way in steps)


@pytest.mark.parametrize("document", READ_TODAY, ids=lambda path: str(path.relative_to(PROJECT)))
def test_programs_that_are_named_exist(document: Path) -> None:
    """Modules of the project that are run, and targets of the Makefile."""
    text = document.read_text("utf-8")
    targets = {one or other for one, other in TARGET.findall(text)}

    assert [
        module
        for module in MODULE.findall(text)
        if not any((PROJECT / f"{module.replace('.', '/')}{end}").exists() for end in (".py", "/__main__.py"))
    ] == []
    assert set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)) >= targets


def test_documented_settings_have_the_documented_defaults() -> None:
    text = (PROJECT / "docs/settings.md").read_text("utf-8")
    table = re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]+)`? \|", text, re.MULTILINE)
    documented = {name: default.strip() for name, default in table if hasattr(settings, name)}

    assert len(documented) > 10
    assert documented == {name: str(getattr(settings, name)) for name in documented}


def test_every_decision_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in PROJECT.glob("docs/adr/*.md")]

    assert len(numbers) == len(set(numbers))


COMMAND_LINE = re.compile(r"^ *(?:\$ )?(scrapy [a-z].*?)(?: +#.*| *\\)?$|`(scrapy [^`]+)`", re.MULTILINE)
PLACEHOLDER = {"…", "COMMAND"}
INVENTED = ("CONTRIBUTING.md", "commands.md")  # a command that could be written; synopses, which are made of the code


@pytest.mark.parametrize(
    "document",
    [path for path in READ_TODAY if path.name not in INVENTED and COMMAND_LINE.search(path.read_text("utf-8"))],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_command_lines_can_be_typed(document: Path) -> None:
    """Each is parsed as Scrapy would: it has such a command, such options, and of several actions one that there is."""
    found = COMMAND_LINE.findall(document.read_text("utf-8"))
    lines = [shlex.split((line or quoted).partition(" | ")[0]) for line, quoted in found]

    for _scrapy, name, *given in lines:
        if name in PLACEHOLDER:
            continue
        parser = parser_of(name)
        if given and given[-1] in parser._option_string_actions:  # it is spoken of: `scrapy stats --log`
            continue
        _options, arguments = parser.parse_known_args(given)
        assert [argument for argument in arguments if argument.startswith("-")] == [], (name, given)
        syntax = COMMANDS[name].syntax().replace("[options]", "").lstrip()
        if re.match("[a-z]", syntax) and arguments and not PLACEHOLDER.intersection(arguments):
            assert arguments[0] in re.findall(r"(?<![\w-])[a-z][a-z-]+", syntax), (name, given)
