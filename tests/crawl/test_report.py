"""`scrapy stats` after real crawls: each kind of fault of the replica is named, with as many as it made."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.clock import Clock
from refillspot.exit_status import HELD
from refillspot.policies.politeness import LATENCIES
from refillspot.report.recorded import Records
from refillspot.report.report import report_on
from tests.crawl.conftest import start_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from refillspot.report.findings import Finding
    from tests.crawl.conftest import Crawl, Faults, Site
    from tests.programs import Launcher

LIST, STORE, ROBOTS = "/API/isearch/", "/API/profile/", "/robots.txt"
FEW = (
    "-a", "keywords=무한리필,뷔페,무제한,샐러드바", "-a", "limit=60",
    "-s", "POLITENESS_REQUESTS_PER_SECOND=200", "-s", "POLITENESS_BLOCK_SECONDS=0.1",
    "-s", "RETRY_TIMES=2", "-s", "RETRY_BACKOFF_SECONDS=0.05",
    "-s", "EARLY_STOP_PAGES=0",  # the first answers are the bad ones
)  # fmt: skip

DISTRICT = ("-a", "district=종로구")
MAY_FOLLOW = {
    "dead_letters",
    "slow_answers",
    "rows_elsewhere",
    "other_road",
    "no_other_road",
    "blocked_often",
}  # no kinds of fault, but what some may come to
RULES = "User-agent: *\nDisallow: /API/profile/\nCrawl-delay: 0.01\n"
Kind = tuple[dict[str, Any], tuple[str, ...]]


def some(*keys: str, path: str = STORE, share: float = 0.02, **fault: Any) -> Kind:
    """Return a fault that spoils a share of the pages of a kind, and the findings that count it."""
    return {"path": path, "probability": share, **fault}, keys


@pytest.fixture(scope="module")
def running_site(launcher: Launcher) -> Iterator[Site]:
    """A site without odd parts, so that its faults are all that there is to tell."""
    with start_site(launcher, "--odd", "0") as site:
        yield site


def seed_for(number: int, of: int, share: float) -> int:
    """Return a seed with which a fault hits, of the first so many requests, the one of this number and no other."""

    def hits(seed: int) -> list[int]:
        draws = Random(seed)  # noqa: S311  # as the replica draws
        return [request for request in range(1, of + 1) if draws.random() < share]

    return next(seed for seed in count() if hits(seed) == [number])


TRIED_AGAIN = [
    some("too_many_requests", kind="status", status=429),
    some("too_many_requests", "retry_after_unusable", kind="status", status=429, retry_after=0),
    some("too_many_requests", "retry_after_unusable", kind="status", status=429, retry_after=-5),
    some("too_many_requests", "retry_after_unusable", kind="status", status=429, retry_after="soon"),
    some("too_many_requests", "retry_after_unusable", kind="status", status=429, retry_after="date-30"),
    some("forbidden", kind="status", status=403),
    some("server_errors", kind="status", status=500),
    some("server_errors", kind="status", status=503),
    some("connections", kind="reset"),
    some("connections", kind="reset", after=100),
    some("garbled", kind="truncated"),
    some("api_errors", kind="result_code"),
]
FOR_GOOD = [
    some("not_found", kind="status", status=404),
    some("too_large", kind="huge", megabytes=9),
    some("too_large", kind="huge", megabytes=9, announced=False),
    some("too_large", kind="bomb", megabytes=9),
    some("too_large", kind="bomb", encoding="br", megabytes=9),
    some("too_large", kind="bomb", encoding="zstd", megabytes=9),
    some("unread_stores", kind="wrong_json"),
    some("unread_stores", kind="layout", change="renamed", key="restaurant"),
    some("unread_stores", kind="layout", change="retyped", key="rn"),
]
BLOCKS = [
    some("verification_pages", kind="verification"),
    some("verification_pages", kind="verification", status=202),
    some("verification_pages", "forbidden", kind="verification", status=403),
    some("pages_for_humans", kind="html"),
]
LISTS_AND_RULES = [
    some("doubtful_lists", kind="misencoded", path=LIST),  # the first list
    some("doubtful_lists", kind="widened", path=LIST),  # the second
    some("unread_lists", kind="layout", change="missing", key="v_rid", path=LIST),  # the third
    some("robots_unreadable", "server_errors", kind="status", status=503, path=ROBOTS, share=1.0, first=2),
]


def findings(crawl: Crawl) -> dict[str, Finding]:
    """Return what `scrapy stats last` prints, but for slow answers: on a busy machine all of them may be."""
    return {key: one for key, one in all_findings(crawl).items() if key != "slow_answers"}


def all_findings(crawl: Crawl) -> dict[str, Finding]:
    records = Records(crawl.environment["DATABASE_URL"], Clock().now())
    return {one.key: one for one in report_on(records.stats(records.find("last"))).findings}


@pytest.mark.parametrize(
    ("kinds", "district"),
    [(TRIED_AGAIN, "종로구"), (FOR_GOOD, "종로구"), (BLOCKS, "종로구"), (LISTS_AND_RULES, "금천구")],
    ids=["tried again", "for good", "blocks", "lists and rules"],
)
def test_each_kind_of_fault_is_named_and_counted(
    crawl: Crawl, faults: Faults, kinds: list[Kind], district: str
) -> None:
    for number, (fault, _) in enumerate(kinds, 1):
        share = fault["probability"]
        faults.add(**fault, seed=seed_for(number, len(kinds), share) if share < 1 else 0)
    result = crawl.run("-a", f"district={district}", *FEW)
    while result.returncode == HELD:  # the third block within a day
        assert crawl.operate("resume", "-s", "POLITENESS_REQUESTS_PER_SECOND=200").returncode == 0
        result = crawl.run("-a", f"district={district}", *FEW)
    log = result.stderr
    expected: Counter[str] = Counter()
    for fired, (fault, keys) in zip(faults.fired(), kinds, strict=True):
        assert fired, f"{fault} hit nothing"
        expected.update(dict.fromkeys(keys, fired))
    found = findings(crawl)

    assert {key: one.count for key, one in found.items() if key not in MAY_FOLLOW} == expected, log[-5000:]
    assert all(one.happened and one.cause and one.remedy for one in found.values())


def test_answers_that_take_too_long_and_a_limit_that_is_not_told(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="delay", seconds=60, path=STORE, first=1)
    faults.add(kind="drip", bytes_per_second=1, path=STORE, probability=0.1, seed=seed_for(2, 2, 0.1))
    faults.add(kind="rate_limit", limit=8, per=60, path=STORE)  # more than this test takes
    log = crawl.run(*DISTRICT, *FEW, "-a", "limit=20", "-s", "DOWNLOAD_TIMEOUT=1.5").stderr
    delayed, dripped, refused = faults.fired()
    found = findings(crawl)

    assert min(delayed, dripped, refused) > 0
    assert found["timeouts"].count >= delayed + dripped, log[-5000:]  # a busy machine is late as well
    assert found["too_many_requests"].count == refused
    assert found.keys() <= {"timeouts", "too_many_requests", *MAY_FOLLOW}


def test_a_wait_that_the_site_asks_for(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="status", status=429, retry_after=1, path=LIST, first=1)
    # Far beyond the wait above: what asks for little more, during a wait, is one wait with it
    faults.add(kind="status", status=503, retry_after="date+6", path=STORE, first=1)
    crawl.run(*DISTRICT, *FEW)
    found = findings(crawl)

    assert {key: one.count for key, one in found.items()} == {
        "too_many_requests": 1, "server_errors": 1, "held": 2,
    }  # fmt: skip
    assert "longest wait was 0:0" in found["held"].happened


def test_an_absurd_wait_and_an_interruption(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="status", status=429, path=STORE, retry_after=999999999, first=1)
    with crawl.start(*DISTRICT, *FEW) as process:
        process.wait_for_line("politeness, held")
        process.terminate()
        process.communicate()
    found = findings(crawl)

    told = crawl.operate("stats", "last").stdout

    assert found.keys() == {"interrupted", "too_many_requests", "held", "retry_after_cut"}
    assert "1 answer was HTTP 429" in told
    assert "1:00:00" in found["held"].happened
    assert "scrapy crawl diningcode -a district=종로구" in found["interrupted"].remedy


def test_answers_that_take_twice_as_long(crawl: Crawl) -> None:
    few = ("-a", f"limit={2 * LATENCIES}", "-s", 'SPIDER_MIDDLEWARES={"tests.crawl.poison.SlowAfterASample": 1}')
    log = crawl.run(*DISTRICT, *FEW, *few).stderr

    assert all_findings(crawl).keys() == {"slow_answers"}, log[-3000:]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "behind a byte-order mark"])
def test_what_the_rules_forbid(crawl: Crawl, faults: Faults, mark: str) -> None:
    faults.add(kind="html", path=ROBOTS, body=mark + RULES)
    crawl.run(*DISTRICT, *FEW)
    found = findings(crawl)

    assert found.keys() == {"robots_forbidden", "crawl_delay", "dead_letters"}
    assert found["robots_forbidden"].count == found["dead_letters"].count > 20


def test_a_clean_crawl_is_told_in_six_lines_and_compared_with_the_one_before(
    cached_crawl: Crawl, site: Site, tmp_path: Path
) -> None:
    first = cached_crawl.run(*DISTRICT, *FEW, "-a", "keywords=뷔페")
    assert len(site.log()) < 2 * LATENCIES  # too few for some of them to be slower than others
    told_first = cached_crawl.operate("stats").stdout.splitlines()
    cached_crawl.run(*DISTRICT, *FEW, "-a", "keywords=뷔페")
    told_again = cached_crawl.operate("stats", "last").stdout.splitlines()
    newest, oldest = (one["crawl"] for one in json.loads(cached_crawl.operate("stats", "all", "--json").stdout))

    assert len(told_first) == len(told_again) == 6
    assert "Nothing went wrong" in told_first[0]
    assert "of 200/s" in told_first[2]
    assert "are all-you-can-eat (confirmed " in told_first[3]
    assert told_again[3] == told_first[3]  # though no page was asked for
    assert "100 %" in told_again[4]
    assert oldest in told_again[5]
    assert "stores =" in told_again[5]
    backwards = cached_crawl.operate("stats", oldest[:-1], "--against", newest, "--markdown").stdout
    assert backwards.startswith(f"# Crawl {oldest}")
    assert newest in backwards
    are_logs_read_without_any_server(cached_crawl, first.stderr, tmp_path)


def are_logs_read_without_any_server(crawl: Crawl, text: str, directory: Path) -> None:
    log, empty = directory / "crawl.log", directory / "empty.log"
    log.write_text(text, "utf-8")
    empty.write_text("nothing\n", "utf-8")
    away = replace(crawl, environment=crawl.environment | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"})
    told = away.operate("stats", "--log", str(log), str(empty))

    assert told.returncode == 0
    assert len(told.stdout.splitlines()) == 6
    assert f"no stats in {empty}" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 1, "no crawl"),
        (["--frobnicate"], 2, "--frobnicate"),
        (["all", "--against", "last"], 2, "use one of"),
    ],
)
def test_wrong_usage_says_what_is_right(crawl: Crawl, arguments: list[str], code: int, told: str) -> None:
    result = crawl.operate("stats", *arguments)

    assert result.returncode == code
    assert told in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
