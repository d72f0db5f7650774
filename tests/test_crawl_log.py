from __future__ import annotations

import io
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import Settings

from refillspot import settings as module
from refillspot.crawl_log import FEW, KEPT, BriefConsole, choose_log_file

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def project(**given: object) -> Settings:
    settings = Settings()
    settings.setmodule(module, priority="project")
    for name, value in given.items():
        settings.set(name, value, priority="cmdline")
    return settings


def test_the_log_goes_into_a_file_of_the_run(tmp_path: Path) -> None:
    settings = project()

    path = choose_log_file(settings, tmp_path / "home", NOW, 7)

    assert path == tmp_path / "home" / "logs" / "crawl-20261128-030000-7.log"
    assert settings["LOG_FILE"] == str(path)


@pytest.mark.parametrize(
    "given",
    [
        {"LOG_LEVEL": "INFO"},
        {"LOG_LEVEL": "DEBUG"},
        {"LOG_FILE": "my.log"},
        {"LOG_ENABLED": False},
        {"LOG_STDOUT": True},
    ],
)
def test_who_says_how_to_log_has_it_so(given: dict[str, object], tmp_path: Path) -> None:
    settings = project(**given)

    assert choose_log_file(settings, tmp_path / "home", NOW, 7) is None
    assert settings["LOG_FILE"] == given.get("LOG_FILE")
    assert not (tmp_path / "home").exists()


def test_a_level_of_the_projects_settings_is_a_choice_too(tmp_path: Path) -> None:
    settings = project()
    settings.set("LOG_LEVEL", "DEBUG", priority="project")

    assert choose_log_file(settings, tmp_path, NOW, 7) is None


def test_the_oldest_logs_go_and_those_of_fleets_stay(tmp_path: Path) -> None:
    (tmp_path / "logs" / "20261128-a-fleet").mkdir(parents=True, mode=0o700)
    for number in range(KEPT + 5):
        (tmp_path / "logs" / f"crawl-{number}.log").touch()
        os.utime(tmp_path / "logs" / f"crawl-{number}.log", (number, number))

    choose_log_file(project(), tmp_path, NOW, 7)

    names = {entry.name for entry in (tmp_path / "logs").iterdir()}
    assert names == {
        "20261128-a-fleet", "crawl-20261128-030000-7.log", *(f"crawl-{number}.log" for number in range(6, KEPT + 5))
    }  # fmt: skip


def test_where_no_file_can_be_made_the_log_is_scrapys(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    settings = project()

    assert choose_log_file(settings, tmp_path / "home", NOW, 7) is None
    assert settings["LOG_FILE"] is None


def test_the_terminal_has_what_people_want_to_know() -> None:
    console = BriefConsole()
    console.setStream(out := io.StringIO())
    logs = [
        ("scrapy.middleware", logging.INFO, "Enabled extensions"),
        ("refillspot.frontier.session", logging.INFO, "crawl begun"),
        ("refillspot.frontier.session", logging.DEBUG, "a detail"),
        ("scrapy.crawler", logging.INFO, "Overridden settings"),
        ("scrapy.crawler", logging.INFO, "Received SIGINT, shutting down gracefully"),
        ("scrapy.extensions.logstats", logging.INFO, "Crawled 5 pages"),
        *[("refillspot.extensions.reading", logging.WARNING, f"odd {number}") for number in range(FEW + 9)],
        ("scrapy.core.scraper", logging.ERROR, "an error"),
    ]
    for name, level, message in logs:
        if level >= console.level:
            console.handle(logging.makeLogRecord({"name": name, "levelno": level, "levelname": "", "msg": message}))

    assert [line.partition(": ")[2] for line in out.getvalue().splitlines()] == [
        "crawl begun",
        "Received SIGINT, shutting down gracefully",
        "Crawled 5 pages",
        *[f"odd {number}" for number in range(FEW)],
        "more of this kind are in the log only (refillspot.extensions.reading)",
        "an error",
    ]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_line_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    console = BriefConsole()
    out = console.stream = Screen()
    record = {"name": "refillspot.x", "levelno": logging.ERROR, "levelname": "ERROR"}
    console.handle(logging.makeLogRecord(record | {"msg": "crawl 20261128-233017-dc98 begun 2026-11-28T23:30:17Z"}))

    assert {"20261128-233017-dc98", "2026-11-28T23:30:17Z"} <= set(out.getvalue().split())
    assert [line for line in out.getvalue().splitlines() if len(line) > 40] == []
