"""What pages say is compared with what they usually do while they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.types.json import Jsonb

from refillspot.clock import Clock
from refillspot.planning.arguments import CrawlArguments
from refillspot.postgres.crawls import join_crawl

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Faults, Site

DISTRICTS = "강남구,송파구"  # of some 400 pages together
FEW_AT_ONCE = ("-s", "CONCURRENT_REQUESTS=4", "-s", "CONCURRENCY_START=4", "-s", "FRONTIER_MAX_IN_HAND=8")
BLIND_FROM, STOPPED_BEFORE = 60, 300
JUDGED = "now"


def store_pages(site: Site) -> int:
    return sum(entry["kind"] == "store" for entry in site.log())


@pytest.fixture
def known(database_url: str, site: Site) -> None:
    """A crawl that was accepted, whose pages had menus and little else, and another one that is to be judged."""
    arguments = CrawlArguments.parse(DISTRICTS).described(site.url)
    one = {"stores": 200, "refill": 30, "pages": 200, "having": {"menu": 170, "offer": 200}}
    figures = {"districts": dict.fromkeys(arguments["districts"], one)}
    for crawl in ("before", JUDGED):
        join_crawl(database_url, "diningcode", arguments, crawl, Clock().now())
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE refillspot.crawls SET state = 'complete', ended_at = now(), figures = %s WHERE id = 'before'",
            [Jsonb(figures)],
        )
        connection.execute("UPDATE refillspot.crawls SET accepted = false WHERE id = %s", [JUDGED])


@pytest.mark.usefixtures("known")
def test_a_crawl_that_goes_blind_for_a_field_stops_and_one_that_sees_again_goes_on(
    crawl: Crawl, fleet: Crawl, site: Site, faults: Faults
) -> None:
    """Two workers compare the same pages, and neither reads on for long when the other has stopped."""
    faults.add(kind="layout", change="missing", key="menu", path="/API/profile/", spared=BLIND_FROM)
    arguments = ("-a", f"district={DISTRICTS}", "-a", f"crawl={JUDGED}", *FEW_AT_ONCE)

    blind = fleet.run(*arguments, "-n", "2")

    assert blind.returncode == 4, blind.stderr[-2000:]
    assert BLIND_FROM < store_pages(site) < STOPPED_BEFORE
    assert "pages have stopped saying what they usually do, menus: " in blind.stderr
    assert "(usually 85 %)" in blind.stderr
    (departure,) = json.loads(crawl.operate("top", JUDGED, "--json").stdout)["departures"]
    assert (departure["part"], departure["usual"]) == ("menu", 0.85)  # and no fewer offers, which other keywords find

    faults.clear()
    seeing = crawl.run(*arguments, "-s", "CLOSESPIDER_ITEMCOUNT=60")

    assert seeing.returncode == 0, seeing.stderr[-2000:]
    assert "'gate/looks': " in seeing.stderr
