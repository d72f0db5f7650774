"""`scrapy top` and the page for Prometheus, on real crawls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import psycopg
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from scrapy.settings import Settings

from refillspot.clock import Clock
from refillspot.exceptions import BackupError, ConfigurationError
from refillspot.monitoring.metrics import CrawlCollector, serve_metrics
from refillspot.monitoring.snapshot import CrawlReader
from refillspot.postgres.backup import back_up
from refillspot.postgres.crawls import find_crawl, join_crawl
from refillspot.services import ServiceAddresses
from tests.crawl.moments import SLOW, hurry, wait_for_store_pages, wait_for_workers
from tests.programs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Faults, Site
    from tests.own_redis import OwnRedis

    Rows = Callable[[], dict[str, dict[str, Any]]]

NAMED = ("-a", "district=금천구", "-a", "crawl=this")
QUICK = ("-s", "HEARTBEAT_SECONDS=0.2")
Samples = dict[str, dict[tuple[str, ...], float]]


def parsed(page: str) -> Samples:
    """Return the values by metric and labels, as the official parser reads them."""
    samples: Samples = {}
    for family in text_string_to_metric_families(page):
        assert family.documentation
        assert family.type in {"counter", "gauge"}
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples


@pytest.fixture
def reader(
    database_url: str, redis_url: str, cache_redis_url: str, key_prefix: str
) -> Iterator[Callable[[], CrawlReader]]:
    """Return what looks at the crawl "this"."""
    made = []

    def make() -> CrawlReader:
        services = ServiceAddresses(database_url, redis_url, cache_redis_url)
        settings = Settings({"REDIS_KEY_PREFIX": key_prefix, "POLITENESS_REQUESTS_PER_SECOND": 1.0})
        made.append(CrawlReader(services, settings, find_crawl(database_url, "this")))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


def test_a_crawl_is_seen_while_it_runs_and_when_it_has_ended(
    crawl: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str
) -> None:
    with crawl.start(*NAMED, *SLOW, *QUICK) as one, crawl.start(*NAMED, *SLOW, *QUICK) as two:
        wait_for_workers(redis_url, key_prefix, 2)
        wait_for_store_pages(site, 3)
        looked = crawl.operate("top", "--once", *SLOW)
        asked = crawl.operate("top", "--json", *SLOW)
        hurry(site, redis_url, key_prefix)
        for worker in (one, two):
            worker.communicate()
    ended = crawl.operate("top", "this")

    assert looked.stdout.startswith("crawl this: diningcode 금천구 ")
    assert " running, 2 at work, 00:" in looked.stdout
    assert looked.stdout.count(" at work ") == 2
    assert "4/s now, 4/s at most" in looked.stdout
    figures = json.loads(asked.stdout)
    assert (figures["state"], figures["progress"]["workers"]) == ("running", 2)
    assert 0 < figures["site"]["requests"] <= len(site.log())
    assert figures["site"]["budget"]["ceiling"] == 4
    assert [one["state"] for one in figures["workers"]] == ["at work"] * 2
    assert all(one["memory_mb"] > 0 for one in figures["workers"])
    assert " complete, 0 at work, " in ended.stdout
    assert f"{len(rows()):,} stored" in ended.stdout
    assert f"{len(site.log()):,} sent" in ended.stdout
    assert ended.stdout.count(" ended ") == 2


def test_what_top_does_not_know_it_says(crawl: Crawl) -> None:
    nothing = crawl.operate("top")
    unknown = crawl.operate("top", "nonsense")
    odd = crawl.operate("top", "this", "that")

    assert (nothing.returncode, unknown.returncode, odd.returncode) == (1, 1, 2)
    assert "There is no crawl yet" in nothing.stderr
    assert "there is no crawl nonsense" in unknown.stderr
    assert "Traceback" not in nothing.stderr + unknown.stderr + odd.stderr


def test_on_a_terminal_it_stays_until_the_crawl_has_ended(
    crawl: Crawl, site: Site, redis_url: str, key_prefix: str
) -> None:
    ours, theirs = pytest.importorskip("pty", reason="no terminals of this kind on Windows").openpty()
    command = [sys.executable, "-m", "scrapy", *crawl.other("top").command]
    environment = crawl.environment | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with crawl.start(*NAMED, *SLOW, *QUICK) as process:
        wait_for_workers(redis_url, key_prefix, 1)
        with subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as top:
            os.close(theirs)
            before = read(ours, " running, 1 at work, ")
            hurry(site, redis_url, key_prefix)
            shown = before + read(ours)
        process.communicate()
    os.close(ours)

    assert (process.returncode, top.returncode) == (0, 0)
    assert " complete, 0 at work, " in shown.rpartition("crawl this: ")[2]
    assert shown.count("crawl this: ") > 2


def read(descriptor: int, until: str | None = None) -> str:
    """Return what is written there until that is, or nobody can write any more."""
    written = b""
    try:
        while not (until and until.encode() in written) and (part := os.read(descriptor, 65536)):
            written += part
    except OSError:  # how Linux says that nobody can
        assert not until
    return written.decode()


def test_the_page_for_prometheus_has_all_that_was_counted(
    crawl: Crawl, site: Site, faults: Faults, rows: Rows, reader: Callable[[], CrawlReader]
) -> None:
    faults.add(kind="status", status=503, path="/API/profile/", first=4)
    with crawl.start(*NAMED, "-s", "RETRY_TIMES=0") as one, crawl.start(*NAMED, "-s", "RETRY_TIMES=0") as two:
        for worker in (one, two):
            worker.communicate()
    registry = CollectorRegistry()
    registry.register(CrawlCollector(reader()))
    samples = parsed(generate_latest(registry).decode())

    answers = [entry["status"] for entry in site.log()]
    assert samples["refillspot_requests_total"] == {(): len(answers)}
    assert samples["refillspot_responses_total"] == {("200",): answers.count(200), ("503",): 4}
    assert samples["refillspot_stores_stored_total"] == {(): len(rows())}
    assert samples["refillspot_dead_letters"] == {(): 4}
    assert samples["refillspot_dead_letters_written_total"] == {("HTTP 503",): 4}
    assert samples["refillspot_requests_left"] == {("queued",): 0, ("leased",): 0, ("waiting",): 0}
    assert samples["refillspot_crawl_info"] == {("this", "diningcode", "complete"): 1}
    assert 0 < samples["refillspot_commit_seconds_total"][()] < 60
    assert "refillspot_worker_resident_memory_bytes" not in samples  # nobody is at work any more


def test_a_fleet_serves_the_page_on_loopback_only(fleet: Crawl, site: Site, redis_url: str, key_prefix: str) -> None:
    with fleet.start("-n", "2", *NAMED, *SLOW, *QUICK, "-s", "METRICS_PORT=0") as process:
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/metrics", process.wait_for_line("metrics"))
        while len((samples := page_of(url)).get("refillspot_worker_requests_total", {})) < 2:
            time.sleep(0.05)
        listening = {
            found.laddr.ip for found in psutil.Process(process.pid).net_connections() if found.status == "LISTEN"
        }
        with pytest.raises(HTTPError, match="405"):
            urlopen(Request(url, data=b"x=1", method="POST"))
        hurry(site, redis_url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert listening == {"127.0.0.1"}
    assert samples["refillspot_workers_at_work"] == {(): 2}
    assert samples["refillspot_pace_ceiling_requests_per_second"] == {(): 4}
    memory = samples["refillspot_worker_own_memory_bytes"]
    assert all(20 * 2**20 < value < 300 * 2**20 for value in memory.values())
    assert samples["refillspot_worker_requests_total"].keys() == memory.keys()


def page_of(url: str) -> Samples:
    with urlopen(url) as page:
        assert page.headers["Content-Type"].startswith("text/plain")
        return parsed(page.read().decode())


def test_without_redis_the_last_figures_stand(database_url: str, own_redis: OwnRedis) -> None:
    join_crawl(database_url, "diningcode", {}, "this", Clock().now())
    with own_redis.client() as client:
        client.hset("test:this:crawl", mapping={"state": "open", "count:done": 7})
        client.hset("test:this:heartbeats", "of another version", "?")
    services = ServiceAddresses(database_url, own_redis.url, own_redis.url)
    settings = Settings({"REDIS_KEY_PREFIX": "test", "POLITENESS_REQUESTS_PER_SECOND": 3})
    with CrawlReader(services, settings, find_crawl(database_url, "this")) as reader:
        before = reader.read()
        own_redis.kill()
        after = reader.read()

    assert before.pace
    assert before.progress
    assert (before.progress.done, before.pace["ceiling"], before.workers, before.away) == (7, 3, [], [])
    assert (after.progress, after.pace, after.workers, after.away) == (before.progress, None, [], ["Redis"])
    gauges = {family.name for family in CrawlCollector(reader).collect() if family.type == "gauge"}
    assert "refillspot_dead_letters" not in gauges


def test_what_is_daily_is_measured(database_url: str, reader: Callable[[], CrawlReader], tmp_path: Path) -> None:
    join_crawl(database_url, "diningcode", {}, "this", Clock().now())

    def measured() -> dict[str, float]:
        families = CrawlCollector(reader()).collect()
        daily = ("refillspot_backup", "refillspot_last_crawl")
        return {one.name: one.samples[0].value for one in families if one.name.startswith(daily)}

    assert measured() == {"refillspot_backup_failed": 0}
    made = back_up(database_url, tmp_path, Clock().now())
    (tmp_path / "file").touch()
    with pytest.raises(BackupError):
        back_up(database_url, tmp_path / "file", Clock().now())
    ended = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.crawls SET state = 'complete', ended_at = %s", [ended])
    found = measured()
    assert found["refillspot_last_crawl_time_seconds"] == ended.timestamp()
    assert found["refillspot_backup_failed"] == 1
    assert found["refillspot_backup_time_seconds"] >= made.manifest.taken_at.timestamp()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST", 200),
        ("[::1]:9464", 200),  # through a tunnel
        ("attacker.example:{port}", 403),
        ("127.0.0.1.attacker.example", 403),
        ("localhost@attacker.example", 403),
        ("localhost:{port}.attacker.example", 403),
        ("127.0.0.1:80, attacker.example", 403),
        ("", 403),
    ],
)
def test_only_names_of_this_machine_are_answered(
    host: str, status: int, database_url: str, reader: Callable[[], CrawlReader]
) -> None:
    join_crawl(database_url, "diningcode", {}, "this", Clock().now())
    address = urlsplit(serve_metrics("0", reader()))
    connection = HTTPConnection(address.netloc)
    with closing(connection):
        connection.request("GET", "/metrics", headers={"Host": host.format(port=address.port)})
        answer = connection.getresponse()
        body = answer.read()

    assert answer.status == status
    assert (b"refillspot_crawl_info" in body) == (status == 200)


@pytest.mark.parametrize("port", ["many", "99999", None])
def test_a_port_that_cannot_be_used_is_said(
    port: str | None, free_port: int, database_url: str, reader: Callable[[], CrawlReader]
) -> None:
    join_crawl(database_url, "diningcode", {}, "this", Clock().now())
    with pytest.raises(ConfigurationError, match="METRICS_PORT="):
        serve_metrics(port or str(free_port), reader())
