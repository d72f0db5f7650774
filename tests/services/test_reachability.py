from __future__ import annotations

import asyncio
import re
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.frontier.queue import CrawlQueue
from refillspot.redis_clients import connect
from refillspot.services import resolve, status
from refillspot.services.reachability import FULL, check_postgres, check_redis, may_evict_queue
from tests.postgres.accounts import account

if TYPE_CHECKING:
    from pathlib import Path

    from refillspot.services import ServiceAddresses
    from tests.own_redis import OwnRedis


def test_what_answers_is_accepted(database_url: str, redis_url: str, cache_redis_url: str) -> None:
    check_postgres(database_url, "DATABASE_URL in .env")
    check_redis(redis_url, "REDIS_URL in .env", holds_queue=True)
    check_redis(cache_redis_url, "CACHE_REDIS_URL in .env", holds_queue=False)


def test_postgres_that_is_away_is_named_with_what_to_do(tmp_path: Path, free_port: int) -> None:
    url = f"postgresql://u:s3cret@127.0.0.1:{free_port}/d"
    (tmp_path / ".env").write_text(f"DATABASE_URL={url}\n", encoding="utf-8")

    with pytest.raises(ServiceUnavailableError) as caught:
        resolve({}, tmp_path)

    assert f"PostgreSQL at postgresql://u:***@127.0.0.1:{free_port}/d (DATABASE_URL in .env)" in str(caught.value)
    assert "docker compose up -d postgres" in str(caught.value)
    assert "unset DATABASE_URL in .env to use the embedded server" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert not (tmp_path / ".refillspot").exists()


