"""What the site sees of a crawl when it shows distress; judged by its own log."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.clock import KST
from tests.crawl.moments import fetched

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

PACE = ("-s", "POLITENESS_REQUESTS_PER_SECOND=40")
FEW = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=12", *PACE, "-s", "RETRY_BACKOFF_SECONDS=0.2")
STORE, LIST, ROBOTS = "/API/profile/", "/API/isearch/", "/robots.txt"
BLOCK_SECONDS = 3.0
BLOCK = ("-s", f"POLITENESS_BLOCK_SECONDS={BLOCK_SECONDS}")


def count(log: str, name: str) -> int:
    """Return what Scrapy's stats say at the end; 0 where there is no such."""
    found = re.findall(rf"'politeness/{name}': (\d+)", log)
    return int(found[0]) if found else 0


def run(crawl: Crawl, *options: str) -> str:
    result = crawl.run(*options)
    assert result.returncode == 0, result.stderr[-4000:]
    return result.stderr


def longest_pause(site: Site) -> float:
    times = sorted(entry["arrived"] for entry in site.log())
    return float(max(after - before for before, after in pairwise(times)))


def test_eight_refusals_at_once_count_once(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=1, first=8)
    log = run(crawl, *FEW, "-s", "POLITENESS_REQUESTS_PER_SECOND=500")  # all have left when the first answer comes

    assert [entry["status"] for entry in site.log()].count(429) == 8
    assert count(log, "slowed") == 1
    assert 1 <= count(log, "held") <= 2
    assert len(rows()) == 12


@pytest.mark.parametrize(
    ("retry_after", "least"),
    [(2, 2.0), ("date+3", 2.0), ("0", 0.0), ("-5", 0.0), ("soon", 0.0), ("date-30", 0.0)],
)
def test_retry_after_holds_everything_back(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, retry_after: int | str, least: float
) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=retry_after, first=1)
    log = run(crawl, *FEW)

    asked = [entry["arrived"] for entry in site.log()]
    refused = next(entry["arrived"] for entry in site.log() if entry["status"] == 429)
    under_way = 0.5  # seconds: a lease, and what had left before
    assert not [at for at in asked if refused + under_way < at < refused + least - 0.1]
    assert count(log, "slowed") == 1
    assert count(log, "held") == (1 if least else 0)
    assert len(rows()) == 12
    assert max(fetched(site).values()) == 2


def test_an_absurd_retry_after_is_cut_and_a_crawl_that_waits_can_be_stopped(
    crawl: Crawl, site: Site, faults: Faults
) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=999999999, first=1)
    with crawl.start(*FEW) as process:
        assert process.stderr
        held = next(line for line in process.stderr if "politeness, held" in line)
        before = len(site.log())
        process.terminate()
        _, log = process.communicate()

    assert "nothing leaves for 3600 s" in held
    assert process.returncode == 130, log[-3000:]
    assert len(site.log()) <= before + 8  # those that had left


@pytest.mark.parametrize("status", [200, 202, 403])
def test_a_verification_page_stops_all_and_the_crawl_goes_on_by_itself(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, status: int
) -> None:
    faults.add(kind="verification", path=STORE, status=status, first=1)
    log = run(crawl, *FEW, *BLOCK)

    assert count(log, "blocked") == 1
    assert f"verification page under HTTP {status}" in log
    assert longest_pause(site) >= BLOCK_SECONDS - 0.5
    assert len(rows()) == 12
    assert max(fetched(site).values()) == 2


def test_a_page_for_humans_where_none_was_due_is_a_block(crawl: Crawl, rows: Rows, faults: Faults) -> None:
    faults.add(kind="html", path=STORE, first=1)
    log = run(crawl, *FEW, *BLOCK)

    assert count(log, "blocked") == 1
    assert len(rows()) == 12


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        ({"kind": "status", "status": 500}, 0.0),
        ({"kind": "status", "status": 403}, 0.0),
        ({"kind": "verification", "status": 200}, BLOCK_SECONDS - 0.5),
        ({"kind": "reset"}, 0.0),
    ],
)
def test_rules_that_cannot_be_read_allow_nothing(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, fault: dict[str, Any], pause: float
) -> None:
    faults.add(path=ROBOTS, first=2, **fault)
    log = run(crawl, *FEW, *BLOCK)

    kinds = [entry["kind"] for entry in site.log()]
    assert kinds[:3] == ["robots"] * 3
    assert "robots" not in kinds[3:]
    assert re.findall(r"'robotstxt/unknown': (\d+)", log) == ["2"]
    assert longest_pause(site) >= pause
    assert len(rows()) == 12


