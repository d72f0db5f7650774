"""A crawl that the version before began and did not end goes on with this one: no store is lost, none asked for again.

`interrupted_before_sites.json` was written by commit d31aff3: a worker of the crawl was killed, and what it had left in
PostgreSQL and Redis was read out, the replica's address replaced by {site}.
"""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import pytest
import redis
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from refillspot.postgres.database import known_migrations
from tests.crawl.moments import fetched, go_on, pause, wait_for_workers
from tests.postgres.older_schema import migrate_until

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Site

WRITTEN = Path(__file__).with_name("interrupted_before_sites.json")
SCHEMA = 8  # of that version
HANG_UP = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
ARGUMENTS = ("-a", "district=금천구", "-a", "keywords=무한리필,뷔페")


@pytest.fixture
def left_behind(site: Site, empty_database_url: str, redis_url: str, key_prefix: str) -> dict[str, Any]:
    """What was written, in the servers of this test."""
    written: dict[str, Any] = json.loads(WRITTEN.read_text("utf-8").replace("{site}", site.url))
    migrate_until(empty_database_url, SCHEMA)
    with psycopg.connect(empty_database_url) as connection:
        for table, rows in written["tables"].items():
            fill_table(connection, table, rows)
    (crawl,) = written["tables"]["crawls"]
    with redis.Redis.from_url(redis_url) as client:
        fill_queue(client, f"{key_prefix}:{crawl['id']}", written, site.url)
    return written


FILL = """
    INSERT INTO refillspot.{table} ({names})
    SELECT {names} FROM jsonb_populate_recordset(NULL::refillspot.{table}, %s)
"""


def fill_table(connection: psycopg.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys(name for row in rows for name in row)))
    connection.execute(sql.SQL(FILL).format(table=sql.Identifier(table), names=names), [Jsonb(rows)])


def fill_queue(client: redis.Redis, prefix: str, written: dict[str, Any], site_url: str) -> None:
    """Write the keys as that version did; a killed worker has most of the requests, and its lease is over."""
    stored = [f"v_rid={row['ref']}" for row in written["tables"]["stores"]]
    queued = [request["body"] for request in written["requests"]]
    lists = [fingerprint(f"{site_url}/API/isearch/", body) for body in written["lists"]]
    stores = [fingerprint(f"{site_url}/API/profile/", body) for body in (*stored, *queued)]
    client.sadd(f"{prefix}:seen", *lists, *stores)
    client.zadd(f"{prefix}:lanes", {"0": 0, "10": 10})
    for key in ("crawl", "attempts", "batches"):
        client.hset(f"{prefix}:{key}", mapping=written[key])
    client.zadd(f"{prefix}:workers", {written["worker"]: 1})
    for lane in ("0", "10"):
        client.xgroup_create(f"{prefix}:lane:{lane}", "workers", "0", mkstream=True)
    for request in written["requests"]:
        client.xadd(f"{prefix}:lane:10", {"r": payload(request, written["dictionary"])}, id=request["id"])
    client.xreadgroup("workers", written["worker"], {f"{prefix}:lane:10": ">"}, count=written["leased"])


