"""A plain `scrapy crawl`: a screen for the person, all of it in a file; the log as Scrapy's where that is asked for."""

from __future__ import annotations

import re
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from refillspot.report.recorded import read_log

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl

FEW = ("-a", "district=강남구", "-a", "limit=10")
SCREEN = 24  # lines of a terminal
MADE_SO = "LOG_LEVEL=INFO"  # of the other tests


def test_ten_stores_are_a_screen_and_a_file_that_a_report_can_be_made_of(crawl: Crawl, tmp_path: Path) -> None:
    at = crawl.command.index(MADE_SO)
    plain = replace(
        crawl,
        command=crawl.command[: at - 1] + crawl.command[at + 1 :],
        environment=crawl.environment | {"REFILLSPOT_HOME": str(tmp_path / "home")},
    )

    wrong = plain.run("-a", "district=강남")
    ended = plain.run(*FEW, "-s", f"JOBDIR={tmp_path / 'job'}")
    assert wrong.returncode == 2
    assert "log: " not in wrong.stderr
    log = max((tmp_path / "home" / "logs").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    loud = plain.run(*FEW, "-L", "DEBUG")

    assert (ended.returncode, loud.returncode) == (0, 0), ended.stderr + loud.stderr[-2000:]
    said = ended.stderr.splitlines()
    assert f"log: {log}" in said
    assert said[-1].startswith("Complete: 10 stores")
    assert len(said) <= SCREEN
    assert [line for line in said if "JOBDIR has no effect here" in line] == said[:1]
    assert not (tmp_path / "job").exists()
    assert any(re.search(r"INFO: crawl \S+, begun at", line) for line in said)
    assert sys.platform == "win32" or stat.S_IMODE(log.stat().st_mode) == 0o600
    (run,) = read_log(str(log))
    assert run.stats["postgres/rows"] == 10
    assert "'lxml'" not in log.read_text("utf-8")
    assert "NOTIFY_URL is not set" not in log.read_text("utf-8")
    assert "'lxml'" in loud.stderr  # the versions
    assert "DEBUG: Crawled (200)" in loud.stderr
    assert "Dumping Scrapy stats" in loud.stderr
    assert len([*Path(log.parent).iterdir()]) == len([wrong, ended])
