"""A crawl whose first answers cannot be used holds itself, and goes on when the cause is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.planning import KEYWORDS
from refillspot.policies.first_contact import FIRST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = "금천구"
LARGE = "강남구"  # where each keyword finds something: an empty list proves nothing
ONE_BY_ONE = ("-s", "CONCURRENT_REQUESTS=1", "-s", "CONCURRENCY_START=1")
STRICTLY = (*ONE_BY_ONE, "-s", "FRONTIER_MAX_IN_HAND=1")  # else a slow machine downloads ahead of what it reads
FIRST_PAGES = 20
"""EARLY_STOP_PAGES."""
STORE, LIST = "/API/profile/", "/API/isearch/"


def store_pages(site: Site) -> int:
    return asked_for(site, "store")


def asked_for(site: Site, kind: str) -> int:
    return sum(entry["kind"] == kind for entry in site.log())


def unread_pages(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM refillspot.unread_pages").fetchone() or (0,)
    return int(count)


def test_it_stops_names_the_part_and_goes_on_later(
    crawl: Crawl, site: Site, faults: Faults, rows: Rows, database_url: str
) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path=STORE)

    held = crawl.run("-a", f"district={DISTRICT}", *STRICTLY)

    assert held.returncode == 4, held.stderr[-2000:]
    assert "Held with 0 stores stored: most of the first store pages cannot be used (restaurant.rn: " in held.stderr
    assert "scrapy doctor --shapes" in held.stderr
    assert unread_pages(database_url) == store_pages(site) == FIRST
    report = crawl.operate("stats")
    assert "the crawl paused itself" in report.stdout
    assert "restaurant.rn: " in report.stdout

    faults.clear()
    resumed = crawl.run("-a", f"district={DISTRICT}")
    crawl.operate("deadletters", "replay", "--all")
    again = crawl.run("-a", f"district={DISTRICT}")

    assert resumed.returncode == 3, resumed.stderr[-2000:]
    assert again.returncode == 0, again.stderr[-2000:]
    truth = site.truth(DISTRICT, ",".join(KEYWORDS))
    assert {store["ref"] for store in truth if store["refill"] and store["reached_by"]} <= rows().keys()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            {"kind": "layout", "change": "renamed", "key": "v_rid"},
            "most of the first lists cannot be used (no row of ",
        ),
        ({"kind": "status", "status": 404}, "most of the first lists cannot be used (HTTP 404)"),
    ],
    ids=["layout", "gone"],
)
def test_lists_that_cannot_be_read_stop_it_as_soon(
    crawl: Crawl, site: Site, faults: Faults, fault: dict[str, Any], told: str
) -> None:
    faults.add(path=LIST, **fault)

    held = crawl.run("-a", f"district={LARGE}", *STRICTLY)

    assert held.returncode == 4, held.stderr[-2000:]
    assert told in held.stderr
    assert "scrapy doctor --shapes" in held.stderr
    assert asked_for(site, "list") == FIRST


def test_what_the_rules_forbid_is_told_at_once(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="html", path="/robots.txt", body="User-agent: *\nDisallow: /API/\n")

    held = crawl.run("-a", f"district={DISTRICT}")

    assert held.returncode == 4, held.stderr[-2000:]
    assert f"robots.txt forbids what it would ask for ({site.url}{LIST})" in held.stderr
    assert "Ask the site for permission" in held.stderr
    assert {entry["kind"] for entry in site.log()} == {"robots"}


def test_half_of_the_pages_is_not_most_of_them(crawl: Crawl, faults: Faults) -> None:
    half = FIRST_PAGES // 2
    faults.add(kind="layout", change="renamed", key="rn", path=STORE, spared=1, first=1 + half)

    assert crawl.run("-a", f"district={DISTRICT}", *ONE_BY_ONE).returncode == 3


def test_it_can_be_switched_off(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path=STORE)

    result = crawl.run("-a", f"district={DISTRICT}", *ONE_BY_ONE, "-s", "EARLY_STOP_PAGES=0", "-a", "limit=40")

    assert result.returncode == 3, result.stderr[-2000:]
    assert store_pages(site) == 40


def test_a_fleet_whose_workers_hold_themselves_gives_up(fleet: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path=STORE)

    result = fleet.run("-n", "2", "-a", f"district={DISTRICT}", *ONE_BY_ONE)

    assert result.returncode == 4, result.stderr[-2000:]
    assert "most of the first store pages cannot be used (restaurant.rn: " in result.stderr
    assert store_pages(site) <= 2 * FIRST_PAGES
