"""PostgreSQL away from a whole crawl, for longer than a lease."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.planning import KEYWORDS
from tests.crawl.moments import PACED, fetched, hurry, wait_for_store_pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from replica.tcp_proxy import TcpProxy
    from tests.crawl.conftest import Crawl, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

WORDS = ",".join(KEYWORDS)
LEASE, AWAY = 2, 4  # seconds
IN_HAND = 10
OPTIONS = ("-s", f"FRONTIER_LEASE_SECONDS={LEASE}", "-s", f"FRONTIER_MAX_IN_HAND={IN_HAND}")


@pytest.mark.parametrize("how", ["refuse", "half_open"])
def test_postgres_away_for_longer_than_a_lease(
    how: str, crawl: Crawl, site: Site, rows: Rows, postgres_proxy: TcpProxy, proxied_database_url: str,
    database_url: str, redis_url: str, key_prefix: str,
) -> None:  # fmt: skip
    crawl.environment["DATABASE_URL"] = proxied_database_url
    with crawl.start("-a", "district=금천구", *PACED, *OPTIONS, "-s", "POSTGRES_TIMEOUT_SECONDS=5") as process:
        wait_for_store_pages(site, 15)
        getattr(postgres_proxy, how)()
        postgres_proxy.cut()
        time.sleep(AWAY)  # what is measured, not what is waited for
        stored, asked = len(rows()), fetched(site).total()
        postgres_proxy.heal()
        hurry(site, redis_url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert "trying again" in log
    assert asked <= stored + IN_HAND  # downloads paused
    truth = site.truth("금천구", WORDS)
    assert {store["ref"] for store in truth if store["reached_by"]} <= rows().keys()
    assert rows().keys() <= {store["ref"] for store in truth}
    assert max(fetched(site).values()) == 1
    with psycopg.connect(database_url) as connection:
        crawls = connection.execute("SELECT state, stored, rejected FROM refillspot.crawls").fetchall()
        rejects = connection.execute("SELECT count(*) FROM refillspot.rejects").fetchone()
    assert crawls == [("complete", len(rows()), 0)]
    assert rejects == (0,)


def test_postgres_that_goes_away_while_a_worker_opens_is_waited_for(crawl: Crawl, rows: Rows) -> None:
    """The crawl is joined by then, and no page was asked for yet."""
    losing = crawl.having("-s", 'EXTENSIONS={"tests.crawl.poison.LosesPostgres": 1}')
    result = losing.run("-a", "district=금천구", "-a", "limit=3", "-a", "keywords=무한리필")

    assert result.returncode == 0, result.stderr
    assert "trying again" in result.stderr
    assert rows()
