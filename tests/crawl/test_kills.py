"""Workers die, hang and are stopped; at the end every store is there, once."""

from __future__ import annotations

import pickle
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import redis
from psycopg.rows import dict_row

from refillspot.frontier import codec
from refillspot.frontier.dead_letters import read_dead_letter
from refillspot.planning import KEYWORDS
from tests.crawl.moments import PACED, SLOW, fetched, hurry, wait_for_store_pages, wait_for_workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Site
    from tests.own_redis import OwnRedis

    Rows = Callable[[], dict[str, dict[str, Any]]]

WORDS = ",".join(KEYWORDS)
LEASE = 2  # seconds
FORGED: tuple[dict[str, Any], ...] = (
    {"_class": "scrapy.http.request.form.FormRequest", "callback": "parse_store"},
    {"callback": "close"},  # a method of every spider
    {"callback": "parse_that_is_not_there"},
    {"encoding": "no-such-encoding"},
    {"url": "http://127.0.0.1:9/"},
    {"meta": {"proxy": "http://127.0.0.1:9", "dont_obey_robotstxt": True}},
    {"meta": {"download_timeout": "soon"}},
)
NESTED = msgspec.msgpack.encode({"url": "http://127.0.0.1/", "cb_kwargs": {"a": 7}})[:-1] + b"\x91" * 3000 + b"\x07"
QUICK = (
    "-s", f"FRONTIER_LEASE_SECONDS={LEASE}", "-s", "FRONTIER_PREFETCH=4", "-s", "CONCURRENT_REQUESTS=4",
)  # fmt: skip
SHORT_LEASE = (*PACED, *QUICK)
"""Until its moment has come; for the rest there is `hurry`."""


def assert_complete(site: Site, stored: dict[str, Any]) -> None:
    """Every store that the keywords reach is there, and none that does not exist."""
    truth = site.truth("금천구", WORDS)
    assert {store["ref"] for store in truth if store["reached_by"]} <= stored.keys()
    assert stored.keys() <= {store["ref"] for store in truth}


