"""The stats of any project's log, read without running anything of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pprint import pformat
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.logs import JsonLines, Origin, ScrubbedRecord
from refillspot.report.recorded import read_log, read_runs
from refillspot.stats.crawl import CrawlStats
from tests.stats.making import BEGUN

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "2026-11-24 15:30:00 [scrapy.statscollectors] INFO: Dumping Scrapy stats:\n"
TAIL = "2026-11-24 15:30:01 [scrapy.core.engine] INFO: Spider closed (finished)\nComplete: 5 {stores} stored.\n"
STATS: dict[str, Any] = {
    "downloader/exception_type_count/twisted.internet.error.TimeoutError": 3,
    "elapsed_time_seconds": 12.5,
    "finish_reason": "finished",
    "finish_time": datetime(2026, 11, 24, 15, 30, 12, tzinfo=UTC),
    "item_scraped_count": 5,
    "items_per_minute": None,
    "long": "가 'word' and \"another\" " * 12,
    "nested": {"a": 1, "b": [1, 2]},
    "offset": -3,
    "start_time": datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
}


def log(stats: dict[str, Any]) -> str:
    return f"2026-11-24 15:29:59 [scrapy.core.engine] INFO: Spider opened\n{HEAD}{pformat(stats)}\n{TAIL}"


def read(text: str) -> list[dict[str, Any]]:
    return [run.stats for run in read_runs(text.splitlines(keepends=True), "a.log")]


def test_everything_that_scrapy_writes_is_read() -> None:
    (run,) = read_runs(log(STATS).splitlines(keepends=True), "a.log")

    times = {name: STATS[name].isoformat() for name in ("start_time", "finish_time")}
    assert run.stats == STATS | times
    assert (run.started_at, run.ended_at) == (STATS["start_time"], STATS["finish_time"])


def test_logs_of_json_lines_are_read() -> None:
    record = logging.makeLogRecord({"msg": f"Dumping Scrapy stats:\n{pformat(STATS)}"})
    line = JsonLines(Origin).format(record)
    (stats,) = read(f"{line}\n{JsonLines(Origin).format(logging.makeLogRecord({'msg': 'Spider closed'}))}\n")

    assert stats["long"] == STATS["long"]
    assert read(line[:-9]) == []  # the disk was full


def test_several_runs_of_several_files_are_added_up() -> None:
    runs = [
        *read_runs((log(STATS) * 2).splitlines(keepends=True), "a.log"),
        *read_runs(log(STATS).splitlines(), "b.log"),
    ]
    added = CrawlStats.of(runs, BEGUN)

    assert len(added.workers) == 3
    assert added.stored == 15
    assert added.count("downloader/exception_type_count/*") == 9
    assert added.seconds == 12


def test_a_log_does_not_steer_the_terminal() -> None:
    (run,) = read_runs(log({"finish\x1b[2J_reason": "\x1b]0;title\x07shutdown"}).splitlines(keepends=True), "a.log")

    assert run.stats == {r"finish\u001b[2J_reason": r"\u001b]0;title\u0007shutdown"}


@pytest.mark.parametrize(
    "quoted",
    [
        "ERROR: a request is a dead letter: ApiError: Dumping Scrapy stats: {'item_scraped_count': 9}",
        "[scrapy.statscollectors] INFO: Dumping Scrapy stats: {'item_scraped_count': 9}",
        f"x\n    {HEAD}    {{'item_scraped_count': 9}}",
    ],
)
def test_what_an_entry_quotes_are_no_stats(quoted: str) -> None:
    entry = f"2026-11-24 15:29:59 [refillspot.frontier.acknowledgement] ERROR: the site says: {quoted}\n"

    assert read(entry) == []
    assert read(entry + log({"item_scraped_count": 1})) == [{"item_scraped_count": 1}]


def test_what_this_program_logs_is_read_though_it_indents() -> None:
    message = f"Dumping Scrapy stats:\n{pformat(STATS)}"
    record = ScrubbedRecord("scrapy.statscollectors", logging.INFO, "x.py", 1, message, (), None)
    text = logging.Formatter("2026-11-24 15:30:00 [%(name)s] %(levelname)s: %(message)s\n").format(record)
    broken = text.replace("12.5", "12,5")

    assert read(text)[0]["item_scraped_count"] == 5
    assert read(broken)[0].keys() >= {"item_scraped_count", min(STATS)}


def test_older_versions_write_times_without_a_zone() -> None:
    (run,) = read_runs(log({"start_time": datetime(2020, 1, 1, 9)}).splitlines(keepends=True), "a.log")  # noqa: DTZ001

    assert run.started_at == datetime(2020, 1, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "__import__('os').system('touch {file}')",
        "open('{file}', 'w')",
        "[print(1) for _ in range(3)]",
        "datetime.datetime(2026, 1, open('{file}', 'w'))",
        "datetime.datetime(2026, 13, 45)",
        "datetime.datetime(2026, 1, 1, tzinfo=open('{file}', 'w'))",
        "<class 'scrapy.Spider'>",
        "9" * 5000,
        "(" * 5000,
    ],
)
def test_nothing_of_a_log_is_executed_and_the_rest_is_read(tmp_path: Path, value: str) -> None:
    file = tmp_path / "made"
    text = f"{HEAD}{{'a': 1,\n 'b': {value.replace('{file}', str(file))},\n 'c': 3}}\n{TAIL}"
    (stats,) = read(text)

    assert (stats["a"], stats["c"]) == (1, 3)
    assert "b" not in stats
    assert not file.exists()


def test_stats_may_begin_in_the_line_of_their_title_and_end_with_the_file() -> None:
    assert read(f"{HEAD.rstrip()} {{'a': 1, 'b': {{'c': 2}}}}") == [{"a": 1, "b": {"c": 2}}]
    assert read(f"{HEAD}{{'a': 1,\n 'b': 2") == [{"a": 1, "b": 2}]  # the disk was full


@pytest.mark.parametrize("text", ["", "nothing here\n", HEAD, f"{HEAD}[1, 2]\n", f"{HEAD}{{}}\n{TAIL}"[: len(HEAD)]])
def test_a_log_without_stats_has_no_runs(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_of_any_system(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.log"
    file.write_text(log(STATS), encoding, newline="\r\n")
    (run,) = read_log(str(file))

    assert run.stats["long"] == STATS["long"]


def test_bytes_that_are_no_text_cost_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"\xff\xfe\xfd"[::-1] + b"\xb0\xa1\n" + log(STATS).encode())

    assert len(read_log(str(file))) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_log(str(tmp_path / "missing.log"))


@pytest.mark.parametrize(
    ("stats", "state"),
    [
        ({"finish_reason": "finished"}, "complete"),
        ({"finish_reason": "shutdown"}, "interrupted"),
        ({"finish_reason": "closespider_timeout"}, "interrupted"),
        ({"finish_reason": "closespider_errorcount"}, "stopped"),
        ({"item_scraped_count": 1}, "unknown"),
    ],
)
def test_how_a_logged_crawl_ended(stats: dict[str, Any], state: str) -> None:
    assert CrawlStats.of(read_runs(log(stats).splitlines(keepends=True), "a.log"), BEGUN).state == state
