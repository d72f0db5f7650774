"""All who tell of a crawl tell the same: `top`, metrics, the panel of a fleet, the last sentence and the report."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis
from prometheus_client import CollectorRegistry
from rich.console import Console
from scrapy.settings import Settings

from refillspot.monitoring.display import Display
from refillspot.monitoring.figures import FiguresOfCrawl
from refillspot.monitoring.metrics import CrawlCollector
from refillspot.monitoring.snapshot import CrawlReader
from refillspot.planning import CrawlArguments
from refillspot.postgres.crawls import CrawlTable, find_crawl
from refillspot.postgres.worker_stats import save
from tests.crawl.moments import SLOW, hurry
from tests.stats.test_totals import NOON, worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refillspot.services import ServiceAddresses
    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

NAMED = (
    "-a", "district=금천구", "-a", "crawl=this",
    "-s", "RETRY_TIMES=4", "-s", "RETRY_BACKOFF_SECONDS=0.05", "-s", "FRONTIER_LEASE_SECONDS=3",
)  # fmt: skip


@pytest.fixture
def reader(services: ServiceAddresses, database_url: str, key_prefix: str) -> Iterator[Callable[[], CrawlReader]]:
    """Return what looks at the crawl "this"."""
    stack = ExitStack()
    settings = Settings({"REDIS_KEY_PREFIX": key_prefix, "POLITENESS_REQUESTS_PER_SECOND": 4.0})

    def make() -> CrawlReader:
        addresses = replace(services, database_url=database_url)
        return stack.enter_context(CrawlReader(addresses, settings, find_crawl(database_url, "this")))

    with stack:
        yield make


def test_a_crawl_of_which_a_worker_was_killed_is_one_crawl_to_all(
    crawl: Crawl,
    site: Site,
    faults: Faults,
    rows: Rows,
    database_url: str,
    redis_url: str,
    key_prefix: str,
    reader: Callable[[], CrawlReader],
) -> None:
    """Its worker had told PostgreSQL nothing but its first look: the rows that it stored are in none of its stats."""
    faults.add(kind="status", status=503, path="/API/profile/", first=3)
    with crawl.start(*NAMED, *SLOW, "-s", "HEARTBEAT_SECONDS=20") as killed:
        while not rows():  # ends at pytest's timeout if never
            time.sleep(0.05)
        killed.kill()
        killed.communicate()
    interrupted = json.loads(crawl.operate("top", "this", "--json").stdout)
    faults.add(kind="status", status=404, path="/API/profile/", first=2)
    with crawl.start(*NAMED, *SLOW) as process:
        hurry(site, redis_url, key_prefix)
        _, log = process.communicate()

    look = reader()
    panel, metrics = shown(look), measured(look)
    top = json.loads(crawl.operate("top", "this", "--json").stdout)
    told = json.loads(crawl.operate("stats", "this", "--json").stdout)
    report = {one["name"]: one["value"] for one in told["figures"]}
    findings = {one["kind"]: one["count"] for one in told["findings"]}

    stored, dead = find_crawl(database_url, "this").stored, 2  # one that was stored just before the kill counts twice
    assert stored >= len(rows())
    confirmed, likely = shown_by_view(database_url)
    sentence = log.splitlines()[-1]
    refill = f"{confirmed + likely} of them all-you-can-eat (confirmed {confirmed}, likely {likely})"
    assert sentence.startswith(f"{stored} stores, {refill}, but {dead} answers could not be used"), log[-2000:]
    assert sentence.endswith(" See them: scrapy stores --district 금천구")
    assert (report["stores"], report["dead"]) == (stored, dead)
    assert (report["confirmed"], report["likely"]) == (confirmed, likely)
    assert stored > confirmed > 0 < likely
    assert (top["stored"], top["dead"]) == (stored, dead)
    assert (metrics["refillspot_stores_stored_total"], metrics["refillspot_dead_letters"]) == (stored, dead)
    assert f"{stored} stores" in panel
    assert f"{dead} dead letters" in panel

    assert interrupted["state"] in {"running", "interrupted"}  # as long as the lease of the dead one lasts
    assert (top["state"], told["state"]) == ("complete", "complete")
    assert top["seconds_at_work"] == report["seconds"]
    assert top["site"]["requests"] == report["asked"] == metrics["refillspot_requests_total"]
    assert top["site"]["budget_used"]["so_far"] == report["budget_used"]
    assert top["site"]["per_second"]["so_far"] == report["requests_per_second"]
    assert top["stores_per_hour"]["so_far"] == report["stores_per_hour"]
    assert top["database"]["rows_per_second"]["so_far"] == report["rows_per_second"]
    assert top["errors"].get("HTTP 503", 0) == findings.get("server_errors", 0)
    assert findings["dead_letters"] == findings.get("not_found", 0) == dead


def shown_by_view(database_url: str) -> tuple[int, int]:
    """Return how many stores are shown to others as confirmed, and as likely."""
    with psycopg.connect(database_url) as connection:
        verdicts = connection.execute("SELECT refill_verdict, count(*) FROM refillspot.v_stores GROUP BY 1")
        counts: dict[str, int] = dict(verdicts.fetchall())
    return counts.get("confirmed", 0), counts.get("likely", 0)


def shown(reader: CrawlReader) -> str:
    console = Console(file=StringIO(), width=400)
    with Display(console, "a crawl") as display:
        display.show(0.0, FiguresOfCrawl().take(reader.read()))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def measured(reader: CrawlReader) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(CrawlCollector(reader))
    return {one.name: one.value for family in registry.collect() for one in family.samples if not one.labels}


def test_a_crawl_out_of_the_cache_is_one_crawl_to_all(
    cached_crawl: Crawl, site: Site, faults: Faults, reader: Callable[[], CrawlReader]
) -> None:
    """Without a limit; and an answer that is remembered, that there is no such store, is no answer of the site."""
    few = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=8")
    faults.add(kind="status", status=404, path="/API/profile/", first=2)
    assert cached_crawl.run(*few, "-a", "crawl=first").returncode == 3
    asked = len(site.log())
    assert cached_crawl.run(*few, "-a", "crawl=this").returncode == 3
    metrics = measured(reader())
    top = json.loads(cached_crawl.operate("top", "this", "--json").stdout)
    told = json.loads(cached_crawl.operate("stats", "this", "--json").stdout)
    report = {one["name"]: one["value"] for one in told["figures"]}

    assert top["cache"]["hits"] / top["cache"]["lookups"] == report["hit_rate"] > 0.5
    assert top["site"]["requests"] == report["asked"] == metrics["refillspot_requests_total"] == len(site.log()) - asked
    assert top["errors"] == {"dead letter, HTTP 404": 2}
    assert {one["kind"] for one in told["findings"]} >= {"dead_letters", "not_found"}


async def test_a_crawl_that_waits_for_somebody_to_go_on_is_one_crawl_to_all(
    crawl: Crawl, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """Of five requests that its worker had given up, three were put back into the queue since."""
    arguments = CrawlArguments.parse(district="금천구").described("https://im.diningcode.com")
    await CrawlTable(database_url).join("diningcode", arguments, "this", NOON)
    await save(database_url, "this", worker("one", ended=True, frontier__dead=5, politeness__permits=9))
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:this:crawl", mapping={"state": "open", "count:done": 7})
        client.hset(f"{key_prefix}:this:dead", mapping={"1": "a", "2": "b"})
    top, told = (json.loads(crawl.operate(command, "this", "--json").stdout) for command in ("top", "stats"))
    report = {one["name"]: one["value"] for one in told["figures"]}

    assert (top["state"], top["dead"], top["site"]["requests"]) == ("interrupted", 2, 9)
    assert (told["state"], report["dead"], report["asked"]) == ("interrupted", 2, 9)
    assert report["ended_well"] == pytest.approx(7 / 9)
