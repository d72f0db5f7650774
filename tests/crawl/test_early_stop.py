"""A crawl whose first pages cannot be used holds itself, and goes on when the cause is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from refillspot.planning import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = "금천구"
ONE_BY_ONE = ("-s", "CONCURRENT_REQUESTS=1", "-s", "CONCURRENCY_START=1")
FIRST_PAGES = 20
"""EARLY_STOP_PAGES."""


def store_pages(site: Site) -> int:
    return sum(entry["kind"] == "store" for entry in site.log())


def unread_pages(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM refillspot.unread_pages").fetchone() or (0,)
    return int(count)


def test_it_stops_names_the_part_and_goes_on_later(
    crawl: Crawl, site: Site, faults: Faults, rows: Rows, database_url: str
) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path="/API/profile/")

    held = crawl.run("-a", f"district={DISTRICT}", *ONE_BY_ONE)

    assert held.returncode == 4, held.stderr[-2000:]
    assert "Held with 0 stores stored: most of the first store pages cannot be used (restaurant.rn: " in held.stderr
    assert "scrapy doctor --shapes" in held.stderr
    unread = unread_pages(database_url)
    assert FIRST_PAGES / 2 < unread <= store_pages(site) <= FIRST_PAGES
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


def test_half_of_the_pages_is_not_most_of_them(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path="/API/profile/", first=FIRST_PAGES // 2)

    assert crawl.run("-a", f"district={DISTRICT}", *ONE_BY_ONE).returncode == 3


def test_it_can_be_switched_off(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path="/API/profile/")

    result = crawl.run("-a", f"district={DISTRICT}", *ONE_BY_ONE, "-s", "EARLY_STOP_PAGES=0", "-a", "limit=40")

    assert result.returncode == 3, result.stderr[-2000:]
    assert store_pages(site) == 40


def test_a_fleet_whose_workers_hold_themselves_gives_up(fleet: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path="/API/profile/")

    result = fleet.run("-n", "2", "-a", f"district={DISTRICT}", *ONE_BY_ONE)

    assert result.returncode == 4, result.stderr[-2000:]
    assert store_pages(site) <= 2 * FIRST_PAGES
