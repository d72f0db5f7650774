"""What `scrapy stats` says of crawls that met trouble, against the log of the site that made it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import redis

from refillspot.clock import Clock
from refillspot.report.recorded import Records
from refillspot.report.report import report_on
from tests.crawl.conftest import start_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.report.report import Report
    from refillspot.services import ServiceAddresses
    from tests.crawl.conftest import Crawl, Faults, Site
    from tests.programs import Launcher

LIST, STORE, ROBOTS = "/API/isearch/", "/API/profile/", "/robots.txt"
RULES = "User-agent: *\nAllow: /\n"
FEW = (
    "-a", "district=종로구", "-a", "keywords=무한리필,뷔페", "-a", "limit=10",
    "-s", "POLITENESS_REQUESTS_PER_SECOND=200", "-s", "RETRY_TIMES=1", "-s", "RETRY_BACKOFF_SECONDS=0.05",
)  # fmt: skip


@pytest.fixture(scope="module")
def running_site(launcher: Launcher) -> Iterator[Site]:
    """A site without odd parts, so that the faults are all that there is to tell."""
    with start_site(launcher, "--odd", "0") as site:
        yield site


@pytest.fixture
def two_channels(cached_crawl: Crawl) -> Crawl:
    return cached_crawl.having(*FEW, "-s", "FALLBACK_ENABLED=True")


def last_report(crawl: Crawl) -> Report:
    records = Records(crawl.environment["DATABASE_URL"], Clock().now())
    newest = records.find("last")
    before = records.before(newest)
    return report_on(records.stats(newest), records.stats(before) if before else None)


def values(told: Report) -> dict[str, float | None]:
    return {one.key: one.value for one in told.figures}


def test_pages_of_the_other_channel_are_not_counted_twice(two_channels: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", path=LIST, change="missing", key="v_rid")
    result = two_channels.run()
    told, log = last_report(two_channels), site.log()
    (spoilt,) = faults.fired()

    assert result.returncode == 0, result.stderr[-3000:]
    assert spoilt > 0
    assert values(told)["asked"] == len(log)
    assert values(told)["first_answers"] == (len(log) - spoilt) / len(log)
    named = {one.key: one.count for one in told.findings}
    assert (named["changed_lists"], named["other_road"]) == (spoilt, spoilt)


def test_a_second_crawl_by_the_other_channel_out_of_the_cache(two_channels: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="layout", path=LIST, change="missing", key="v_rid")
    two_channels.run()
    (before,) = faults.fired()
    site.clear_log()
    two_channels.run()
    told, log = values(last_report(two_channels)), site.log()
    (after,) = faults.fired()

    assert told["hit_rate"]
    assert told["asked"] == len(log)
    assert told["first_answers"] == (len(log) - (after - before)) / len(log)


def test_nothing_is_saved_where_nothing_came(two_channels: Crawl, faults: Faults) -> None:
    faults.add(kind="html", path=ROBOTS, body=RULES)
    for path in (LIST, STORE, "/list.dc", "/profile.php"):
        faults.add(kind="reset", path=path)
    two_channels.run()
    two_channels.run("-a", "keywords=샐러드바")  # the rules are kept by now
    told = values(last_report(two_channels))

    assert told["stores"] == 0
    assert told["first_answers"] == 0
    assert "requests_saved" not in told
    assert "bytes_saved" not in told


def test_lists_without_the_part_that_holds_their_rows_are_named(two_channels: Crawl, faults: Faults) -> None:
    faults.add(kind="layout", path=LIST, change="renamed", key="poi_section")
    result = two_channels.run()
    named = {one.key: one.happened for one in last_report(two_channels).findings}

    assert result.returncode == 3
    assert named.keys() == {"nothing_found", "absent_parts"}
    assert "poi_section" in named["absent_parts"]


def test_an_emptied_cache_is_not_called_too_old(
    two_channels: Crawl, services: ServiceAddresses, key_prefix: str
) -> None:
    two_channels.run()
    with redis.Redis.from_url(services.cache_redis_url) as client:
        client.delete(*client.scan_iter(f"{key_prefix}:cache:*"))
    two_channels.run()
    told = last_report(two_channels)

    assert [one.key for one in told.findings] == ["cache_emptied"]
    rate = told.figure("hit_rate")
    assert rate
    assert (rate.is_met, rate.excuse) == (None, "emptied since")
    two_channels.run()
    assert last_report(two_channels).findings == []


COMMANDS = [
    ("stats",), ("crawls", "list"), ("crawls", "prune"), ("politeness", "show"),
    ("politeness", "reset"), ("plan", "-a", "district=종로구"), ("db", "migrate"), ("db", "reparse"),
]  # fmt: skip


def test_what_does_not_read_the_cache_works_while_it_is_down(crawl: Crawl) -> None:
    crawl.run(*FEW)
    away = replace(crawl, environment=crawl.environment | {"CACHE_REDIS_URL": "redis://127.0.0.1:1/0"})
    results = {command: away.operate(command[0], *command[1:]) for command in COMMANDS}
    told: dict[str, Any] = json.loads(away.operate("stats", "last", "--json").stdout)

    assert {command: one.stderr for command, one in results.items() if one.returncode} == {}
    assert told["state"] == "complete"
