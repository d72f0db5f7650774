"""Crawls with the page cache: what is asked of the site, and what is not."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.crawl.moments import fetched, wait_for_store_pages
from tests.crawl.validating_site import validating_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site
    from tests.own_redis import OwnRedis

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = ("-a", "district=금천구")
FEW = (*DISTRICT, "-a", "keywords=무한리필", "-a", "limit=3", "-s", "RETRY_TIMES=0")
HOUR, DAY = 3600, 24 * 3600
REFRESH = ("-s", 'SPIDER_MIDDLEWARES={"tests.crawl.refreshing.RefreshStores": 1}')


def later(seconds: int) -> tuple[str, str]:
    return "-s", f"CLOCK_OFFSET_SECONDS={seconds}"


def stats(log: str) -> Counter[str]:
    """Return what the cache counted, as Scrapy prints it at the end."""
    return Counter({name: int(count) for name, count in re.findall(r"'cache/(\w+)': (\d+)", log)})


def asked(site: Site) -> Counter[str]:
    return Counter(entry["kind"] for entry in site.log())


def run(crawl: Crawl, *options: str, code: int = 0) -> Counter[str]:
    result = crawl.run(*options)
    assert result.returncode == code, result.stderr[-3000:]
    return stats(result.stderr)


def test_a_second_crawl_asks_the_site_for_nothing(cached_crawl: Crawl, site: Site, rows: Rows) -> None:
    own_words = (*DISTRICT, "-a", "keywords=무한리필,고기뷔페,두끼")  # which never rest
    first = run(cached_crawl, *own_words)
    before, requests = rows(), asked(site)
    site.clear_log()
    second = run(cached_crawl, *own_words)

    assert [(entry["kind"], entry["asked"]) for entry in site.log()] == []
    assert second["hits"] == second["requests_saved"] + 1 == first["misses"] == first["stored"] == requests.total()
    assert second["hits"] / (second["hits"] + second["misses"]) >= 0.95
    assert second["bytes_saved"] > 1000 * second["hits"]
    assert (second["corrupt"], second["evictions"]) == (0, 0)
    after = rows()
    assert all(after[ref].pop("last_seen_at") > row.pop("last_seen_at") for ref, row in before.items())
    for row in (*before.values(), *after.values()):
        del row["fetched_at"]
    assert after == before


def test_pages_grow_old_by_their_kind(cached_crawl: Crawl, site: Site, rows: Rows) -> None:
    run(cached_crawl, *FEW)
    everything = asked(site)
    site.clear_log()

    run(cached_crawl, *FEW, *later(5 * HOUR))
    assert not asked(site)
    ages = [row["last_seen_at"] - row["fetched_at"] for row in rows().values()]
    assert all(abs(age - timedelta(hours=5)) < timedelta(hours=1) for age in ages)  # what they say was so back then
    run(cached_crawl, *FEW, *later(7 * HOUR))
    assert asked(site) == Counter(list=everything["list"])
    site.clear_log()
    counted = run(cached_crawl, *FEW, *later(8 * DAY))
    assert asked(site) == everything
    assert counted["hits"] == 0


def test_a_clock_that_was_set_back_leaves_no_page_that_never_grows_old(cached_crawl: Crawl, site: Site) -> None:
    run(cached_crawl, *FEW, *later(30 * DAY))
    site.clear_log()
    run(cached_crawl, *FEW)

    assert asked(site)["store"] == 3


def test_a_refresh_asks_the_site_and_keeps_what_it_says(cached_crawl: Crawl, site: Site) -> None:
    run(cached_crawl, *FEW)
    site.clear_log()
    counted = run(cached_crawl, *FEW, *REFRESH, *later(6 * DAY))
    assert asked(site)["store"] == counted["refreshes"] == 3
    site.clear_log()

    run(cached_crawl, *FEW, *later(8 * DAY))  # the first pages would be too old by now
    assert asked(site)["store"] == 0


def test_a_changed_list_row_refreshes_its_page(cached_crawl: Crawl, site: Site) -> None:
    changed = ("-s", 'SPIDER_MIDDLEWARES={"tests.crawl.refreshing.ChangeRows": 1}')
    run(cached_crawl, *FEW)
    site.clear_log()
    counted = run(cached_crawl, *FEW, *changed)
    assert asked(site)["store"] == counted["refreshes"] == 3
    site.clear_log()

    run(cached_crawl, *FEW, *changed)
    assert asked(site)["store"] == 0


@pytest.mark.parametrize("damage", [lambda value: b"\x00" + value[1:], lambda value: value[:-2] + b"xx"])
def test_pages_that_cannot_be_read_are_asked_for_again(
    cached_crawl: Crawl, site: Site, cache_redis_url: str, key_prefix: str, damage: Callable[[bytes], bytes]
) -> None:
    run(cached_crawl, *FEW)
    with redis.Redis.from_url(cache_redis_url) as client:
        keys = set(client.scan_iter(f"{key_prefix}:cache:*", count=1000))
        for key in keys:
            client.set(key, damage(client.get(key)), keepttl=True)
    counted = run(cached_crawl, *FEW)

    pages = len(keys) - 1  # the other one says since when the cache is filled
    assert counted["misses"] == counted["stored"] == pages
    assert counted["corrupt"] >= len(keys)  # seen by the look and by the claim
    assert max(fetched(site).values()) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "verification"},
        {"kind": "html"},
        {"kind": "truncated"},
        {"kind": "wrong_json", "body": "[]"},
        {"kind": "result_code", "code": "001"},
        {"kind": "status", "status": 503},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_what_is_no_answer_is_not_kept(
    cached_crawl: Crawl, site: Site, faults: Faults, rows: Rows, fault: dict[str, Any]
) -> None:
    faults.add(path="/API/profile/", **fault)
    spoilt = cached_crawl.run(*FEW)
    faults.clear()
    assert stats(spoilt.stderr)["stored"] == 2  # robots.txt and the list
    site.clear_log()

    run(cached_crawl, *FEW)
    assert asked(site) == Counter(store=3)
    assert len(rows()) == 3


def test_a_store_that_is_gone_is_not_asked_for_again_for_a_day(cached_crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(path="/API/profile/", kind="status", status=404)
    cached_crawl.run(*FEW)
    site.clear_log()

    cached_crawl.run(*FEW, *later(23 * HOUR))
    assert asked(site)["store"] == 0
    cached_crawl.run(*FEW, *later(25 * HOUR))
    assert asked(site)["store"] == 3


def test_an_old_page_stands_in_for_an_error_where_that_is_set(
    cached_crawl: Crawl, site: Site, faults: Faults, rows: Rows
) -> None:
    run(cached_crawl, *FEW)
    faults.add(path="/API/", kind="status", status=503)
    cached_crawl.run(*FEW, *later(8 * DAY))
    before = rows()
    counted = run(cached_crawl, *FEW, *later(8 * DAY), "-s", f"CACHE_STALE_IF_ERROR_SECONDS={30 * DAY}")

    assert counted["stale"] == 4  # a list, three stores
    assert all(row["last_seen_at"] > before[ref]["last_seen_at"] for ref, row in rows().items())
    assert asked(site)["store"] == 3 + 3  # and the site was asked: before, and now


def test_unchanged_pages_are_confirmed_and_young_again(
    cached_crawl: Crawl, site: Site, rows: Rows, own_redis: OwnRedis
) -> None:
    cached_crawl.environment["CACHE_REDIS_URL"] = own_redis.url  # in which nothing makes room for others' pages
    with validating_site(site.url) as validating:
        here = (*FEW, "-s", f"DININGCODE_API_URL={validating.url}")
        first = run(cached_crawl, *here)
        validating.statuses.clear()
        counted = run(cached_crawl, *here, *later(8 * DAY))

        asked_again = validating.statuses.total()
        assert first["stored"] == asked_again == 5  # robots.txt, a list, three stores
        assert counted["revalidated"] == validating.statuses[304] == asked_again
        assert counted["hits"] == 0
        assert counted["bytes_saved"] > 0
        assert len(rows()) == 3
        run(cached_crawl, *here, *later(14 * DAY))
        assert validating.statuses.total() == asked_again + 2  # the stores are six days old, not fourteen


def test_two_crawls_at_once_ask_for_each_page_once(cached_crawl: Crawl, site: Site, rows: Rows) -> None:
    patient = cached_crawl.having("-s", "CACHE_LEASE_SECONDS=600")  # a busy machine lets no lease run out
    with (
        patient.start(*DISTRICT, "-a", "crawl=one") as one,
        patient.start(*DISTRICT, "-a", "crawl=two") as two,
    ):
        logs = [process.communicate()[1] for process in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), logs
    counted = stats(logs[0]) + stats(logs[1])
    assert max(fetched(site).values()) == 1
    assert asked(site).total() == counted["misses"] == counted["stored"] == counted["hits"]
    assert rows().keys() == fetched(site).keys()


def test_a_worker_that_is_killed_while_it_fetches_holds_the_other_up_for_a_lease(
    cached_crawl: Crawl, site: Site, faults: Faults, rows: Rows
) -> None:
    faults.add(path="/API/profile/", kind="delay", seconds=60, first=1)
    short = ("-a", "limit=1", "-s", "CACHE_LEASE_SECONDS=2")
    with cached_crawl.start(*FEW, *short, "-a", "crawl=one") as one:
        wait_for_store_pages(site, 1)
        with cached_crawl.start(*FEW, *short, "-a", "crawl=two", "-L", "DEBUG") as two:
            two.wait_for_line("another worker is fetching the store page")
            one.kill()
            _, log = two.communicate()

    assert two.returncode == 0, log[-3000:]
    assert (stats(log)["waits"], stats(log)["misses"]) == (1, 1)
    assert len(rows()) == 1


def test_waiting_misses_hold_no_hit_back(cached_crawl: Crawl, rows: Rows) -> None:
    run(cached_crawl, *DISTRICT, "-a", "keywords=뷔페")
    cached = rows()
    run(cached_crawl, *DISTRICT, "-a", "keywords=무한리필", "-a", "limit=1")
    started = datetime.now(UTC)
    # The stores of 무한리필 come first, and but for one none of them will come from the site in this test's time.
    hardly = ("-s", "POLITENESS_REQUESTS_PER_SECOND=0.01", "-s", "CACHE_MAX_WAITING_MISSES=1000")
    with cached_crawl.start(*DISTRICT, "-a", "keywords=무한리필,뷔페", *hardly) as process:
        try:
            while not all(rows()[ref]["last_seen_at"] > started for ref in cached):  # ends at pytest's timeout if never
                time.sleep(0.1)
        finally:
            process.kill()  # it would take hours


def test_a_full_cache_forgets_pages_and_the_queue_nothing(
    cached_crawl: Crawl, site: Site, rows: Rows, own_redis: OwnRedis, redis_url: str
) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
    cached_crawl.environment["CACHE_REDIS_URL"] = own_redis.url
    with redis.Redis.from_url(redis_url) as queue:
        before = queue.info("stats")["evicted_keys"]
        first = cached_crawl.run(*DISTRICT)
        # Somebody else's keys take the whole server, and leave enough to evict: a server with nothing to evict would
        # refuse pages, because what is under way (buffers of clients) counts as its memory too.
        with own_redis.client() as client:
            for number in range(4_000):
                client.set(f"other:{number}", bytes(1_000))
        again = cached_crawl.run(*DISTRICT)
        assert queue.info("stats")["evicted_keys"] == before

    assert (first.returncode, again.returncode) == (0, 0)
    assert "the page cache refuses" not in first.stderr + again.stderr
    second = stats(again.stderr)
    assert second["evictions"] > 0
    assert second["misses"] > 0
    assert rows().keys() == fetched(site).keys()
    assert {store["ref"] for store in site.truth("금천구", "무한리필") if store["reached_by"]} <= rows().keys()


def test_a_server_that_may_evict_the_queue_is_refused_at_the_start(
    cached_crawl: Crawl, site: Site, own_redis: OwnRedis
) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "100mb")
    cached_crawl.environment["REDIS_URL"] = cached_crawl.environment["CACHE_REDIS_URL"] = own_redis.url
    result = cached_crawl.run(*DISTRICT)

    assert result.returncode == 1
    assert "may evict the queue: its maxmemory-policy is allkeys-lru" in result.stderr
    assert "Traceback" not in result.stderr
    assert [(entry["kind"], entry["asked"]) for entry in site.log()] == []


def test_a_cache_that_dies_in_the_middle_is_done_without_and_used_again(
    cached_crawl: Crawl, site: Site, rows: Rows, own_redis: OwnRedis
) -> None:
    cached_crawl.environment["CACHE_REDIS_URL"] = own_redis.url
    with cached_crawl.start(*DISTRICT, "-s", "POLITENESS_REQUESTS_PER_SECOND=10") as process:
        wait_for_store_pages(site, 5)
        own_redis.kill()
        wait_for_store_pages(site, 20)
        (own_redis.directory / "appendonlydir").rename(own_redis.directory / "before")  # a cache comes back empty
        own_redis.start()
        _, log = process.communicate()

    assert process.returncode == 0, log[-3000:]
    assert log.count("the page cache is away") >= 1  # on a busy machine it is slow for a moment as well
    assert log.count("the page cache answers again") >= 1
    assert stats(log)["errors"] > 0
    assert rows().keys() == fetched(site).keys()
    with own_redis.client() as client:
        assert client.dbsize() > 0


def test_a_stop_gives_leases_back(cached_crawl: Crawl, site: Site, cache_redis_url: str, key_prefix: str) -> None:
    with cached_crawl.start(*DISTRICT, "-s", "POLITENESS_REQUESTS_PER_SECOND=20") as process:
        wait_for_store_pages(site, 5)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate()

    assert process.returncode == 130, log[-3000:]
    with redis.Redis.from_url(cache_redis_url) as client:
        assert not list(client.scan_iter(f"{key_prefix}:cache:*:lease", count=1000))
