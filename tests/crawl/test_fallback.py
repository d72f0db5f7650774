"""Crawls of a site whose API is broken and whose pages for people are not; judged by the site's own log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.planning import KEYWORDS
from tests.crawl.moments import two_at_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = "금천구"
WHOLE = ("-a", f"district={DISTRICT}", "-s", "RETRY_BACKOFF_SECONDS=0.1")
FEW = (*WHOLE, "-a", "keywords=무한리필", "-a", "limit=12")
API, LIST, STORE = "/API/", "/API/isearch/", "/API/profile/"
PAGES = {"/list.dc", "/profile.php"}
POLITE = ("-s", "POLITENESS_REQUESTS_PER_SECOND=40", "-s", "POLITENESS_BLOCK_SECONDS=1")


@pytest.fixture
def crawl(crawl: Crawl) -> Crawl:
    return crawl.having("-s", "FALLBACK_ENABLED=True")


def count(log: str, name: str) -> int:
    """Return what Scrapy's stats say at the end; 0 where there is no such."""
    found = re.findall(rf"'{name}': (\d+)", log)
    return int(found[-1]) if found else 0


def reachable(site: Site, district: str = DISTRICT) -> set[str]:
    return {
        store["ref"] for store in site.truth(district, ",".join(KEYWORDS)) if store["refill"] and store["reached_by"]
    }


def asked(site: Site) -> list[str]:
    return [entry["path"] for entry in site.log() if entry["kind"] in {"list", "store"}]


@pytest.mark.parametrize(
    "broken",
    [
        [{"kind": "status", "status": 500, "path": API}],
        [{"kind": "status", "status": 404, "path": LIST}, {"kind": "reset", "path": STORE}],
        [{"kind": "result_code", "code": "001"}],
        [
            {"kind": "layout", "change": "renamed", "key": "v_rid", "path": LIST},
            {"kind": "layout", "change": "renamed", "key": "rn", "path": STORE},
        ],
    ],
    ids=["500", "gone", "result_code", "layout"],
)
def test_with_a_broken_api_the_stores_still_come(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, broken: list[dict[str, Any]]
) -> None:
    for fault in broken:
        faults.add(**fault)
    result = crawl.run(*WHOLE)

    stored = rows()
    assert result.returncode == 0, result.stderr[-3000:]
    assert reachable(site)
    assert reachable(site) <= stored.keys()
    assert {row["channel"] for row in stored.values()} == {"web"}
    assert all(row["menu"] for row in stored.values() if row["refill_price_krw"])
    assert count(result.stderr, "fallback/stores") == len(stored)
    assert f"The API failed: {len(stored)} stores and" in result.stderr


def test_what_no_page_says_waits_for_the_api(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    """A dong of 강남구 has more matches than a page shows, and no page shows a part of a dong."""
    faults.add(kind="status", status=500, path=API)
    broken = crawl.run("-a", "district=강남구", "-s", "RETRY_BACKOFF_SECONDS=0.1")
    found = reachable(site, "강남구")
    without = count(broken.stderr, "fallback/without_page")
    letters = json.loads(crawl.operate("deadletters", "list", "--json").stdout)

    assert broken.returncode == 3
    assert len(found & rows().keys()) / len(found) > 0.95
    assert without == len(letters) > 0
    assert all("no page says" in letter["reason"] for letter in letters)
    faults.clear()
    crawl.operate("deadletters", "replay", "--all")
    crawl_id = re.findall(r"'crawl/id': '([^']*)'", broken.stderr)[0]
    again = crawl.run("-a", "district=강남구", "-a", f"crawl={crawl_id}")
    assert again.returncode == 0, again.stderr[-3000:]
    assert found <= rows().keys()


def test_an_unread_answer_is_kept_though_its_page_was_read(
    crawl: Crawl, faults: Faults, rows: Rows, database_url: str
) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path=STORE)
    result = crawl.run(*FEW)

    with psycopg.connect(database_url) as connection:
        kept = {ref for (ref,) in connection.execute("SELECT ref FROM refillspot.unread_pages")}
    assert result.returncode == 0
    assert "cannot be used, its page is asked instead: LayoutChangedError" in result.stderr
    assert len(kept) >= 4  # the first ones; then the API is not asked for stores any more
    assert kept <= rows().keys()


def test_one_broken_answer_is_one_page(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="layout", change="missing", key="restaurant", path=STORE, first=1)
    result = crawl.run(*FEW)

    channels = [row["channel"] for row in rows().values()]
    assert result.returncode == 0
    assert (channels.count("web"), channels.count("api")) == (1, 11)
    assert asked(site).count("/profile.php") == 1


