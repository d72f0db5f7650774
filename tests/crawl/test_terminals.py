"""What people see: terminals of 80 columns, encodings that lack letters, pipes that nobody reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from rich.cells import cell_len

from tests.command_lines import FORM_FEED
from tests.english import english_in
from tests.programs import PROJECT

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Faults
    from tests.programs import Launcher

PACED = ("-s", "POLITENESS_REQUESTS_PER_SECOND=1000", "-s", "POLITENESS_FAST_ALLOWED=True")
TABLES = [
    "stores",
    "stores --near 37.46,126.89",
    "crawls list",
    "stats",
    "stats all",
    "stats --figures",
    "top",
    "top --once",
]
SENTENCES = [
    "stats --markdown", "crawls show ID", "deadletters list", "deadletters show 1", "politeness show",
    "services status", "doctor --offline", "db migrate", "db reparse --all", "crawls prune", "crawls list --site x_1",
    "plan -a district=강남구",
    "politeness set 99", "politeness set x_1", "pause", "pause ID", "resume ID", "crawls show no_such_id",
    "crawls", "crawls show", "crawls prune x_1 x_2", "deadletters", "deadletters show", "deadletters show 99",
    "deadletters drop x",
    "plan", "plan -a district=강남", "plan -a district=강남구 -a limit=x", "plan x", "plan -a", "perf --only x",
    "demo x_1", "demo --seed x_1", "top a b", "stats no_such_id", "stats --log /nowhere", "services", "db", "doctor x",
    "stats --json --bogus",
    "stores REF", "stores no_such_id", "stores --district 없음", "stores --near x_1", "stores --sort x_1",
    "export", "export -f x_1", "export -o /x_1/x.csv",
    "changes", "changes --since 30d", "changes --since x_1", "gate", "gate show",
    "gate accept x_1", "db", "db check", "db prune --dry-run", "db migrate", "db restore /x_1",
    "db bakcup", "correct", "correct list", "correct REF phone=x_1", "correct REF refill_price_krw=19000 --note x_1",
    "correct list", "correct undo REF", "correct undo REF", "correct hide REF", "correct undo REF",
    "correct forget REF", "correct add name=가게", "correct --judge --json", "audit --sheet /x_1/x.csv",
    "audit --read /x_1", "schedule", "schedule --print x_1", "schedule --print cron --keep 0",
    "schedule --print cron -s NOTIFY_URL=x_1",
    "compare", "compare /x_1/x.csv", "compare x.csv --table x_1", "audit --sample x", "audit --json --sheet x_1",
]  # fmt: skip
JSON = [
    "crawls list --json",
    "crawls show ID --json",
    "deadletters list --json",
    "top --json",
    "plan -a district=강남구 --json",
]
DATA = "export -o - -f csv --limit 1"
"""Bytes in UTF-8 for a file or a pipe; on a terminal for people, in its encoding."""
REQUEST = re.compile(r"^  (?:url|headers|body|meta|cb_kwargs|callback|errback|method|priority)\b.*$", re.MULTILINE)
"""What `deadletters show` shows of the request, by its names in Scrapy."""
MOVES = re.compile(r"\x1b\[(?:\?1049[hl]|\?25[hl]|H|\d*[ABCDGJK])")  # top's cursor, and its screen beside the other
COLOURS = re.compile(r"\x1b\[[\d;]*m")

PRINTS = """
import sys
from refillspot.readable import prepare_streams, say
prepare_streams()
say("무한리필")
say("beside", file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", ">&7", "2>&7", ">&7 2>&7"])
def test_nobody_reads_and_the_exit_code_is_the_usual_one(closed: str) -> None:
    """Streams are closed, or lead into a pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        ["/bin/bash", "-c", f'exec 7>&{writing}; "$@" {closed}', "-", sys.executable, "-E", "-c", PRINTS],
        pass_fds=[writing], capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(writing)

    assert ended.returncode == 3
    assert ended.stdout == ("" if closed.startswith(">") else "무한리필\n")
    assert ended.stderr == ("" if "2>" in closed else "beside\n")


@pytest.mark.parametrize("options", [["-m"], ["-u", "-m"]], ids=["buffered", "unbuffered"])
def test_what_scrapy_prints_may_go_unread_too(options: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, *options, "scrapy"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    os.close(writing)

    assert ended.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="has no /dev/full")
@pytest.mark.parametrize("options", [[], ["-u"]], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("what", [["-c", PRINTS], ["-m", "scrapy"], ["-m", "scrapy", "services", "status"]])
def test_a_full_disk_is_a_sentence(what: list[str], options: list[str], environment: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, *options, *what],
            env=environment | {"PYTHONUNBUFFERED": ""}, cwd=PROJECT,
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert ended.returncode == 1
    *_, told = ended.stderr.splitlines()
    assert told.startswith("Error: the output cannot be written: No space left on device. ")
    assert "Traceback" not in ended.stderr


def test_a_crawl_goes_on_whose_log_nobody_reads_any_more(crawl: Crawl, database_url: str) -> None:
    with crawl.start("-a", "district=금천구", "-a", "limit=3") as process:
        process.wait_for_line("Spider opened")
        assert process.stderr
        process.stderr.close()
        assert process.wait() == 0

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state, stored FROM refillspot.crawls").fetchall() == [("complete", 3)]


def test_a_fleet_outlives_who_reads_it(fleet: Crawl, database_url: str) -> None:
    with fleet.start("-n", "1", "-a", "district=금천구", "-a", "limit=2") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        log = process.stderr.read()
        assert process.wait() == 0, log

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM refillspot.crawls").fetchall() == [("complete",)]


def can_be_folded(line: str) -> bool:
    """Whether a line is neither one long word, nor a command to be copied, nor a heading or a row of Markdown."""
    return " " in line.strip() and not line.startswith(("|", "- ")) and not re.search(r"(: |  )scrapy crawl ", line)


def crawl_with_troubles(crawl: Crawl, faults: Faults) -> str:
    """Return the id of a crawl that is over, with dead letters and odd parts."""
    faults.add(kind="status", status=503, path="/API/profile/", first=3)
    korean = replace(crawl, environment=crawl.environment | {"REFILLSPOT_LANG": "ko"})
    ended = korean.run("-a", "district=금천구", "-a", "limit=30", "-s", "RETRY_TIMES=0", *PACED)
    assert ended.returncode == 3, ended.stderr
    assert english_in(ended.stderr.splitlines()[-1]) == []
    (found,) = json.loads(crawl.operate("crawls", "list", "--json").stdout)
    return str(found["id"])


def shown(
    crawl: Crawl, launcher: Launcher, names: dict[str, str], commands: list[str], **variables: str
) -> dict[str, str]:
    """Return what each command writes on a terminal of 80 columns."""
    lines = [[names.get(word, word) for word in command.split()] for command in commands]
    options = [*crawl.command[2:], *PACED]
    environment = crawl.environment | {"TERM": "xterm-256color"} | variables
    written = launcher.show(
        "tests.command_lines", json.dumps([[*line, *options] for line in lines]), environment=environment
    )
    text = written.decode(variables.get("PYTHONIOENCODING", "utf-8"))
    parts = text.replace("\r\n", "\n").split(FORM_FEED)[1:]
    assert len(parts) == len(commands), text
    assert "Traceback" not in text
    return {command: part.partition("\n")[2] for command, part in zip(commands, parts, strict=True)}


def test_every_command_on_a_terminal(crawl: Crawl, launcher: Launcher, faults: Faults) -> None:
    crawl_id = crawl_with_troubles(crawl, faults)
    (store,) = json.loads(crawl.operate("stores", "--json", "--limit", "1").stdout)
    names = {"ID": crawl_id, "REF": store["ref"]}
    for language in ("en", "ko"):
        told = shown(crawl, launcher, names, [*TABLES, *SENTENCES], REFILLSPOT_LANG=language)
        plain = {name: COLOURS.sub("", MOVES.sub("\n", text) if name == "top" else text) for name, text in told.items()}
        for command, text in plain.items():
            assert text.replace("\n", "").replace("\t", "").isprintable(), (command, text)
            lines = REQUEST.sub("", text).splitlines()
            assert [line for line in lines if cell_len(line) > 80 and can_be_folded(line)] == [], command
        if language == "ko":
            english = {command: english_in(" ".join(REQUEST.sub("", text).split())) for command, text in plain.items()}
            assert {command: words for command, words in english.items() if words} == {}
        for command in ("crawls list", "stats all"):
            assert re.search(rf"^{crawl_id} .* \d{{4}}-\d\d-\d\d \d\d:\d\d", plain[command], re.MULTILINE)

    for encoding in ("ascii", "cp949", "cp1252"):
        told = shown(
            crawl,
            launcher,
            names,
            [*TABLES, *JSON, *SENTENCES[:5], DATA],
            REFILLSPOT_LANG="ko",
            PYTHONIOENCODING=encoding,
        )
        assert all(json.loads(told[command].partition("\n")[0]) for command in JSON)
        (found,) = json.loads(told["crawls list --json"].partition("\n")[0])
        assert found["arguments"]["keywords"][0].endswith("무한리필")
        assert ("금천구" in told["crawls list"]) == (encoding == "cp949")
