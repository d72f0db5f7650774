"""What `-h` prints, made as Scrapy makes it: 80 columns, in the language of the user."""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from scrapy.cmdline import ScrapyArgumentParser, _get_commands_dict, execute
from scrapy.commands import ScrapyHelpFormatter
from scrapy.settings import Settings

from refillspot import exit_status
from refillspot.interruption import INTERRUPTED
from refillspot.planning import CrawlArguments
from refillspot.readable import fold
from tests.english import english_in

if TYPE_CHECKING:
    from scrapy.commands import ScrapyCommand

COMMANDS: dict[str, ScrapyCommand] = _get_commands_dict(
    Settings({"COMMANDS_MODULE": "refillspot.commands"}), inproject=True
)
OURS = [name for name, one in COMMANDS.items() if type(one).__module__.startswith("refillspot.")]
LIST_COLUMNS = 16  # of `scrapy -h`, before what it says of a command


def parser_of(name: str) -> ScrapyArgumentParser:
    command = COMMANDS[name]
    command.settings = Settings()
    parser = ScrapyArgumentParser(
        prog="scrapy",
        formatter_class=ScrapyHelpFormatter,
        usage=f"scrapy {name} {command.syntax()}",
        conflict_handler="resolve",
        description=command.long_desc(),
    )
    command.add_options(parser)
    return parser


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", OURS)
def test_help_fits_into_80_columns(name: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("REFILLSPOT_LANG", language)

    assert [line for line in parser_of(name).format_help().splitlines() if cell_len(line) > 80] == []
    assert LIST_COLUMNS + cell_len(COMMANDS[name].short_desc()) <= 80


def test_the_usage_is_of_the_program_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "  scrapy crawl [options] <spider>\n" in parser_of("crawl").format_help()

    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/refillspot", "crawl", "-h"])
    assert "  refillspot crawl [options] <spider>\n" in parser_of("crawl").format_help()


@pytest.mark.parametrize("name", OURS)
def test_headings_alone_are_underlined(name: str) -> None:
    lines = ["", *parser_of(name).format_help().splitlines()]

    assert [lines[at - 1] for at, line in enumerate(lines) if set(line) in ({"="}, {"-"}) and lines[at - 2]] == []


@pytest.mark.parametrize("name", OURS)
def test_help_is_korean_for_who_speaks_korean(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    syntax = COMMANDS[name].syntax()
    _usage, _, told = parser_of(name).format_help().partition(syntax.split()[-1] if syntax else name)

    assert english_in(" ".join(told.split())) == []
    assert english_in(COMMANDS[name].short_desc()) == []


@pytest.mark.parametrize("arguments", [[], ["-h"], ["crwal"]])
def test_which_commands_there_are_is_told_in_korean(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    with pytest.raises(SystemExit) as ended:
        execute(["scrapy", *arguments], Settings({"COMMANDS_MODULE": "refillspot.commands", "BOT_NAME": "refillspot"}))
    told = "".join(capsys.readouterr())

    rest = re.sub(rf"^  (?:{'|'.join(COMMANDS)}) ", "", told, flags=re.MULTILINE)
    assert english_in(rest.replace("crwal", "")) == []
    assert (ended.value.code, "crawl" in told) == (2 if "crwal" in arguments else 0, True)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", ["crawl", "fleet"])
def test_help_of_a_crawl_names_arguments_examples_and_exit_codes(
    name: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", language)
    lines = [line.strip() for line in parser_of(name).format_help().splitlines()]
    codes = {value for key, value in vars(exit_status).items() if key.isupper() and type(value) is int} | {INTERRUPTED}

    for what in (*inspect.signature(CrawlArguments.parse).parameters, *map(str, sorted(codes))):
        assert what == "others" or [line for line in lines if line.split()[:1] == [what]], what
    assert f"scrapy {name} diningcode " in " ".join(lines)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--seed", "x"], "int 값이 아닙니다"),
        (["--seed"], "값을 하나 주세요"),
        (["--seed=1", "-h"], "이 도움말을 출력"),
    ],
)
def test_argparse_speaks_korean_too(
    arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    with pytest.raises(SystemExit):
        parser_of("demo").parse_args(arguments)
    captured = capsys.readouterr()

    assert expected in captured.out + captured.err
    assert captured.err == "" or "scrapy: 오류: " in captured.err


def test_lines_are_measured_in_columns_and_broken_between_words() -> None:
    text = "무한리필 식당을 Scrapy로 수집합니다 https://example.org/a-word-that-is-longer-than-a-line 끝"
    lines = list(fold(text, 20))

    assert " ".join(lines) == text
    assert [line for line in lines if cell_len(line) > 20] == ["https://example.org/a-word-that-is-longer-than-a-line"]
    assert list(fold("", 20)) == [""]
    assert list(fold(text, sys.maxsize)) == [text]
    assert list(fold("  상태    내장  unix:///x/redis.sock", 20)) == ["  상태    내장", "  unix:///x/redis.sock"]
