"""Several workers on one crawl, supervised."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest
import redis
from psycopg.rows import dict_row

from refillspot.frontier import codec
from refillspot.frontier.dead_letters import read_dead_letter
from refillspot.planning import KEYWORDS
from refillspot.regions import districts_by_name
from tests.crawl.conftest import start_site
from tests.crawl.moments import PACED, fetched, go_on, hurry, pause, wait_for_store_pages, wait_for_workers
from tests.crawl.test_one_model import shown_by_view
from tests.programs import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from replica.tcp_proxy import TcpProxy
    from tests.crawl.conftest import Crawl, Site
    from tests.own_redis import OwnRedis
    from tests.programs import Launcher, Program

    Rows = Callable[[], dict[str, dict[str, Any]]]

WORDS = ",".join(KEYWORDS)
WHOLE = ("-a", "district=금천구")
DISTRICT = (*WHOLE, *PACED)
"""Until its moment has come; for the rest there is `hurry`."""
LONG_LEASE = ("-s", "FRONTIER_LEASE_SECONDS=600")
SHARED = ("-s", "POLITENESS_REQUESTS_PER_SECOND=40", "-s", "FRONTIER_PREFETCH=8")
"""So slow, and in such small parts, that one has not taken all before the other sees that the crawl goes on."""
SHORT_LEASE = ("-s", "FRONTIER_LEASE_SECONDS=2")
AWAY = 7  # seconds


def assert_complete(site: Site, stored: dict[str, Any], *districts: str) -> None:
    for district in districts:
        truth = site.truth(district, WORDS)
        assert {store["ref"] for store in truth if store["reached_by"]} <= stored.keys()


def crawl_row(database_url: str) -> dict[str, Any]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        (row,) = connection.execute("SELECT * FROM refillspot.crawls").fetchall()
    return row


def logs(fleet: Crawl) -> list[str]:
    home = fleet.environment["REFILLSPOT_HOME"]
    return [path.read_text("utf-8") for path in sorted(Path(home).glob("logs/*/worker-*.log"))]


def workers(process: Program, count: int) -> list[psutil.Process]:
    while True:  # ends at pytest's timeout if never
        found = children(process.pid)
        if len(found) == count:
            return found
        time.sleep(0.02)


@pytest.fixture
def small_city(launcher: Launcher) -> Iterator[Site]:
    """All 25 districts, with a few stores in each."""
    with start_site(launcher, "--refill-stores", "200", "--ordinary-stores", "200") as site:
        yield site


def test_two_workers_share_a_crawl_evenly_and_end_with_it(
    fleet: Crawl, small_city: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """Whoever waited at its end for the end of a lease would wait for longer than pytest's time-out."""
    pause(redis_url, key_prefix, "this")  # until both are there, whenever that is
    there = ("-s", f"DININGCODE_API_URL={small_city.url}", "-s", f"DININGCODE_WEB_URL={small_city.url}")
    options = ("-a", "district=all", "-a", "crawl=this", *LONG_LEASE, *SHARED)
    with fleet.start("-n", "2", *there, *options) as process:
        wait_for_workers(redis_url, key_prefix, 2)
        go_on(redis_url, key_prefix, "this")
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert_complete(small_city, rows(), *districts_by_name())
    assert len(rows()) > len(districts_by_name())
    asked = [(entry["kind"], entry["asked"]) for entry in small_city.log() if entry["kind"] in {"list", "store"}]
    times = Counter(asked)
    assert {times[one] for one in asked if one[0] == "store"} == {1}
    assert max(times.values()) <= 2  # behind a full answer, until it is known that there is nothing
    row, texts = crawl_row(database_url), logs(fleet)
    confirmed, likely = shown_by_view(database_url)
    refill = f"{confirmed + likely} of them all-you-can-eat (confirmed {confirmed}, likely {likely})"
    assert f"Complete: {row['stored']} stores, {refill}. See them: scrapy stores\n" in log
    shares = [int(re.findall(r"'frontier/dequeued': (\d+)", text)[0]) for text in texts]
    assert sum(shares) == len(asked)
    assert min(shares) >= 0.15 * sum(shares), shares  # whoever is later than the other by seconds has less


@pytest.mark.parametrize("pooled", [("transaction", 1)], indirect=True)
def test_a_fleet_stores_everything_through_a_pooler(
    fleet: Crawl, site: Site, rows: Rows, pooled: str, database_url: str
) -> None:
    fleet.environment["DATABASE_URL"] = pooled

    result = fleet.run("-n", "2", *WHOLE)

    assert result.returncode == 0, result.stderr
    assert_complete(site, rows(), "금천구")
    row = crawl_row(database_url)
    assert (row["state"], row["stored"], row["rejected"]) == ("complete", len(rows()), 0)
    assert "trying again" not in "".join(logs(fleet))


