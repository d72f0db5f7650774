"""What goes with a crawl, whatever it is called, and what never does."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
import redis
from psycopg.types.json import Jsonb

from refillspot.clock import Clock
from refillspot.exceptions import ArgumentError
from refillspot.operations.crawls import Crawls, Pruning
from refillspot.operations.dead_letters import CrawlDeadLetters
from refillspot.postgres.crawls import join_crawl, list_crawls
from refillspot.regions import parse_region
from refillspot.report.recorded import Records
from refillspot.services import ServiceAddresses
from refillspot.stats.crawl import CrawlScope

ADD = """
    INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at) VALUES (%s, 'x', %s, 'complete', now())
"""
OTHERS = ("cache:2:00ff", "politeness:im.diningcode.com", "api_health:im.diningcode.com", "*", "20261125-ab:crawl")


def add_ended(database_url: str, *ids: str) -> None:
    """Put crawls into the list, called as an older version or another program may have called them."""
    with psycopg.connect(database_url) as connection:
        for id_ in ids:
            connection.execute(ADD, [id_, Jsonb({})])


def test_prune_removes_the_keys_of_crawls_and_no_others(database_url: str, redis_url: str, key_prefix: str) -> None:
    prefix = f"{key_prefix}[a-z]*"
    others = {f"{prefix}:{name}" for name in OTHERS} | {f"{key_prefix}x:20261125:crawl", f"{prefix}:20261125:notes"}
    add_ended(database_url, "cache", "politeness", "api_health", "*", "", "20261125", "20261125-*")
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        for key in others:
            client.set(key, "somebody's")
        client.hset(f"{prefix}:20261125:crawl", "state", "complete")
        client.zadd(f"{prefix}:20261125:lanes", {"10": 10, "x:y": 1, "../cache": 2})
        client.xadd(f"{prefix}:20261125:lane:10", {"r": "request"})
        client.hset(f"{prefix}:20261125:heartbeats", "worker", "{}")
        client.sadd(f"{prefix}:20261125:silent", "worker")

        pruned = Pruning(ServiceAddresses(database_url, redis_url, redis_url), prefix, Clock()).prune([])

        assert {one.crawl.id: one.keys for one in pruned if one.keys} == {"20261125": 5}
        assert set(client.scan_iter(f"{key_prefix}*", count=1000)) == others


def test_dead_letters_that_are_none_can_be_pruned_with_the_crawl(
    database_url: str, redis_url: str, key_prefix: str
) -> None:
    add_ended(database_url, "20261125")
    services = ServiceAddresses(database_url, redis_url, redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{key_prefix}:20261125:dead", "not a hash")

        (kept,) = Pruning(services, key_prefix, Clock()).prune([])
        (pruned,) = Pruning(services, key_prefix, Clock(), with_dead_letters=True).prune([])

        assert (kept.kept_letters, pruned.keys) == (1, 1)


def test_a_crawl_is_given_up_at_the_time_of_its_clock(database_url: str, redis_url: str, key_prefix: str) -> None:
    clock = Clock(timedelta(days=30))
    join_crawl(database_url, "diningcode", {}, "one", clock.now())
    Pruning(ServiceAddresses(database_url, redis_url, redis_url), key_prefix, clock).prune(["one"])
    (one,) = list_crawls(database_url)

    assert one.state == "abandoned"
    assert one.ended_at is not None
    assert one.started_at <= one.ended_at <= clock.now()


def test_crawls_of_a_city_or_a_site_are_chosen(database_url: str, redis_url: str, key_prefix: str) -> None:
    asked = {"seoul": ["11140"], "busan": ["26110"], "both": ["11140", "26110"], "none": []}
    with psycopg.connect(database_url) as connection:
        for id_, codes in asked.items():
            connection.execute(ADD, [id_, Jsonb({"districts": codes})])
        connection.execute("UPDATE refillspot.crawls SET spider = 'diningcode' WHERE id = 'seoul'")
    busan, diningcode = CrawlScope(region=parse_region("부산")), CrawlScope(site="diningcode")

    assert {crawl.id for crawl in list_crawls(database_url)} == asked.keys()
    assert {crawl.id for crawl in list_crawls(database_url, busan)} == {"busan", "both"}
    assert {crawl.id for crawl in list_crawls(database_url, diningcode)} == {"seoul"}
    services = ServiceAddresses(database_url, redis_url, redis_url)
    pruned = Pruning(services, key_prefix, Clock(), scope=busan).prune([])
    assert {one.crawl.id for one in pruned} == {"busan", "both"}


@pytest.fixture
def three(database_url: str, redis_url: str, key_prefix: str) -> Crawls:
    """Crawls that are not complete: one that workers are at work on, one that they left, one that never began."""
    clock = Clock()
    for number, (id_, workers) in enumerate({"20261124-at-work": 2, "20261124-left": 0, "20261123-failed": 0}.items()):
        join_crawl(database_url, "diningcode", {"districts": [str(number)]}, id_, clock.now() - timedelta(days=1))
        with redis.Redis.from_url(redis_url) as client:
            prefix = f"{key_prefix}:{id_}"
            if "failed" not in id_:
                client.hset(f"{prefix}:crawl", "state", "open")
            for worker in range(workers):
                client.zadd(f"{prefix}:workers", {f"worker-{worker}": 10**15})
    return Crawls(ServiceAddresses(database_url, redis_url, redis_url), key_prefix, clock)


def paused(crawls: Crawls) -> set[str]:
    return {one.crawl.id for one in crawls.read() if one.state == "paused"}


def test_running_and_interrupted_are_told_apart_by_the_same_words(three: Crawls, database_url: str) -> None:
    states = {one.crawl.id: one.state for one in three.read()}

    assert states == {"20261124-at-work": "running", "20261124-left": "interrupted", "20261123-failed": "interrupted"}
    for one in three.read():
        assert one.as_json()["state"] == one.state
        assert one.as_text()["state"].startswith(one.state)
    progress = {one.crawl.id: one.progress for one in three.read()}
    records = Records(database_url, three.clock.now(), progress_of=progress.get)
    assert {crawl.id: records.stats(crawl).state for crawl in records.crawls} == states


def test_the_crawl_that_has_workers_is_meant_where_none_is_named(three: Crawls, database_url: str) -> None:
    assert three.to_watch(None).id == "20261124-at-work"
    assert three.set_paused(None, paused=True).crawl.id == "20261124-at-work"
    three.set_paused("20261124-left", paused=True)
    assert three.set_paused(None, paused=False).crawl.id == "20261124-at-work"
    assert three.set_paused(None, paused=False).crawl.id == "20261124-left"  # the only one that is still paused
    assert paused(three) == set()
    progress = {one.crawl.id: one.progress for one in three.read()}
    assert Records(database_url, three.clock.now(), progress_of=progress.get).find(None).id == "20261124-at-work"


def test_a_crawl_whose_queue_is_elsewhere_is_not_said_to_have_ended(three: Crawls) -> None:
    with pytest.raises(
        ArgumentError, match=r"20261123-failed has no queue in this Redis \(REDIS_URL, REDIS_KEY_PREFIX\)"
    ):
        three.set_paused("20261123-failed", paused=False)


def test_where_several_may_be_meant_they_are_listed_with_their_states(
    three: Crawls, redis_url: str, key_prefix: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.delete(f"{key_prefix}:20261124-at-work:workers")
    with pytest.raises(ArgumentError, match=r"3 crawls may be meant, name one: .*20261124-left \(interrupted\)"):
        three.set_paused(None, paused=True)


def test_the_beginning_of_an_id_is_enough_everywhere(three: Crawls) -> None:
    assert three.find("20261124-l").crawl.id == "20261124-left"
    assert three.set_paused("20261124-a", paused=True).crawl.id == "20261124-at-work"
    assert three.to_watch("20261123").id == "20261123-failed"
    assert CrawlDeadLetters.find(three.services, three.key_prefix, "20261123").crawl.id == "20261123-failed"
    assert [one.crawl.id for one in Pruning(three.services, three.key_prefix, three.clock).prune(["20261123"])] == [
        "20261123-failed"
    ]
    with pytest.raises(ArgumentError, match="20261124 may be any of 20261124-"):
        three.find("20261124")
    with pytest.raises(ArgumentError, match=r"no crawl 20261124-lefd: .* Did you mean 20261124-left\?"):
        three.find("20261124-lefd")
