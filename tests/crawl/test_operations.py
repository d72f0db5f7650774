"""What an operator does between crawls: look, try again, clear away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import psycopg
import redis
from psycopg.rows import dict_row

from refillspot.clock import Clock
from refillspot.planning import KEYWORDS
from refillspot.postgres.crawls import join_crawl
from tests.crawl.moments import SLOW, fetched, hurry, wait_for_store_pages, wait_for_workers
from tests.postgres.test_stores import query, store, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

WORDS = ",".join(KEYWORDS)
DISTRICT = ("-a", "district=금천구")
NO_RETRY = ("-s", "RETRY_TIMES=0", "-s", "EARLY_STOP_PAGES=0")  # whichever of the first pages fail


def crawl_rows(database_url: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM refillspot.crawls ORDER BY started_at").fetchall()


def reached(site: Site) -> set[str]:
    return {store["ref"] for store in site.truth("금천구", WORDS) if store["reached_by"]}


def test_dead_letters_are_looked_at_and_tried_again(
    crawl: Crawl, site: Site, rows: Rows, database_url: str, faults: Faults
) -> None:
    faults.add(kind="status", status=503, path="/API/profile/", first=3)
    result = crawl.run(*DISTRICT, *NO_RETRY)
    assert result.returncode == 3, result.stderr
    assert "scrapy deadletters list" in result.stderr

    letters = json.loads(crawl.operate("deadletters", "list", "--json").stdout)
    lost = sorted(letter["asked"].rpartition("=")[2] for letter in letters)
    assert len(lost) == 3
    assert reached(site) - rows().keys() <= set(lost)
    assert rows().keys().isdisjoint(lost)
    assert all("503" in letter["reason"] and letter["is_replayable"] for letter in letters)
    listed = crawl.operate("deadletters", "list").stdout
    assert all(ref in listed for ref in lost)
    shown = crawl.operate("deadletters", "show", str(letters[0]["number"])).stdout
    assert "503" in shown
    assert letters[0]["asked"] in shown

    before = store(lost[0], name="옛 이름")
    before.read_ago(3600)
    write(database_url, before)
    faults.clear()
    replayed = crawl.operate("deadletters", "replay", "--all")
    assert replayed.returncode == 0, replayed.stderr
    site.clear_log()
    (row,) = crawl_rows(database_url)
    assert row["state"] == "running"
    again = crawl.run(*DISTRICT, *NO_RETRY, "-a", f"crawl={row['id']}")

    assert again.returncode == 0, again.stderr
    assert sorted(fetched(site)) == lost
    assert reached(site) <= rows().keys()
    (row,) = crawl_rows(database_url)
    assert (row["state"], row["counts"]["dead"], row["stored"]) == ("complete", 0, len(rows()))
    assert "no crawl has dead letters" in crawl.operate("deadletters", "list").stderr
    changes = query(database_url, "SELECT ref, crawl, field, old FROM refillspot.store_history")
    assert {(change["ref"], change["crawl"]) for change in changes} == {(lost[0], row["id"])}
    assert [change["old"] for change in changes if change["field"] == "name"] == ["옛 이름"]
    assert len({change["field"] for change in changes}) == len(changes)


def test_dead_letters_are_dropped_by_number(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="status", status=503, path="/API/profile/", probability=0.5, seed=1)
    crawl.run(*DISTRICT, *NO_RETRY)
    numbers = [letter["number"] for letter in json.loads(crawl.operate("deadletters", "list", "--json").stdout)]
    assert len(numbers) > 2

    assert crawl.operate("deadletters", "drop", str(numbers[0])).returncode == 0
    left = [letter["number"] for letter in json.loads(crawl.operate("deadletters", "list", "--json").stdout)]
    assert left == numbers[1:]
    again = crawl.operate("deadletters", "drop", str(numbers[0]))
    assert again.returncode == 1
    assert f"there is no dead letter {numbers[0]}" in again.stderr
    assert crawl.operate("deadletters", "drop", "--all").returncode == 0
    assert "no crawl has dead letters" in crawl.operate("deadletters", "list").stderr


def test_crawls_are_listed_shown_and_pruned(
    crawl: Crawl, rows: Rows, faults: Faults, redis_url: str, key_prefix: str
) -> None:
    def keys() -> list[bytes]:
        with redis.Redis.from_url(redis_url) as client:
            return [key for key in client.scan_iter(f"{key_prefix}:*") if b"politeness" not in key]

    assert "There is no crawl yet" in crawl.operate("crawls", "list").stdout
    assert crawl.run(*DISTRICT, "-a", "limit=5").returncode == 0
    faults.add(kind="status", status=503, path="/API/profile/", probability=0.5, seed=1)
    assert crawl.run(*DISTRICT, *NO_RETRY).returncode == 3
    faults.clear()

    newest, oldest = json.loads(crawl.operate("crawls", "list", "--json").stdout)
    assert (oldest["state"], newest["state"], oldest["stored"]) == ("complete", "complete", 5)
    assert newest["progress"]["dead"] > 0
    table = crawl.operate("crawls", "list").stdout
    assert newest["id"] in table
    assert "금천구" in table
    shown = crawl.operate("crawls", "show", oldest["id"]).stdout
    assert "-a district=금천구 -a limit=5" in shown
    assert crawl.operate("crawls", "show", "nonsense").returncode == 1

    assert any(oldest["id"].encode() in key for key in keys())
    pruned = crawl.operate("crawls", "prune")
    assert "1 pruned" in pruned.stdout
    assert newest["id"] in pruned.stdout
    assert {key.split(b":")[1].decode() for key in keys()} == {newest["id"]}
    assert crawl.operate("crawls", "prune", "--with-dead-letters").returncode == 0
    assert keys() == []
    assert len(rows()) > 5


def test_a_crawl_under_way_is_given_up_only_by_force(
    crawl: Crawl, site: Site, redis_url: str, key_prefix: str, database_url: str
) -> None:
    with crawl.start(*DISTRICT, *SLOW) as process:
        wait_for_workers(redis_url, key_prefix, 1)
        wait_for_store_pages(site, 3)
        (row,) = crawl_rows(database_url)
        careful = crawl.operate("crawls", "prune", row["id"])
        assert careful.returncode == 1
        assert "--force" in careful.stderr
        assert crawl.operate("crawls", "prune", row["id"], "--force").returncode == 0
        _, log = process.communicate()

    assert process.returncode == 1, log
    assert "crawl_gone" in log
    assert [row["state"] for row in crawl_rows(database_url)] == ["abandoned"]
    assert crawl.run(*DISTRICT, "-a", "limit=1").returncode == 0
    assert len(crawl_rows(database_url)) == 2


def test_a_crawl_pauses_for_all_workers_and_goes_on(
    crawl: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str, database_url: str
) -> None:
    with crawl.start(*DISTRICT, *SLOW) as one, crawl.start(*DISTRICT, *SLOW) as two:
        wait_for_workers(redis_url, key_prefix, 2)
        wait_for_store_pages(site, 5)
        assert "pauses within two seconds" in crawl.operate("pause").stdout
        for worker in (one, two):
            worker.wait_for_line("is paused")
        hurry(site, redis_url, key_prefix)  # were it not paused, it would end now
        wait_until_nothing_is_asked(site)
        settled = fetched(site).total()
        (row,) = crawl_rows(database_url)
        assert row["state"] == "running"
        assert crawl.operate("resume", row["id"]).returncode == 0
        logs = [worker.communicate()[1] for worker in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), logs
    assert fetched(site).total() > settled
    assert reached(site) <= rows().keys()
    ended = crawl.operate("pause")
    assert ended.returncode == 1
    assert "no crawl is in progress" in ended.stderr


def wait_until_nothing_is_asked(site: Site) -> None:
    """Return when the site was asked for nothing, of any kind, for a second."""
    asked, since = len(site.log()), time.monotonic()
    while time.monotonic() - since < 1:
        if (now := len(site.log())) != asked:
            asked, since = now, time.monotonic()
        time.sleep(0.05)


def test_who_joins_which_crawl(crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str) -> None:
    with crawl.start(*DISTRICT, *SLOW) as one, crawl.start(*DISTRICT, *SLOW) as two:
        wait_for_workers(redis_url, key_prefix, 2)
        (row,) = crawl_rows(database_url)
        other = crawl.run("-a", "district=강남구", "-a", f"crawl={row['id']}")
        assert other.returncode == 2
        assert "use the same arguments, or another id" in other.stderr
        hurry(site, redis_url, key_prefix)
        for worker in (one, two):
            worker.communicate()

    assert (one.returncode, two.returncode) == (0, 0)
    assert len(crawl_rows(database_url)) == 1
    late = crawl.run(*DISTRICT, "-a", f"crawl={row['id']}")
    assert late.returncode == 2
    assert "leave out crawl=" in late.stderr


def test_wrong_usage_says_what_is_right(crawl: Crawl) -> None:
    for arguments, message in (
        (["crawls"], "list, show ID, prune"),
        (["crawls", "show"], "list, show ID, prune"),
        (["crawls", "list", "--frobnicate"], "--frobnicate"),
        (["deadletters", "replay"], "--all"),
        (["deadletters", "drop", "one"], "not the number"),
        (["deadletters", "list", "--crawl", ".."], "not a crawl id"),
        (["crawls", "show", "a/b"], "not a crawl id"),
        (["crawls", "prune", "cache"], "not a crawl id"),
        (["top", "*"], "not a crawl id"),
        (["stats", "politeness"], "not a crawl id"),
        (["pause", ""], "not a crawl id"),
        (["fleet", "diningcode", *DISTRICT, "-a", "crawl=.."], "not a crawl id"),
    ):
        result = crawl.operate(*arguments)
        assert result.returncode == 2
        assert message in result.stderr + result.stdout
        assert "Traceback" not in result.stderr


def test_what_somebody_else_wrote_into_redis_ends_no_command(
    crawl: Crawl, database_url: str, redis_url: str, key_prefix: str
) -> None:
    arguments = {
        "site": "http://127.0.0.1",
        "districts": ["11545"],
        "keywords": ["무한리필"],
        "limit": None,
    }
    join_crawl(database_url, "diningcode", arguments, "this", Clock().now())
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{key_prefix}:this:crawl", mapping={"state": "\x1b[2J", "count:done": "many", "result": "["})
        client.hset(f"{key_prefix}:this:dead", mapping={"1": "no letter", "2": b"\xff\n\x00", "x": "{}\n"})
        client.hset(f"{key_prefix}:this:heartbeats", mapping={"one": "[" * 5000, "two": b"\xff"})
        client.zadd(f"{key_prefix}:this:lanes", {"no lane": 1})
    for command in (
        ["deadletters", "list"], ["deadletters", "show", "1"], ["deadletters", "replay", "1"], ["crawls", "list"],
        ["top", "--once"], ["stats", "this"],
    ):  # fmt: skip
        result = crawl.operate(*command)
        assert "Traceback" not in result.stderr, (command, result.stderr)
        assert result.returncode == 0, (command, result.stderr)
        if command in (["deadletters", "list"], ["top", "--once"]):
            assert any(word in result.stdout for word in ("cannot be read", "unreadable"))
    assert "3 dead letters were dropped" in crawl.operate("deadletters", "drop", "--all").stdout
    assert "1 pruned" in crawl.operate("crawls", "prune", "this").stdout
    with redis.Redis.from_url(redis_url) as client:
        assert not list(client.scan_iter(f"{key_prefix}:this:*"))