def is_closed_to_others(path: Path) -> bool:
    return sys.platform == "win32" or path.stat().st_mode & 0o007 == 0


def test_a_killed_worker_is_started_again(
    fleet: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with fleet.start("-n", "2", *DISTRICT, *SHORT_LEASE) as process:
        wait_for_workers(redis_url, key_prefix, 2)
        wait_for_store_pages(site, 10)
        workers(process, 2)[0].kill()
        process.wait_for_line("ended with -9; started again")
        hurry(site, redis_url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log
    home = Path(fleet.environment["REFILLSPOT_HOME"])
    assert list(home.glob("logs/*/*"))
    assert [path for path in (home, *home.rglob("*")) if not is_closed_to_others(path)] == []
    assert_complete(site, rows(), "금천구")
    assert crawl_row(database_url)["state"] == "complete"


def test_logs_that_cannot_be_written_are_told(fleet: Crawl) -> None:
    taken = Path(fleet.environment["REFILLSPOT_HOME"]) / "logs/taken"
    taken.parent.mkdir(parents=True)
    taken.touch()  # as `nul` is on Windows

    result = fleet.run("-n", "1", *DISTRICT, "-a", "crawl=taken")

    assert result.returncode == 1
    assert f"Error: {taken} cannot be used: File exists. Set REFILLSPOT_HOME" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_page_that_nobody_comes_back_from_is_buried_and_the_rest_is_complete(
    fleet: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    poison = min(store["ref"] for store in site.truth("금천구", WORDS) if store["refill"] and store["reached_by"])
    fleet.environment["POISON"] = poison
    hangs = (*SHORT_LEASE, "-s", "FRONTIER_MAX_ATTEMPTS=3", "-s", 'EXTENSIONS={"tests.crawl.poison.Hang": 1}')

    result = fleet.run("-n", "2", *DISTRICT, *hangs)

    assert result.returncode == 3, result.stderr
    assert result.stderr.count("hangs, without a sign of life beyond its lease of 2 s") >= 3
    with redis.Redis.from_url(redis_url) as client:
        dead = client.hvals(f"{key_prefix}:{crawl_row(database_url)['id']}:dead")
    ((_why, payload),) = map(read_dead_letter, dead)
    assert codec.loads(payload)["cb_kwargs"]["row"]["v_rid"] == poison
    stored = rows()
    stored[poison] = {}
    assert_complete(site, stored, "금천구")


def test_nobody_who_waits_for_a_server_is_taken_for_one_that_hangs(
    fleet: Crawl, site: Site, rows: Rows, own_redis: OwnRedis, key_prefix: str, postgres_proxy: TcpProxy,
    proxied_database_url: str,
) -> None:  # fmt: skip
    fleet.environment["REDIS_URL"], fleet.environment["DATABASE_URL"] = own_redis.url, proxied_database_url
    with fleet.start("-n", "1", *DISTRICT, *SHORT_LEASE, "-s", "POSTGRES_TIMEOUT_SECONDS=1") as process:
        wait_for_store_pages(site, 5)
        postgres_proxy.refuse()
        postgres_proxy.cut()
        time.sleep(AWAY)  # longer than a lease and the patience after it
        postgres_proxy.heal()
        wait_for_store_pages(site, 15)
        own_redis.kill()
        time.sleep(AWAY)
        own_redis.start()
        hurry(site, own_redis.url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert "hangs" not in log
    assert "started again" not in log
    assert_complete(site, rows(), "금천구")


def test_an_end_that_redis_forgot_is_known_from_postgresql(fleet: Crawl, site: Site, database_url: str) -> None:
    with fleet.start("-n", "1", *DISTRICT, "-s", "CLOCK_OFFSET_SECONDS=86400") as process:
        wait_for_store_pages(site, 5)
        with psycopg.connect(database_url) as connection:  # as if Redis had come back from before the end
            connection.execute(
                "UPDATE refillspot.crawls SET state = 'complete', counts = '{\"dead\": 0, \"known\": 0}'"
            )
        workers(process, 1)[0].kill()
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert "Complete: " in log
    assert "started again" not in log
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT started_at > now() + '23 hours' FROM refillspot.crawls").fetchone() == (True,)


def test_the_first_signal_stops_gracefully_and_the_same_command_goes_on(
    fleet: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with fleet.start("-n", "2", *DISTRICT) as process:
        wait_for_workers(redis_url, key_prefix, 2)
        wait_for_store_pages(site, 10)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()
    assert process.returncode == 130, log
    assert "The same command continues from here" in log
    assert crawl_row(database_url)["state"] == "running"
    assert all("Closing spider (shutdown)" in text for text in logs(fleet))

    before = len(site.log())
    result = fleet.run("-n", "2", *WHOLE)
    assert result.returncode == 0, result.stderr
    assert_complete(site, rows(), "금천구")
    stores = [entry["asked"] for entry in site.log() if entry["kind"] == "store"]
    assert len(stores) == len(set(stores))
    assert before


def test_workers_whose_fleet_is_killed_end_by_themselves(
    fleet: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str
) -> None:
    with fleet.start("-n", "2", *DISTRICT) as process:
        wait_for_workers(redis_url, key_prefix, 2)
        orphans = workers(process, 2)
        process.kill()
        psutil.wait_procs(orphans)  # ends at pytest's time-out if they do not
    assert all("Closing spider (shutdown)" in text for text in logs(fleet))

    result = fleet.run("-n", "1", *WHOLE)
    assert result.returncode == 0, result.stderr
    assert_complete(site, rows(), "금천구")


def test_the_second_signal_stops_at_once_and_loses_nothing(fleet: Crawl, site: Site, rows: Rows) -> None:
    with fleet.start("-n", "2", *DISTRICT, *SHORT_LEASE) as process:
        wait_for_store_pages(site, 10)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()
    assert process.returncode == 130, log

    result = fleet.run("-n", "1", *WHOLE, *SHORT_LEASE)
    assert result.returncode == 0, result.stderr
    assert_complete(site, rows(), "금천구")


def test_a_worker_that_leaks_is_recycled_and_the_fleet_stays_within_its_memory(
    fleet: Crawl, site: Site, rows: Rows, database_url: str
) -> None:
    limit_mb = 700
    leaky = 'EXTENSIONS={"tests.crawl.poison.Leak": 1, "refillspot.extensions.memory_guard.MemoryGuard": 0}'
    settings = [
        leaky,
        f"FLEET_MAX_MEMORY_MB={limit_mb}",
        "MEMORY_CHECK_SECONDS=0.05",
        "POSTGRES_COPY_MAX_SECONDS=0.1",
        "CONCURRENT_REQUESTS=2",  # each page that is finished at the end leaves its 8 MiB too
    ]
    options = [part for setting in settings for part in ("-s", setting)]
    largest = 0.0
    fleet = replace(fleet, children_too=False)  # the memory of a fork is partly that of its server
    with fleet.start("-n", "2", *DISTRICT, *SHORT_LEASE, *options) as process:
        while process.poll() is None:
            largest = max(largest, use_mb(process))
            time.sleep(0.05)
        _, log = process.communicate()

    assert process.returncode == 0, log
    assert re.search(r"[1-9]\d* of them to free memory", log), log
    assert_complete(site, rows(), "금천구")
    assert crawl_row(database_url)["counts"].get("dead", 0) == 0
    assert 200 < largest <= limit_mb


def use_mb(process: Program) -> float:
    total = 0
    try:
        for one in (psutil.Process(process.pid), *children(process.pid)):
            total += one.memory_info().rss
    except psutil.Error:
        pass
    return total / 2**20


def test_a_fleet_whose_workers_cannot_run_gives_up(fleet: Crawl) -> None:
    broken = "SCHEDULER=refillspot.clock.Clock"  # one that schedules nothing
    result = fleet.run("-n", "1", *DISTRICT, "-s", broken)

    assert result.returncode == 1
    assert "again and again" in result.stderr


def test_wrong_usage_starts_nothing(fleet: Crawl, site: Site) -> None:
    for arguments, message in (
        (["-n", "many", *DISTRICT], "-n 4"),
        (["-n", "9" * 5000, *DISTRICT], "-n 4"),
        (["-n", "99", *DISTRICT], "FLEET_MAX_MEMORY_MB"),
        (["-a", "district=강남"], "use one of these"),
        (["-a", "district"], "-a NAME=VALUE"),
    ):
        result = fleet.run(*arguments)
        assert result.returncode == 2
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    assert site.log() == []


def test_each_process_of_a_fleet_has_a_log_for_people_and_one_for_programs(
    fleet: Crawl, site: Site, tmp_path: Path
) -> None:
    """And all of them have one limit."""
    result = fleet.run("-n", "2", "-a", "district=금천구", "-a", "limit=2", "-s", "NOTIFY_URL=http://127.0.0.1:1/xyzzy")
    files = sorted((tmp_path / "home/logs").glob("*/*"))

    assert result.returncode == 0, result.stderr
    assert fetched(site).total() == 2
    assert [re.sub(r"\d{2,}", "PID", path.name) for path in files] == [
        "fleet-PID.jsonl",
        "worker-1-PID.jsonl",
        "worker-1-PID.log",
        "worker-2-PID.jsonl",
        "worker-2-PID.log",
    ]
    for path in files[1::2]:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert {line["crawl"] for line in lines[-3:]} == {path.parent.name}
        assert len({line["worker"] for line in lines[-3:]}) == 1
    assert not any("xyzzy" in path.read_text("utf-8") for path in files)