def payload(request: dict[str, Any], dictionary: str) -> bytes:
    fields = {name: value for name, value in request.items() if name != "id"}
    fields["headers"] = {name.encode(): [one.encode() for one in values] for name, values in fields["headers"].items()}
    fields["body"] = fields["body"].encode()
    known = zstd.ZstdDict(base64.b64decode(dictionary), is_raw=True).as_digested_dict
    options: dict[int, int] = {
        zstd.CompressionParameter.content_size_flag: 0,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    return b"\x03" + zstd.compress(msgspec.msgpack.encode(fields), options=options, zstd_dict=known)


def fingerprint(url: str, body: str) -> bytes:
    of = {"method": "POST", "url": url, "body": body.encode().hex(), "headers": {}}
    return hashlib.sha1(json.dumps(of, sort_keys=True).encode(), usedforsecurity=False).digest()


def test_a_crawl_of_the_version_before_goes_on(
    crawl: Crawl, site: Site, left_behind: dict[str, Any], empty_database_url: str
) -> None:
    crawl = replace(crawl, environment=crawl.environment | {"DATABASE_URL": empty_database_url})
    result = crawl.run(*ARGUMENTS, "-s", "FRONTIER_LEASE_SECONDS=2")  # that of the killed worker is waited for

    assert result.returncode == 0, result.stderr[-3000:]
    known = {row["ref"]: row for row in left_behind["tables"]["stores"]}
    queued = {request["cb_kwargs"]["row"]["v_rid"] for request in left_behind["requests"]}
    assert set(fetched(site)) == queued
    assert fetched(site).total() == len(queued)
    assert not [entry for entry in site.log() if entry["kind"] == "list"]
    with psycopg.connect(empty_database_url, row_factory=dict_row) as connection:
        rows = {row["ref"]: row for row in connection.execute("SELECT * FROM refillspot.stores")}
        (row,) = connection.execute("SELECT * FROM refillspot.crawls").fetchall()
    truth = site.truth("금천구", "무한리필,뷔페")
    assert {store["ref"] for store in truth if store["reached_by"]} <= rows.keys()
    assert rows.keys() == known.keys() | queued
    assert {(store["site"], store["region"]) for store in rows.values()} == {("diningcode", "서울특별시")}
    assert (row["id"], row["state"], row["stored"]) == (left_behind["tables"]["crawls"][0]["id"], "complete", len(rows))

    site.clear_log()
    again = crawl.operate("db", "reparse", "--all")
    kept = len(queued) + len(left_behind["tables"]["store_pages"])
    assert f"{kept} stores reread" in again.stdout, again.stderr
    assert site.log() == []


def test_a_worker_that_is_older_than_the_tables_goes_on_where_they_serve_it_else_hands_back_what_it_holds(
    crawl: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    """Somebody migrates while it is at work, and its next connection finds that."""
    ends = []
    for crawl_id, serves in (("served", known_migrations()[-1].number), ("outdated", 9999)):
        pause(redis_url, key_prefix, crawl_id)
        with crawl.start(*ARGUMENTS, "-a", f"crawl={crawl_id}", "-s", "RETRY_TIMES=0") as worker:
            wait_for_opened(database_url, crawl_id)
            note_migration(database_url, serves)
            go_on(redis_url, key_prefix, crawl_id)
            _, log = worker.communicate()
            ends.append((worker.returncode, log))

    (served, served_log), (outdated, log) = ends
    assert served == 0, served_log[-3000:]
    assert outdated == 130, log[-3000:]
    assert "has schema version 9999, made by refillspot 9.9" in log
    assert "Update this one, and the same command continues from here" in log
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM refillspot.migrations WHERE number = 9999")
        connection.execute("DELETE FROM refillspot.stores")
    again = crawl.run(*ARGUMENTS, "-a", "crawl=outdated")

    assert again.returncode == 0, again.stderr[-3000:]
    assert_all_is_stored(site, database_url, "outdated")


def wait_for_opened(database_url: str, crawl_id: str) -> None:
    """Return when a worker of this crawl has all its connections."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM refillspot.crawl_workers WHERE crawl = %s", [crawl_id]).fetchone():
            time.sleep(0.01)


def note_migration(database_url: str, serves: int) -> None:
    """Be a newer program that has migrated; all connections are cut."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO refillspot.migrations (number, name, serves, program) "
            "VALUES (9999, 'later', %(serves)s, '9.9') "
            "ON CONFLICT (number) DO UPDATE SET serves = EXCLUDED.serves",
            {"serves": serves},
        )
        connection.execute(HANG_UP)


def assert_all_is_stored(site: Site, database_url: str, crawl_id: str) -> None:
    truth = site.truth("금천구", "무한리필,뷔페")
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        stored = {row["ref"] for row in connection.execute("SELECT ref FROM refillspot.stores")}
        (row,) = connection.execute("SELECT state, counts FROM refillspot.crawls WHERE id = %s", [crawl_id])
    assert {store["ref"] for store in truth if store["reached_by"]} <= stored
    assert (row["state"], row["counts"].get("dead", 0)) == ("complete", 0)


def test_a_queue_in_which_another_version_writes_is_left_to_it(
    crawl: Crawl, fleet: Crawl, site: Site, database_url: str, redis_url: str, key_prefix: str
) -> None:
    newer = crawl.having("-s", 'EXTENSIONS={"tests.crawl.poison.NextVersion": 1}')
    asked = (*ARGUMENTS, "-a", "crawl=one")
    pause(redis_url, key_prefix, "one")  # there is something left whenever the other one comes
    with crawl.start(*asked) as old:
        wait_for_workers(redis_url, key_prefix, 1)
        with newer.start(*asked) as new:
            _, log = old.communicate()
            new.send_signal(signal.SIGINT)
            _, newer_log = new.communicate()
    refused = [crawl.run(*asked), fleet.run("-n", "1", *asked)]
    go_on(redis_url, key_prefix, "one")
    completed = newer.run(*asked)

    told = "was written by refillspot 9.9 (format 1.4), and this one"
    assert (old.returncode, new.returncode) == (130, 130), (log[-3000:], newer_log[-3000:])
    assert told in log
    assert "Update this one, and the same command continues from here" in log
    for one in refused:
        assert one.returncode == 1
        assert told in one.stderr
        assert "scrapy crawls prune" in one.stderr
    assert completed.returncode == 0, completed.stderr[-3000:]
    assert_all_is_stored(site, database_url, "one")
