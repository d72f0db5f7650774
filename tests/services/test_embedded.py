from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from refillspot.exceptions import ServiceUnavailableError
from refillspot.postgres.connection import open_connection
from refillspot.services import embedded, resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psutil

    from refillspot.services import ServiceAddresses

    Processes = Callable[[Path], list[psutil.Process]]
    Execute = Callable[[ServiceAddresses, str], list[tuple[object, ...]]]

ALL_UP = {"postgres": True, "redis": True, "redis-cache": True}
ALL_DOWN = dict.fromkeys(ALL_UP, False)


def redis_config(url: str, *names: str) -> dict[str, str]:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return {name: str(client.config_get(name)[name]) for name in names}


def test_up_status_and_down(home: Path, processes: Processes) -> None:
    assert embedded.status(home) == ALL_DOWN
    assert not home.exists()

    first, second = embedded.up(home), embedded.up(home)

    assert first == second
    assert embedded.status(home) == ALL_UP
    assert len(processes(home)) == 3

    embedded.down(home)
    embedded.down(home)

    assert embedded.status(home) == ALL_DOWN
    assert processes(home) == []


def test_only_what_is_not_configured_is_started(home: Path, embedded_addresses: ServiceAddresses) -> None:
    environ = {"REFILLSPOT_HOME": str(home), "DATABASE_URL": embedded_addresses.database_url}

    addresses = resolve(environ | {"CACHE_REDIS_URL": embedded_addresses.cache_redis_url}, home.parent)

    assert addresses.database_url == embedded_addresses.database_url
    assert embedded.status(home) == ALL_DOWN | {"redis": True}


def test_nothing_listens_on_the_network(
    embedded_home: Path, embedded_addresses: ServiceAddresses, execute: Execute
) -> None:
    addresses = embedded_addresses

    assert execute(addresses, "SHOW listen_addresses") == [("",)]
    assert redis_config(addresses.redis_url, "port") == redis_config(addresses.cache_redis_url, "port") == {"port": "0"}
    assert {path.stat().st_mode & 0o077 for path in embedded_home.iterdir()} == {0}


def test_commits_are_durable_and_hangul_is_text(embedded_addresses: ServiceAddresses, execute: Execute) -> None:
    rows = execute(
        embedded_addresses, "SELECT current_setting('synchronous_commit'), current_setting('fsync'), '한' ~ '\\w'"
    )

    assert rows == [("on", "on", True)]


def test_the_queue_keeps_its_keys_and_the_cache_is_bounded(embedded_addresses: ServiceAddresses) -> None:
    names = ("appendonly", "maxmemory", "maxmemory-policy", "save")

    queue, cache = (
        redis_config(url, *names) for url in (embedded_addresses.redis_url, embedded_addresses.cache_redis_url)
    )

    assert queue == {"appendonly": "yes", "maxmemory": "0", "maxmemory-policy": "noeviction", "save": ""}
    assert cache == {"appendonly": "no", "maxmemory": str(256 << 20), "maxmemory-policy": "allkeys-lru", "save": ""}


def test_down_waits_for_sessions_to_be_ended(home: Path, processes: Processes) -> None:
    addresses = embedded.up(home)
    connection = psycopg.connect(addresses.database_url)

    embedded.down(home)

    assert processes(home) == []
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_odd_characters_in_the_path(short_directory: Path, execute: Execute) -> None:
    home = short_directory / "한 $HOME 'q' %41;#?&"
    try:
        assert execute(embedded.up(home), "SELECT 1") == [(1,)]
    finally:
        embedded.down(home)

    assert embedded.status(home) == ALL_DOWN


@pytest.mark.skipif(sys.platform == "win32", reason="the system is refused before its paths are")
def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailableError, match=r"bytes; the system allows 10.*REFILLSPOT_HOME"):
        embedded.up(tmp_path / ("한" * 40))

    assert list(tmp_path.iterdir()) == []


def test_a_home_that_can_not_be_made_is_told(short_directory: Path) -> None:
    file = short_directory / "file"
    file.touch()

    with pytest.raises(ServiceUnavailableError, match=r"home cannot be used: Not a directory.*REFILLSPOT_HOME"):
        embedded.up(file / "home")


def test_a_server_that_ends_at_once_is_told_with_its_log(home: Path) -> None:
    embedded.up(home)
    embedded.down(home)
    with (home / "postgres/data/postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("nonsense = on\n")

    with pytest.raises(ServiceUnavailableError, match=r"(?s)postgres failed: it exited 3 times.*nonsense"):
        embedded.up(home)


def test_on_windows_docker_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(ServiceUnavailableError, match=r"docker compose up -d.*WSL.*DATABASE_URL and REDIS_URL"):
        embedded.up(home)

    assert embedded.status(home) == ALL_DOWN


MEANT_FOR_ANOTHER = {
    "PGSERVICE": "nowhere",
    "PGHOSTADDR": "127.0.0.2",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGSSLMODE": "verify-full",
    "PGGSSENCMODE": "require",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGCHANNELBINDING": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "nowhere",
    "PGUSER": "nobody",
    "PGDATABASE": "none",
    "PGCLIENTENCODING": "EUC_KR",
    "PGDATESTYLE": "SQL, DMY",
}
"""What libpq reads from the environment."""


def test_what_psql_is_told_of_another_server_leads_nobody_astray(
    embedded_home: Path, embedded_addresses: ServiceAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DEADLINE_SECONDS", 0.0)
    for name, value in MEANT_FOR_ANOTHER.items():
        monkeypatch.setenv(name, value)

    assert embedded.status(embedded_home) == ALL_UP
    assert {name: os.environ.get(name) for name in MEANT_FOR_ANOTHER} == MEANT_FOR_ANOTHER  # a DATABASE_URL may need it
    assert embedded.up(embedded_home) == embedded_addresses
    with open_connection(embedded_addresses.database_url) as connection:
        connection.execute("CREATE TEMPORARY TABLE one ()")
        assert connection.info.user == "postgres"
