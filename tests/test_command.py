from __future__ import annotations

import argparse
import errno
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from refillspot.command import BaseCommand, check_spider, wrong_action
from refillspot.commands import db
from refillspot.exceptions import ArgumentError, CrawlIdError, RefillspotError
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    from collections.abc import Callable


class Probe(BaseCommand):
    def __init__(self, does: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.settings = Settings()
        self._does = does

    def short_desc(self) -> str:
        return "does what a test says"

    def act(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # Scrapy's signature
        self._does()


class StrictProbe(Probe):
    wrong_usage = ArgumentError


def run(command: BaseCommand, *args: str) -> int:
    command.add_options(argparse.ArgumentParser())
    command.run(list(args), argparse.Namespace())
    return command.exitcode


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (CrawlIdError("no id"), Probe, 2),
        (ArgumentError("not there"), Probe, 1),
        (ArgumentError("not there"), StrictProbe, 2),
        (RefillspotError("redis://:secret99@host is away"), Probe, 1),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_code(
    error: Exception, kind: type[Probe], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert run(kind(fail)) == code
    assert capsys.readouterr().err == f"Error: {error}\n".replace("secret99", "***")


@pytest.mark.parametrize("option", ["-x", "--limit=5", "--force"])
def test_an_unknown_option_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=f"unknown option {option}: see scrapy "):
        run(Probe(), option)


@pytest.mark.parametrize(("given", "nearest"), [("--jsno", "--json"), ("--logfiel=x", "--logfile")])
def test_an_unknown_option_is_told_with_the_nearest(given: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown option {given}: .* Did you mean {nearest}\?"):
        run(Probe(), given)


def test_an_action_that_is_none_is_told_with_the_nearest() -> None:
    def told(*args: str) -> str:
        return str(wrong_action("use one of: list, show ID", args, iter(["list", "show"])))

    assert told() == told("show") == "use one of: list, show ID."
    assert told("shwo", "1") == "use one of: list, show ID. Did you mean show?"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "use scrapy db migrate"),
        ("bakcup", "Did you mean backup?"),
        ("backup here there", "use scrapy db migrate"),
        ("restore", "use scrapy db migrate"),
        ("restore FILE --keep 3", "use scrapy db migrate"),
        ("backup --replace", "use scrapy db migrate"),
        ("migrate --json", "use scrapy db migrate"),
        ("backup --backup", "use scrapy db migrate"),
        ("backup --keep 0", "1 or more"),
    ],
)
def test_what_db_is_asked_for_has_its_own_arguments_alone(line: str, told: str) -> None:
    command, parser = db.Command(), argparse.ArgumentParser()
    command.settings = Settings()
    command.add_options(parser)
    parser.add_argument("args", nargs="*")
    opts = parser.parse_args(line.split())
    args = opts.args

    with pytest.raises(UsageError) as error:
        command.run(args, opts)
    assert told in str(error.value)


def test_a_negative_number_is_no_option() -> None:
    assert run(Probe(), "set", "-5") == 0


def test_the_servers_given_with_s_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Probe()
    monkeypatch.setenv("REDIS_URL", "redis://environment")
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment")
    command.settings.set("DATABASE_URL", "postgresql://given")

    assert command.environ["DATABASE_URL"] == "postgresql://given"
    assert command.environ["REDIS_URL"] == "redis://environment"


@pytest.mark.parametrize("count", [1, 100_000])  # found out at the end, and while it prints
def test_a_reader_that_leaves_early_is_no_error_to_tell(
    count: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert run(Probe(lambda: say_json("무한리필" * count))) == 1

    assert not capsys.readouterr().err


@pytest.mark.parametrize("file", [(), ("a file",)])
def test_on_windows_a_reader_that_left_is_an_invalid_argument(
    file: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Probe(lambda: say("무한리필"))

    def flush() -> None:
        raise OSError(errno.EINVAL, "Invalid argument", *file)

    with open(os.devnull, "w", encoding="utf-8") as nobody, monkeypatch.context() as patch:  # noqa: PTH123  # a device
        patch.setattr(sys, "platform", "win32")
        patch.setattr(sys, "stdout", nobody)
        patch.setattr(nobody, "flush", flush)
        with pytest.raises(OSError, match="a file") if file else nullcontext():
            assert run(command) == 1


def test_a_spider_that_is_not_there_is_told_with_the_nearest() -> None:
    check_spider("diningcode", iter(["diningcode"]))
    with pytest.raises(UsageError, match=r"no spider dinningcode.* Did you mean diningcode\?"):
        check_spider("dinningcode", iter(["diningcode"]))