def crawls(database_url: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM refillspot.crawls").fetchall()


def test_a_killed_worker_costs_no_store(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with (
        crawl.start("-a", "district=금천구", *SHORT_LEASE) as one,
        crawl.start("-a", "district=금천구", *SHORT_LEASE) as two,
    ):
        wait_for_workers(redis_url, key_prefix, 2)
        wait_for_store_pages(site, 20)
        one.kill()
        one.wait()
        hurry(site, redis_url, key_prefix)
        _, log = two.communicate()

    assert two.returncode == 0, log[-3000:]
    assert_complete(site, rows())
    (row,) = crawls(database_url)
    assert row["state"] == "complete"
    assert row["counts"]["redelivered"] > 0
    assert row["counts"].get("dead", 0) == 0
    assert sum(fetched(site).values()) <= len(rows()) + row["counts"]["redelivered"]
    assert max(fetched(site).values()) <= 2


def test_a_suspended_worker_does_no_harm_when_it_goes_on(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    with crawl.start("-a", "district=금천구", *SHORT_LEASE) as one:
        wait_for_store_pages(site, 5)
        one.send_signal(signal.SIGSTOP)
        hurry(site, redis_url, key_prefix)
        two = crawl.run("-a", "district=금천구", *SHORT_LEASE)
        one.send_signal(signal.SIGCONT)
        _, log = one.communicate()

    assert (one.returncode, two.returncode) == (0, 0), log[-3000:]
    assert_complete(site, rows())
    assert [row["state"] for row in crawls(database_url)] == ["complete"]
    assert max(fetched(site).values()) <= 2


def test_a_page_that_kills_its_worker_is_buried_and_its_neighbours_are_not(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    poison = min(store["ref"] for store in site.truth("금천구", WORDS) if store["refill"] and store["reached_by"])
    crawl.environment["POISON"] = poison
    patient = ("-s", f"FRONTIER_LEASE_SECONDS={2 * LEASE}")  # a busy machine renews it in time, or nothing goes on
    deadly = (*QUICK, *patient, "-s", 'EXTENSIONS={"tests.crawl.poison.Poison": 1}')
    codes: list[int] = []
    while not codes or codes[-1] < 0:  # ends at pytest's timeout if never
        codes.append(crawl.run("-a", "district=금천구", *deadly).returncode)

    assert codes == [*[-signal.SIGKILL] * (len(codes) - 1), 3]
    (row,) = crawls(database_url)
    with redis.Redis.from_url(redis_url) as client:
        letters = [read_dead_letter(letter) for letter in client.hvals(f"{key_prefix}:{row['id']}:dead")]
    ((why, payload),) = letters
    assert codec.loads(payload)["cb_kwargs"]["row"]["v_rid"] == poison
    assert "died" in why.reason
    stored = rows()
    stored[poison] = {}
    assert_complete(site, stored)


def test_a_redis_that_dies_costs_no_store(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, own_redis: OwnRedis, key_prefix: str
) -> None:
    """Its file is synced each second, so it comes back older than the workers remember it."""
    crawl.environment["REDIS_URL"] = own_redis.url
    with (
        crawl.start("-a", "district=금천구", *SHORT_LEASE) as one,
        crawl.start("-a", "district=금천구", *SHORT_LEASE) as two,
    ):
        wait_for_workers(own_redis.url, key_prefix, 2)
        for pages in (10, 40):
            wait_for_store_pages(site, pages)
            own_redis.kill()
            time.sleep(LEASE)  # away for as long as a lease: what is measured, not what is waited for
            own_redis.start()
        hurry(site, own_redis.url, key_prefix)
        logs = [worker.communicate()[1] for worker in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), logs
    assert all("waits and loses nothing" in log and "Redis answers again" in log for log in logs)
    assert_complete(site, rows())
    (row,) = crawls(database_url)
    assert row["counts"].get("dead", 0) == 0
    assert max(fetched(site).values()) <= 3  # twice older by up to a second


def test_a_redis_that_is_full_of_its_own_queue_drains(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, key_prefix: str, own_redis: OwnRedis
) -> None:
    """What is done goes out of it; what lists have found waits until there is room."""
    crawl.environment["REDIS_URL"] = own_redis.url
    with crawl.start("-a", "district=금천구", *SHORT_LEASE, *SLOW) as process, own_redis.client() as client:
        wait_for_store_pages(site, 5)
        client.config_set("maxmemory", 1)
        process.wait_for_line("Redis is full")
        (row,) = crawls(database_url)
        done = client.hget(f"{key_prefix}:{row['id']}:crawl", "count:done")
        while client.hget(f"{key_prefix}:{row['id']}:crawl", "count:done") == done:
            time.sleep(0.01)
        client.config_set("maxmemory", 0)
        hurry(site, own_redis.url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log[-3000:]
    assert "Redis has room again" in log
    assert_complete(site, rows())
    (row,) = crawls(database_url)
    assert (row["state"], row["counts"].get("dead", 0)) == ("complete", 0)


def test_a_redis_that_forgets_the_queue_costs_no_store(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """As if it had come back from the moment in which the crawl began."""
    with crawl.start("-a", "district=금천구", *SHORT_LEASE) as process:
        wait_for_store_pages(site, 20)
        (row,) = crawls(database_url)
        forget_all_but_the_crawl(redis_url, f"{key_prefix}:{row['id']}")
        hurry(site, redis_url, key_prefix)
        _, log = process.communicate()

    assert process.returncode == 0, log[-3000:]
    assert "Redis is not what it was: the last batch of this worker that it knows is 0, not" in log
    assert_complete(site, rows())
    (row,) = crawls(database_url)
    assert (row["state"], row["counts"].get("dead", 0)) == ("complete", 0)
    assert max(fetched(site).values()) <= 2


def forget_all_but_the_crawl(redis_url: str, prefix: str) -> None:
    crawl = f"{prefix}:crawl"
    with redis.Redis.from_url(redis_url, decode_responses=True) as client, client.pipeline() as transaction:
        transaction.delete(*(key for key in client.scan_iter(f"{prefix}:*") if key != crawl))
        transaction.hdel(crawl, *(field for field in client.hkeys(crawl) if field != "state"))
        transaction.execute()


def test_a_stop_in_the_middle_of_the_seeds_loses_none(crawl: Crawl, site: Site, rows: Rows, database_url: str) -> None:
    deadly = ("-s", 'EXTENSIONS={"tests.crawl.poison.DiesAmongSeeds": 1}')
    assert crawl.run("-a", "district=금천구", *QUICK, *deadly).returncode == -signal.SIGKILL
    assert crawl.run("-a", "district=금천구", *QUICK).returncode == 0

    assert len(crawls(database_url)) == 1
    assert_complete(site, rows())


def test_what_was_planted_in_the_queue_is_not_executed(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, redis_url: str, key_prefix: str, tmp_path: Path
) -> None:
    proof = tmp_path / "executed"
    with crawl.start("-a", "district=금천구", *SHORT_LEASE) as process:
        wait_for_store_pages(site, 5)
        process.send_signal(signal.SIGINT)
        process.communicate()
    (row,) = crawls(database_url)
    request = {"url": f"{site.url}/API/profile/", "method": "POST", "body": b"v_rid=x"}
    forged = [request | extra for extra in FORGED]
    with redis.Redis.from_url(redis_url) as client:
        lane = f"{key_prefix}:{row['id']}:lane:10"
        packed = [NESTED, *map(msgspec.msgpack.encode, forged)]
        for payload in (pickle.dumps(Planted(proof)), b"", *map(codec._compress, packed)):
            client.xadd(lane, {"r": payload})
        client.xadd(lane, {"": "", "r": "another field"})
        result = crawl.run("-a", "district=금천구", *QUICK)
        letters = [read_dead_letter(letter) for letter in client.hvals(f"{key_prefix}:{row['id']}:dead")]

    assert result.returncode == 3, result.stderr[-3000:]
    assert not proof.exists()
    assert len(letters) == 4 + len(FORGED)
    assert all("not a request of this crawl" in why.reason for why, _ in letters)
    assert_complete(site, rows())


class Planted:
    """A pickle that leaves a file where it was executed."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.proof,))


def test_a_worker_that_is_told_to_stop_while_it_opens_leaves_as_any_other(crawl: Crawl) -> None:
    result = crawl.run("-a", "district=금천구", "-s", 'EXTENSIONS={"tests.crawl.poison.StopsAsItOpens": 1}')

    assert result.returncode == 130, result.stderr
    assert "Closing spider (shutdown)" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.endswith("The same command continues from here.\n")


FEW = ("-a", "district=금천구", "-a", "limit=3")


WAITING = """
    FROM pg_locks WHERE NOT granted AND relation = 'refillspot.crawls'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_a_crawl_is_closed_over_what_is_there_though_postgresql_comes_back_older_and_redis_dies(
    crawl: Crawl, database_url: str, own_redis: OwnRedis, key_prefix: str
) -> None:
    crawl.environment["REDIS_URL"] = own_redis.url
    key = f"{key_prefix}:one:crawl"
    with (
        redis.Redis.from_url(own_redis.url, decode_responses=True) as client,
        psycopg.connect(database_url) as holder,
        psycopg.connect(database_url, autocommit=True) as looker,
    ):
        client.hset(key, mapping={"state": "open", "paused": 1})  # until it is held from closing
        with crawl.start(*FEW, "-a", "crawl=one") as process:
            wait_for_workers(own_redis.url, key_prefix, 1)
            hold_from_closing(holder, client, key)
            while not looker.execute(f"SELECT pid {WAITING}".encode()).fetchone():
                time.sleep(0.01)
            holder.execute("DELETE FROM refillspot.crawl_commits")  # as it was before them
            holder.execute("DELETE FROM refillspot.stores")
            looker.execute(f"SELECT pg_terminate_backend(pid) {WAITING}".encode())
            client.hset(key, "paused", 1)
            holder.commit()
            process.wait_for_line("pages are fetched again")
            hold_from_closing(holder, client, key)
            own_redis.kill()
            holder.commit()
            process.wait_for_line("Redis: ")  # the worker, or whoever closes
            own_redis.start()
            _, log = process.communicate()

        assert process.returncode == 0, log[-3000:]
        assert client.hget(key, "state") == "complete"
        (row,) = crawls(database_url)
        assert (row["state"], row["stored"]) == ("complete", 3)
        assert looker.execute("SELECT count(*) FROM refillspot.stores").fetchone() == (3,)


def hold_from_closing(holder: psycopg.Connection, client: redis.Redis, key: str) -> None:
    """Let a crawl go on until it can only be closed, and PostgreSQL waits with that for `holder`."""
    holder.execute("LOCK TABLE refillspot.crawls IN SHARE ROW EXCLUSIVE MODE")
    client.hdel(key, "paused")
    while client.hget(key, "state") != "closing":
        time.sleep(0.01)


def test_a_crawl_that_was_left_half_closed_is_closed_and_another_begun(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    assert crawl.run(*FEW).returncode == 0
    (first,) = crawls(database_url)
    with psycopg.connect(database_url) as connection:  # as its closer left it, who died before PostgreSQL knew
        connection.execute("UPDATE refillspot.crawls SET state = 'running', ended_at = NULL")
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:{first['id']}:crawl", mapping={"state": "closing", "closer": "gone"})
    site.clear_log()

    ended = crawl.run(*FEW, "-s", "CACHE_ENABLED=False")
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert [row["state"] for row in crawls(database_url)] == ["complete", "complete"]
    assert any(entry["kind"] == "list" for entry in site.log())