def test_when_the_api_answers_again_it_is_asked_again(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=500, path=STORE)
    slowly = ("-s", "CONCURRENT_REQUESTS=1", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-s", "CONCURRENCY_START=1")
    options = ("-s", "FALLBACK_PROBE_SECONDS=0.05", "-s", "RETRY_TIMES=0", *slowly)
    with crawl.start("-a", "district=강남구", "-a", "keywords=무한리필", *options) as process:
        process.wait_for_line("the API for a store, switched")
        faults.clear()
        _, log = process.communicate()

    channels = {row["channel"] for row in rows().values()}
    assert process.returncode == 0, log[-3000:]
    assert channels == {"api", "web"}
    assert count(log, "fallback/returned") == 1
    assert [path for path in asked(site) if path in {STORE, "/profile.php"}][-1] == STORE


def test_a_page_where_json_was_due_is_waited_out_before_the_pages_are_asked(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults
) -> None:
    faults.add(kind="html", path=API)
    result = crawl.run(*FEW, *POLITE)

    log = [entry for entry in site.log() if entry["kind"] in {"list", "store"}]
    refused = [entry["arrived"] for entry in log if entry["path"].startswith(API)]
    pages = [entry["arrived"] for entry in log if entry["path"] in PAGES]
    assert result.returncode == 0, result.stderr[-3000:]
    assert count(result.stderr, "politeness/blocked") == 2
    assert len(rows()) == 12
    assert min(pages) - max(refused) >= 2 - 0.5  # the second block holds for twice as long
    assert max(refused) - min(refused) >= 1 - 0.5


@pytest.mark.parametrize(
    "refusal",
    [
        {"kind": "verification", "status": 200, "first": 2},
        {"kind": "html", "status": 403, "first": 2},
        {"kind": "status", "status": 429, "first": 2},
        {"kind": "status", "status": 403, "first": 2},
    ],
    ids=["verification", "page under 403", "429", "403"],
)
def test_who_is_refused_comes_by_no_other_door(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, refusal: dict[str, Any]
) -> None:
    faults.add(path=API, **refusal)
    result = crawl.run(*FEW, *POLITE, "-s", "POLITENESS_BLOCK_SECONDS=0.2")

    assert result.returncode == 0, result.stderr[-3000:]
    assert not PAGES.intersection(asked(site))
    assert len(rows()) == 12


def test_a_page_that_refuses_stops_all(crawl: Crawl, rows: Rows, faults: Faults) -> None:
    faults.add(kind="status", status=500, path=API)
    faults.add(kind="verification", path="/profile.php", first=1)
    result = crawl.run(*FEW, *POLITE)

    assert result.returncode == 0, result.stderr[-3000:]
    assert count(result.stderr, "politeness/blocked") == 1
    assert len(rows()) == 12


def test_pages_that_the_rules_forbid_are_not_asked(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    faults.add(kind="html", path="/robots.txt", body="User-agent: *\nDisallow: /profile.php\nDisallow: /list.dc\n")
    faults.add(kind="status", status=500, path=STORE)
    result = crawl.run(*FEW)

    letters = json.loads(crawl.operate("deadletters", "list", "--json").stdout)
    assert result.returncode != 0
    assert not PAGES.intersection(asked(site))
    assert rows() == {}
    assert letters
    assert all("HTTP 500" in letter["reason"] for letter in letters)


def test_a_page_has_a_place_of_its_own_in_the_cache(crawl: Crawl, site: Site, rows: Rows, faults: Faults) -> None:
    cached = crawl.having("-s", "CACHE_ENABLED=True", "-s", "CACHE_ANSWER_SECONDS=30")
    faults.add(kind="status", status=500, path=STORE)
    first = cached.run(*FEW)
    fetched = len(asked(site))
    again = cached.run(*FEW)

    pages_only = [path for path in asked(site)[fetched:] if path != STORE]
    assert first.returncode == again.returncode == 0
    assert pages_only == []  # lists are kept from the API, stores from their pages
    faults.clear()
    site.clear_log()
    cached.run(*FEW, "-s", "FALLBACK_PROBE_SECONDS=0", "-s", "CACHE_TTL_STORE_SECONDS=7000")
    assert len(rows()) == 12


def test_two_workers_take_the_other_road_together(
    crawl: Crawl, site: Site, rows: Rows, faults: Faults, redis_url: str, key_prefix: str
) -> None:
    faults.add(kind="status", status=500, path=API)
    with two_at_work(crawl, site, redis_url, key_prefix, *WHOLE) as (one, two):
        logs = [process.communicate()[1] for process in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), logs[0][-3000:]
    assert reachable(site) <= rows().keys()
    assert sum(count(log, "fallback/stores") for log in logs) >= len(rows())
    assert sum(count(log, "fallback/switched") for log in logs) == 2  # once for lists, once for stores
