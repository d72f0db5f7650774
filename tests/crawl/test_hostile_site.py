"""A site that attacks whoever crawls it: the honest rest is complete, what was hostile is named, and does nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.crawl.hostile_site import FORGED, READ, TRICKS, HostileSite, Inner, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crawl.conftest import Crawl, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT, KEYWORD = "금천구", "무한리필"
OPTIONS = (
    "-s", "POLITENESS_REQUESTS_PER_SECOND=200", "-s", "RETRY_TIMES=1", "-s", "RETRY_BACKOFF_SECONDS=0.1",
    "-s", "EARLY_STOP_PAGES=0", "-s", "CACHE_ENABLED=True", "-s", "LOG_LEVEL=DEBUG",
)  # fmt: skip
ENTRY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[\w.-]+\] [A-Z]+: |    |Traceback \(most recent call last\):|$")
"""How a line of a log may begin."""


def reachable(site: Site) -> list[str]:
    truth = site.truth(DISTRICT, KEYWORD)
    return sorted(store["ref"] for store in truth if store["refill"] and store["reached_by"])


@pytest.fixture
def hostile(site: Site) -> Iterator[HostileSite]:
    with serving(Inner()) as inner, serving(HostileSite(site.url, inner, reachable(site))) as hostile:
        yield hostile


def acts(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\t", "\n", "\u200d"}


def test_the_honest_rest_is_complete_and_the_hostile_named(
    crawl: Crawl, site: Site, hostile: HostileSite, rows: Rows, database_url: str
) -> None:
    at = ("-s", f"DININGCODE_API_URL={hostile.url}", "-s", f"DININGCODE_WEB_URL={hostile.url}")
    crawl = crawl.having(*OPTIONS, *at)
    result = crawl.run("-a", f"district={DISTRICT}", "-a", f"keywords={KEYWORD}")

    assert result.returncode == 3, result.stderr[-3000:]
    assert set(hostile.tricks.values()) == TRICKS.keys(), "too few stores for the tricks"
    lost = hostile.refs(TRICKS.keys() - READ)
    stored = rows()
    assert set(reachable(site)) - lost <= stored.keys()
    assert lost.isdisjoint(stored)
    assert "[red] [/] :smile:" in stored[hostile.refs(["hostile parts"]).pop()]["name"]

    # nobody was sent anywhere, and the rules were not read to their end
    assert hostile.inner.asked == []
    assert {path.partition("?")[0] for path in hostile.strays} == {"/API/again/"}
    assert hostile.rules_sent == 0

    # each is named, in whatever people look at, and does nothing there
    told = [crawl.operate(*command) for command in COMMANDS]
    outputs = [result.stderr, *(one.stdout + one.stderr for one in told)]
    assert [one.returncode for one in told] == [0] * len(COMMANDS), outputs
    outputs.append(crawl.operate("doctor").stdout)
    for output in outputs:
        assert acts(output) == set()
        assert "[red]" in output or FORGED not in output
        assert [line for line in output.splitlines() if line.startswith(FORGED[:40])] == []
    *log, sentence = result.stderr.partition("Spider opened")[2].splitlines()
    assert [line for line in log[1:] if not ENTRY.match(line)] == []
    assert sentence.startswith(f"{len(stored)} stores, ")
    letters = json.loads(told[COMMANDS.index(("deadletters", "list", "--json"))].stdout)
    reasons = {ref: one["reason"] for one in letters for ref in lost if ref in one["asked"]}
    assert reasons.keys() == lost
    inner = f"127.0.0.1:{hostile.inner.server_port}"
    for trick, words in {
        "to another host": f"leads to 'http://{inner}/store': not of the site",
        "the form to another host": f"leads to 'http://{inner}/API/profile/': not of the site",
        "a name in the address": "leads to 'http://me:***@127.0.0.1",
        "a file": "leads to 'file:///etc/passwd': not of the site",
        "no address": "leads to 'http://[::1': no address",
        "a loop": "more than 3 redirects in a row",
        "a status that is none": "the status 100000000000000000000 is none of HTTP",
    }.items():
        assert words in reasons[hostile.refs([trick]).pop()]
    report = json.loads(told[COMMANDS.index(("stats", "--json"))].stdout)
    findings = {finding["kind"]: finding["count"] for finding in report["findings"]}
    assert findings["dead_letters"] == len(lost)
    assert findings["redirects_refused"] == 7
    assert {"broken_rows", "odd_parts"} <= findings.keys()

    # no name of a stat is made of what the site said
    with psycopg.connect(database_url) as connection:
        (stats,) = connection.execute("SELECT stats FROM refillspot.crawl_workers").fetchone() or ({},)
    statuses = {name.rpartition("/")[2] for name in stats if "/status" in name or "status_count" in name}
    assert statuses <= {"200", "302", "303", "307", "308", "404", "429"}
    assert not [name for name in stats if acts(name) or "100000" in name]


def test_rules_lead_nowhere_and_slow_a_crawl_only_as_long_as_a_person_lets_them(
    crawl: Crawl, hostile: HostileSite, rows: Rows
) -> None:
    hostile.tricks.clear()
    hostile.rules_lead_away = 3
    at = ("-s", f"DININGCODE_API_URL={hostile.url}", "-s", f"DININGCODE_WEB_URL={hostile.url}")
    crawl = crawl.having(*OPTIONS, *at)
    few = ("-a", f"district={DISTRICT}", "-a", f"keywords={KEYWORD}", "-a", "limit=5")
    with crawl.start(*few) as process:
        leads = process.wait_for_line("its rules are unknown")
        slowed = process.wait_for_line("politeness, delayed")
        lifted = crawl.operate("politeness", "reset")
        _, log = process.communicate()

    assert f"leads to 'http://127.0.0.1:{hostile.inner.server_port}/robots.txt': not of the site" in leads
    assert hostile.inner.asked == []
    assert "at least 600 s from one request to the next" in slowed
    assert "at least 600 s from one request to the next" in lifted.stdout
    assert "politeness, reset" in log
    assert process.returncode == 3, log[-3000:]  # for the rows that are none
    assert len(rows()) == 5


COMMANDS = [
    ("deadletters", "list"), ("deadletters", "list", "--json"), ("deadletters", "show", *map(str, range(1, 9))),
    ("stats", "--figures"), ("stats", "--json"), ("crawls", "list"), ("top", "--once"), ("politeness", "show"),
]  # fmt: skip
