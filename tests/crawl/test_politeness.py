"""What the site sees of a crawl when it shows distress; judged by its own log."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.clock import KST
from tests.crawl.conftest import Faults, start_site
from tests.crawl.moments import fetched, wait_for_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crawl.conftest import Crawl, Site
    from tests.programs import Launcher

    Rows = Callable[[], dict[str, dict[str, Any]]]

PACE = ("-s", "POLITENESS_REQUESTS_PER_SECOND=40")
FEW = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=12", *PACE, "-s", "RETRY_BACKOFF_SECONDS=0.2")
STORE, LIST, ROBOTS = "/API/profile/", "/API/isearch/", "/robots.txt"
BLOCK_SECONDS = 1.0  # a tenth of what would be asked meanwhile: PACE
ALONE = ("-s", "CONCURRENT_REQUESTS=1", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-s", "CONCURRENCY_START=1")
"""Nothing is under way when an answer comes: what is asked next was asked with all that the answer says."""
TO_THE_END = ("-s", "EARLY_STOP_PAGES=0")
BLOCK = ("-s", f"POLITENESS_BLOCK_SECONDS={BLOCK_SECONDS}", *ALONE)


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


@pytest.fixture(scope="module")
def thoughtful_site(launcher: Launcher) -> Iterator[Site]:
    """Takes so long for an answer that on any machine eight requests have left when the first one comes."""
    with start_site(launcher, "--latency-ms", "2000", "--refill-stores", "800", "--ordinary-stores", "400") as site:
        yield site


def test_eight_refusals_at_once_count_once(crawl: Crawl, thoughtful_site: Site, rows: Rows) -> None:
    Faults(thoughtful_site.url).add(kind="status", status=429, path=STORE, retry_after=1, first=8)
    there = ("-s", f"DININGCODE_API_URL={thoughtful_site.url}", "-s", f"DININGCODE_WEB_URL={thoughtful_site.url}")
    log = run(crawl, *FEW, *there, "-s", "POLITENESS_REQUESTS_PER_SECOND=500")

    assert [entry["status"] for entry in thoughtful_site.log()].count(429) == 8
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
    log = run(crawl, *FEW, *ALONE)

    refused = next(entry["arrived"] for entry in site.log() if entry["status"] == 429)
    assert min(entry["arrived"] for entry in site.log() if entry["arrived"] > refused) >= refused + least
    assert count(log, "slowed") == 1
    assert count(log, "held") == (1 if least else 0)
    assert len(rows()) == 12
    assert max(fetched(site).values()) == 2


def test_an_absurd_retry_after_is_cut_and_a_crawl_that_waits_can_be_stopped(
    crawl: Crawl, site: Site, faults: Faults
) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=999999999, first=1)
    with crawl.start(*FEW) as process:
        held = process.wait_for_line("politeness, held")
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
    assert longest_pause(site) >= BLOCK_SECONDS
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
        ({"kind": "verification", "status": 200}, BLOCK_SECONDS),
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
    result = crawl.run(*FEW, "-a", "keywords=무한리필,뷔페,무제한,샐러드바,두끼", *TO_THE_END)

    assert {entry["kind"] for entry in site.log()} == {"robots", "list"}
    assert "Forbidden by robots.txt" in result.stderr
    assert result.returncode != 0
    times = [entry["arrived"] for entry in site.log() if entry["kind"] == "list"]
    assert len(times) > 3
    assert times[-1] - times[1] >= 0.5 * (len(times) - 2) - 0.25  # the first may be late, by half of a delay


def test_a_site_of_errors_is_asked_less_and_less(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=503, path=STORE, probability=0.5)
    log = run(crawl, *FEW, "-s", "RETRY_TIMES=20", "-a", "limit=30")

    assert count(log, "slowed") >= 1
    assert "answers were errors" in log
    assert rows().keys() == fetched(site).keys()
    assert len(rows()) == 30


def test_what_can_never_succeed_is_asked_once(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="status", status=404, path=STORE)
    result = crawl.run(*FEW, *TO_THE_END)

    assert result.returncode == 3, result.stderr[-3000:]
    assert set(fetched(site).values()) == {1}


def test_the_pace_is_shown_and_changed_while_it_is_kept(crawl: Crawl, site: Site) -> None:
    slow = ("-s", "POLITENESS_REQUESTS_PER_SECOND=0.01")  # the second request would leave after this test's time-out
    with crawl.start(*FEW, *slow) as process:
        process.wait_for_line("Spider opened")
        while not site.log():
            time.sleep(0.01)
        changed = crawl.operate("politeness", "set", "30", "--json", *slow)
        before = json.loads(crawl.operate("politeness", "show", "--json", *slow).stdout)
        process.communicate()
    shown = crawl.operate("politeness", "show", *slow)

    assert process.returncode == 0
    assert json.loads(changed.stdout)["ceiling"] == before["ceiling"] == 30
    assert "of at most 30" in shown.stdout
    assert len(site.log()) > 12


def test_a_person_lifts_a_false_block(crawl: Crawl, rows: Rows, faults: Faults) -> None:
    faults.add(kind="verification", path=STORE, first=1)
    with crawl.start(*FEW, *ALONE, "-s", "POLITENESS_BLOCK_SECONDS=3000") as process:
        process.wait_for_line("politeness, blocked")
        lifted = crawl.operate("politeness", "reset", *PACE)
        _, log = process.communicate()
    shown = crawl.operate("politeness", "show", *PACE)

    assert lifted.returncode == process.returncode == 0, log[-3000:]
    assert "verification page" in lifted.stdout
    assert "politeness, reset" in log
    assert len(rows()) == 12
    assert "lifted by hand" in shown.stdout


def test_a_crawl_under_a_block_says_so_to_whoever_looks(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="verification", path=STORE, first=1)
    held = crawl.having(*FEW, *ALONE, "-s", "POLITENESS_BLOCK_SECONDS=3000")
    with held.start() as one:
        first = one.wait_for_line("politeness, blocked")
        asked = len(site.log())
        with held.start() as two:
            late = two.wait_for_line("politeness,")
            looked = crawl.operate("top", "--once", *PACE).stdout
            for worker in (one, two):
                worker.terminate()
            for worker in (one, two):
                worker.communicate()

    assert " KST" in first
    assert "waits: nothing leaves for another" in late
    assert "a verification page" in late
    assert "Nothing leaves until" in looked
    assert "no limit" not in looked
    assert len(site.log()) == asked


@pytest.mark.parametrize("contact", ["https://example.org/crawler", "someone@example.org"])
def test_the_site_is_told_whom_it_may_write_to(crawl: Crawl, site: Site, contact: str) -> None:
    known = replace(crawl, environment=crawl.environment | {"CONTACT": contact})
    run(known, *FEW)

    assert {entry["user_agent"] for entry in site.log()} == {f"refillspot/0.1 (+{contact})"}


def test_a_contact_that_is_none_is_refused(crawl: Crawl, site: Site) -> None:
    result = crawl.run(*FEW, "-s", "CONTACT=me, myself")

    assert result.returncode == 2
    assert "CONTACT=me, myself is neither" in result.stderr
    assert site.log() == []


def test_the_third_block_ends_the_crawl_until_a_person_resumes_it(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults
) -> None:
    quick = (*ALONE, "-s", "POLITENESS_BLOCK_SECONDS=0.3")
    faults.add(kind="verification", path=STORE, first=3)
    ended = crawl.run(*FEW, *quick)
    asked = len(site.log())
    again = crawl.run(*FEW, *quick)

    assert ended.returncode == again.returncode == 4, ended.stderr[-3000:]
    assert count(ended.stderr, "blocked") == 3
    assert "scrapy resume" in ended.stderr.splitlines()[-1] == again.stderr.splitlines()[-1]
    assert len(site.log()) == asked
    assert crawl.operate("resume", *PACE).returncode == 0
    assert crawl.run(*FEW, *quick).returncode == 0
    assert len(rows()) == 12


def test_a_worker_that_was_not_blocked_ends_with_the_others(
    crawl: Crawl, faults: Faults, redis_url: str, key_prefix: str
) -> None:
    slowly = crawl.having("-a", "district=금천구", *ALONE, "-s", "POLITENESS_REQUESTS_PER_SECOND=2")
    quick = slowly.having("-s", "POLITENESS_BLOCK_SECONDS=0.3")
    with quick.start() as one, quick.start() as two:
        wait_for_workers(redis_url, key_prefix, 2)
        faults.add(kind="verification", path="/API/")
        logs = [worker.communicate()[1] for worker in (one, two)]

    assert (one.returncode, two.returncode) == (4, 4), logs
    assert sum(count(log, "blocked") for log in logs) == 3
    assert [count(log, "stopped") for log in logs] == [1, 1]


@pytest.mark.parametrize("arguments", [["set", "fast"], ["set", "0"], ["set", "-3"], ["set"], ["open"], []])
def test_a_pace_that_is_none_is_refused(crawl: Crawl, arguments: list[str]) -> None:
    result = crawl.operate("politeness", *arguments)

    assert result.returncode == 2
    assert "requests per second" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("pace", ["0", "10.5", "-1", "fast"])
@pytest.mark.parametrize("command", ["crawl", "fleet", "politeness"])
def test_a_slip_burdens_nobody_elses_site(crawl: Crawl, command: str, pace: str) -> None:
    elsewhere = ("-s", "DININGCODE_API_URL=https://im.invalid", "-s", f"POLITENESS_REQUESTS_PER_SECOND={pace}")
    what = ("show",) if command == "politeness" else FEW[:6]
    program = crawl.other(command) if command == "politeness" else replace(crawl, command=[command, *crawl.command[1:]])
    result = program.run(*what, *elsewhere)

    assert result.returncode == 2, result.stderr[-3000:]
    assert "POLITENESS_" in result.stderr
    assert "Traceback" not in result.stderr


def test_more_than_ten_a_second_of_another_site_must_be_meant(crawl: Crawl) -> None:
    elsewhere = ("-s", "DININGCODE_API_URL=https://im.invalid", "-s", "POLITENESS_REQUESTS_PER_SECOND=1")
    refused = crawl.operate("politeness", "set", "20", *elsewhere)
    meant = crawl.operate("politeness", "set", "20", "--yes", "--json", *elsewhere)

    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert json.loads(meant.stdout)["ceiling"] == 20


def test_workers_without_a_limit_have_no_pace_to_show(crawl: Crawl) -> None:
    shown = crawl.operate("politeness", "show")

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("no limit")


@pytest.mark.parametrize("is_open", [False, True])
def test_a_crawl_begins_when_the_window_opens(crawl: Crawl, site: Site, *, is_open: bool) -> None:
    """The product's clock stands an hour before the window opens, or in it."""
    now = datetime.now(KST)
    opens = now.replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=1)
    offset = (opens - now).total_seconds() + (3600 if is_open else -3600)
    with crawl.start(*FEW, "-s", "CRAWL_WINDOW=01:00-06:00", "-s", f"CLOCK_OFFSET_SECONDS={offset:.0f}") as process:
        if not is_open:
            assert "01:00 KST" in process.wait_for_line("outside CRAWL_WINDOW")
            process.terminate()
        _, log = process.communicate()

    assert process.returncode == (0 if is_open else 130), log
    assert (len(site.log()) > 12) == is_open
    assert ("outside CRAWL_WINDOW" in log) is False


def test_a_crawl_waits_for_its_window(crawl: Crawl, site: Site) -> None:
    """How long a start takes nobody knows: the window opens later and later, until a crawl has come before that."""
    for seconds in (4, 16, 64):
        now = datetime.now(KST)
        opens = now.replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=1)
        offset = (opens - now).total_seconds() - seconds
        site.clear_log()
        with crawl.start(*FEW, "-s", "CRAWL_WINDOW=01:00-06:00", "-s", f"CLOCK_OFFSET_SECONDS={offset:.0f}") as process:
            _, log = process.communicate()
        if "outside CRAWL_WINDOW" in log:
            break

    assert process.returncode == 0
    assert "outside CRAWL_WINDOW" in log
    assert len(site.log()) > 12