def test_no_rules_allow_everything(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=404, path=ROBOTS)
    run(crawl, *FEW)

    assert [entry["kind"] for entry in site.log()].count("robots") == 1
    assert len(rows()) == 12


def test_what_the_rules_forbid_is_not_asked(crawl: Crawl, site: Site, faults: Faults) -> None:
    rules = "User-agent: *\nAllow: /\n\nUser-agent: refillspot\nDisallow: /API/profile/\nCrawl-delay: 0.5\n"
    faults.add(kind="html", path=ROBOTS, body=rules)
    result = crawl.run(*FEW)

    assert {entry["kind"] for entry in site.log()} == {"robots", "list"}
    assert "Forbidden by robots.txt" in result.stderr
    assert result.returncode != 0
    times = [entry["arrived"] for entry in site.log() if entry["kind"] == "list"]
    assert all(after - before > 0.4 for before, after in pairwise(times[1:]))


def test_a_site_of_errors_is_asked_less_and_less(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=503, path=STORE, probability=0.5)
    log = run(crawl, *FEW, "-s", "RETRY_TIMES=20", "-a", "limit=30")

    assert count(log, "slowed") >= 1
    assert "answers were errors" in log
    assert rows().keys() == fetched(site).keys()
    assert len(rows()) == 30


def test_what_can_never_succeed_is_asked_once(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="status", status=404, path=STORE)
    result = crawl.run(*FEW)

    assert result.returncode == 3, result.stderr[-3000:]
    assert set(fetched(site).values()) == {1}


def test_the_pace_is_shown_and_changed_while_it_is_kept(crawl: Crawl, site: Site, key_prefix: str) -> None:
    slow = ("-s", "POLITENESS_REQUESTS_PER_SECOND=2")
    with crawl.start(*FEW, *slow) as process:
        assert process.stderr
        next(line for line in process.stderr if "Spider opened" in line)
        while len(site.log()) < 3:
            time.sleep(0.01)
        changed = crawl.operate("politeness", "set", "30", "--json", *slow)
        before = json.loads(crawl.operate("politeness", "show", "--json", *slow).stdout)
        process.communicate()
    shown = crawl.operate("politeness", "show", *slow)

    assert process.returncode == 0
    assert json.loads(changed.stdout)["ceiling"] == before["ceiling"] == 30
    assert "of at most 30" in shown.stdout
    times = sorted(entry["arrived"] for entry in site.log())
    assert times[-1] - times[-6] < 5 / 2  # five of them at two a second take longer
    assert key_prefix


@pytest.mark.parametrize("arguments", [["set", "fast"], ["set", "0"], ["set", "-3"], ["set"], ["open"], []])
def test_a_pace_that_is_none_is_refused(crawl: Crawl, arguments: list[str]) -> None:
    result = crawl.operate("politeness", *arguments)

    assert result.returncode == 2
    assert "requests a second" in result.stderr
    assert "Traceback" not in result.stderr


def test_outside_the_window_nothing_is_asked(crawl: Crawl, site: Site) -> None:
    """The product's clock stands some seconds before the window opens."""
    now = datetime.now(KST)
    opens = now.replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=1)
    offset = (opens - now).total_seconds() - 12
    options = ("-s", "CRAWL_WINDOW=01:00-06:00", "-s", f"CLOCK_OFFSET_SECONDS={offset:.0f}")
    with crawl.start(*FEW, *options) as process:
        assert process.stderr
        told = next(line for line in process.stderr if "outside CRAWL_WINDOW" in line)
        asked = len(site.log())
        process.communicate()

    assert "01:00 KST" in told
    assert asked == 0
    assert process.returncode == 0
    assert len(site.log()) > 12