def test_redis_that_is_away_is_named_with_what_to_do(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(ServiceUnavailableError) as caught:
        resolve({"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(free_port)}, tmp_path)

    assert f"redis://127.0.0.1:{free_port}/0 (REDIS_HOST, REDIS_PORT in the environment)" in str(caught.value)
    assert "docker compose up -d redis" in str(caught.value)


def test_on_windows_no_embedded_server_is_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_port: int
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(ServiceUnavailableError, match=r"Docker Desktop.*up -d redis.*; or correct REDIS_URL") as caught:
        resolve({"REDIS_URL": f"redis://127.0.0.1:{free_port}"}, tmp_path, needed=["redis"])

    assert "embedded" not in str(caught.value)


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refillspot.services.reachability.TIMEOUT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ServiceUnavailableError, match=r"[Tt]imeout|timed out"):
            check_redis(f"redis://127.0.0.1:{port}/0", "REDIS_URL", holds_queue=True)
        with pytest.raises(ServiceUnavailableError, match="timeout"):
            check_postgres(f"postgresql://127.0.0.1:{port}/d", "DATABASE_URL")


def test_a_missing_database_is_told_with_the_command_that_creates_it(database_url: str) -> None:
    missing = database_url.replace("refillspot_test_", "missing_")

    with pytest.raises(ServiceUnavailableError, match=r"no such database: create it with `createdb .* missing_\w+`"):
        check_postgres(missing, "DATABASE_URL in .env")


def test_an_account_that_a_server_does_not_know_is_no_server_to_be_started(database_url: str) -> None:
    stranger = make_conninfo(database_url, user="nobody_here")

    with pytest.raises(ServiceUnavailableError, match=r"nobody_here.* The server answers: check user and password"):
        check_postgres(stranger, "DATABASE_URL")


def test_a_postgres_whose_connections_are_all_taken_is_told_with_what_to_do(database_url: str) -> None:
    with (
        account(database_url, "ALTER ROLE {0} CONNECTION LIMIT 0") as url,
        pytest.raises(ServiceUnavailableError, match=r"too many .*All its connections are taken.*max_connections"),
    ):
        check_postgres(url, "DATABASE_URL in .env")


@pytest.mark.parametrize(
    "told",
    [
        "FATAL:  sorry, too many clients already",
        "치명적오류:  최대 동시 접속자 수를 초과했습니다.",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
        'FATAL:  too many connections for database "d"',
        "FATAL:  no more connections allowed (max_client_conn)",  # PgBouncer
    ],
)
def test_how_servers_say_that_they_are_full(told: str) -> None:
    assert FULL.search(f'connection failed: connection to server on socket "/x/.s.PGSQL.5432" failed: {told}')


def test_a_wrong_redis_password_is_told_apart(redis_url: str) -> None:
    url = f"unix://nobody:s3cret@{redis_url.removeprefix('unix://')}"
    if not redis_url.startswith("unix://"):
        url = redis_url.replace("redis://", "redis://nobody:s3cret@", 1)

    with pytest.raises(ServiceUnavailableError, match="rejects the password") as caught:
        check_redis(url, "REDIS_URL in .env", holds_queue=True)

    assert "s3cret" not in str(caught.value)


def test_the_cache_server_does_not_do_for_the_queue(embedded_addresses: ServiceAddresses) -> None:
    check_redis(embedded_addresses.redis_url, "REDIS_URL", holds_queue=True)

    with pytest.raises(UnsuitableServerError, match="may evict the queue: its maxmemory-policy is allkeys-lru"):
        check_redis(embedded_addresses.cache_redis_url, "REDIS_URL", holds_queue=True)


@pytest.mark.parametrize(
    ("policy", "maxmemory", "expected"),
    [
        ("noeviction", 0, False),
        ("noeviction", 1, False),
        ("volatile-lru", 1, False),  # the queue's keys have no expiry
        ("volatile-lfu", 1, False),
        ("volatile-ttl", 1, True),  # the budget's key has one
        ("volatile-random", 1, True),
        ("allkeys-lru", 0, False),
        ("allkeys-lru", 1, True),
        ("allkeys-random", 1, True),
    ],
)
def test_which_policy_may_evict_the_queue(policy: str, maxmemory: int, expected: bool) -> None:  # noqa: FBT001
    assert may_evict_queue({"maxmemory_policy": policy, "maxmemory": maxmemory}) is expected


@pytest.mark.parametrize(
    ("policy", "limit", "warnings"),
    [("noeviction", "0", 1), ("noeviction", "100mb", 1), ("volatile-lru", "100mb", 0)],
    ids=["no limit", "noeviction", "volatile-lru"],
)
def test_one_server_for_queue_and_cache(
    services: ServiceAddresses, own_redis: OwnRedis, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    policy: str, limit: str, warnings: int,
) -> None:  # fmt: skip
    with own_redis.client() as client:
        client.config_set("maxmemory", limit)
        client.config_set("maxmemory-policy", policy)
        client.config_resetstat()
        environ = {"DATABASE_URL": services.database_url, "REDIS_URL": own_redis.url}
        environ["CACHE_REDIS_URL"] = f"{own_redis.url}?db=1"  # the same server by another address

        resolve(environ, tmp_path)

        asked = client.info("stats")["total_connections_received"]
    assert asked == 2  # each address once
    assert caplog.text.count("queue and page cache share a Redis") == warnings


def test_one_server_that_may_evict_the_queue_is_refused(
    services: ServiceAddresses, own_redis: OwnRedis, tmp_path: Path
) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
    environ = {"DATABASE_URL": services.database_url, "REDIS_URL": own_redis.url, "CACHE_REDIS_URL": own_redis.url}

    with pytest.raises(UnsuitableServerError, match="may evict the queue: its maxmemory-policy is allkeys-lru"):
        resolve(environ, tmp_path)


def test_old_servers_are_refused(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str) -> None:
    monkeypatch.setattr("refillspot.services.reachability.OLDEST_POSTGRES", 99)
    monkeypatch.setattr("refillspot.services.reachability.OLDEST_REDIS", 99)

    with pytest.raises(UnsuitableServerError, match=r"is version \d+; refillspot needs 99 or later"):
        check_postgres(database_url, "DATABASE_URL")
    with pytest.raises(UnsuitableServerError, match=r"is version 7\.\d+\.\d+; refillspot needs 99 or later"):
        check_redis(redis_url, "REDIS_URL", holds_queue=False)


def test_when_all_is_configured_nothing_embedded_is_touched(services: ServiceAddresses, tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "REFILLSPOT_HOME": str(tmp_path / ("한" * 100)),
    }

    addresses = resolve(environ, tmp_path)

    assert addresses.database_url == services.database_url
    assert addresses.cache_redis_url == addresses.redis_url == services.redis_url
    assert [service.up for service in status(environ, tmp_path)] == [True, True, True]
    assert list(tmp_path.iterdir()) == []


def test_status_tells_what_is_down(tmp_path: Path, free_port: int) -> None:
    postgres, queue, cache = status({"DB_HOST": "127.0.0.1", "DB_PORT": str(free_port)}, tmp_path)

    assert (postgres.embedded, postgres.up) == (False, False)
    assert "docker compose up" in (postgres.problem or "")
    assert (queue.embedded, queue.up, cache.embedded, cache.up) == (True, False, True, False)
    assert not (tmp_path / ".refillspot").exists()


def test_a_cluster_is_refused(own_redis: OwnRedis) -> None:
    own_redis.stop()
    own_redis.start("--cluster-enabled", "yes")

    with pytest.raises(UnsuitableServerError, match=r"part of a Redis Cluster.*redis\+sentinel://"):
        check_redis(own_redis.url, "REDIS_URL", holds_queue=True)


def test_who_may_not_ask_is_told_what_to_allow_and_that_is_enough(own_redis: OwnRedis, key_prefix: str) -> None:
    url = own_redis.url.replace("unix://", "unix://worker:s3cret@")
    with own_redis.client() as client:
        client.execute_command(*"ACL SETUSER worker on >s3cret ~* +@all -@dangerous".split())
        with pytest.raises(ServiceUnavailableError, match="cannot be used") as caught:
            check_redis(url, "REDIS_URL", holds_queue=True)
        assert "docker" not in str(caught.value)
        told = re.search(r"`redis-cli (ACL SETUSER .*?)`", str(caught.value))
        assert told
        client.execute_command(*told[1].replace("…", "worker").split())

    check_redis(url, "REDIS_URL", holds_queue=True)

    async def work() -> list[bytes]:
        queue = CrawlQueue(connect(url), f"{key_prefix}:one", "a")
        await queue.open()
        await queue.beat(60, join=True)
        await queue.commit(1, ["push", "x", 0, "x"])
        taken = await queue.take(1, max_attempts=5, inherit=True)
        await queue.clear()
        await queue.close()
        return [entry.payload for entry in taken or ()]

    assert asyncio.run(work()) == [b"x"]


def test_a_database_that_is_not_there_is_told(own_redis: OwnRedis) -> None:
    with pytest.raises(ServiceUnavailableError, match=r"has no database of that number .* correct it in REDIS_URL"):
        check_redis(f"{own_redis.url}?db=99", "REDIS_URL", holds_queue=True)


def test_sentinels_that_do_not_answer_are_told(free_port: int) -> None:
    url = f"redis+sentinel://:s3cret@127.0.0.1:{free_port}/mymaster"
    with pytest.raises(ServiceUnavailableError, match="Check the addresses of the sentinels") as caught:
        check_redis(url, "REDIS_URL", holds_queue=True)

    assert "s3cret" not in str(caught.value)
