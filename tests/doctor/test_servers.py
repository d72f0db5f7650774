from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import quote, urlencode

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from refillspot.postgres.database import migrate_database
from tests.one_run import private_directory
from tests.postgres.accounts import RIGHTS, account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from refillspot.doctor import Check
    from refillspot.doctor.checkup import Questions
    from tests.own_redis import OwnRedis

    CheckUp = Callable[..., list[Check]]


def changed(questions: Questions, **variables: str) -> dict[str, object]:
    return {"environ": {**questions.environ, **variables}, "is_offline": True}


def of(found: list[Check], area: str) -> list[Check]:
    return [one for one in found if one.area == area]


def test_servers_that_will_do(check_up: CheckUp) -> None:
    found = check_up(is_offline=True)

    assert [of(found, area)[0].state for area in ("postgres", "redis", "redis-cache", "clock")] == ["ok"] * 4


def test_each_server_that_is_away_is_told(check_up: CheckUp, questions: Questions, free_port: int) -> None:
    nobody = f"127.0.0.1:{free_port}"
    found = check_up(
        **changed(
            questions, DATABASE_URL=f"postgresql://u:s3cret@{nobody}/d", REDIS_URL=f"redis://{nobody}/0",
            CACHE_REDIS_URL=f"redis://{nobody}/1",
        )
    )  # fmt: skip

    problems = [one for one in found if one.state == "problem"]
    assert [one.area for one in problems] == ["postgres", "redis", "redis-cache"]
    assert "docker compose up -d postgres" in problems[0].remedy
    assert "s3cret" not in str(found)


def test_an_embedded_server_that_cannot_start_is_told(check_up: CheckUp, questions: Questions, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {name: value for name, value in questions.environ.items() if not name.endswith("_URL")}

    found = check_up(environ={**environ, "REFILLSPOT_HOME": str(tmp_path / "file")}, is_offline=True)

    assert [one.area for one in found if one.state == "problem"] == ["postgres", "redis", "redis-cache"]


def test_a_home_of_somebody_else_is_told(check_up: CheckUp, questions: Questions, short_directory: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be a second user")
    home = private_directory(short_directory)
    os.chown(home, 12345, 12345)
    environ = {name: value for name, value in questions.environ.items() if not name.endswith("_URL")}

    found = check_up(environ={**environ, "REFILLSPOT_HOME": str(home)}, is_offline=True)

    assert any(one.state == "problem" and "belongs to user 12345" in one.what for one in found), found


def test_embedded_servers_with_the_rights_of_root_are_told(
    check_up: CheckUp, questions: Questions, short_directory: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has them")
    closed = private_directory(short_directory) / "closed"
    closed.mkdir(mode=0o700)
    environ = {name: value for name, value in questions.environ.items() if name != "REDIS_URL"}

    found = check_up(environ={**environ, "REFILLSPOT_HOME": str(closed / "home")}, is_offline=True)

    (told,) = [one for one in found if "root's rights" in one.what]
    assert (told.area, told.state) == ("redis", "warning")


def test_what_crosses_a_network_in_the_clear_is_told(check_up: CheckUp, questions: Questions, free_port: int) -> None:
    far = f"0.0.0.0:{free_port}"  # no loopback address, though nothing leaves this machine
    urls = {"DATABASE_URL": f"postgresql://u:s3cret@{far}/d", "REDIS_URL": f"redis://:s3cret@{far}/0"}
    found = check_up(**changed(questions, **urls))

    told = [one for one in found if "unencrypted" in one.what]
    assert [(one.area, one.state) for one in told] == [("postgres", "warning"), ("redis", "warning")]
    assert "sslmode=verify-full" in told[0].remedy
    assert "s3cret" not in str(found)


def test_the_state_of_the_tables(check_up: CheckUp, questions: Questions, empty_database_url: str) -> None:
    def state() -> str:
        (finding,) = of(check_up(**changed(questions, DATABASE_URL=empty_database_url)), "schema")
        assert ("but this refillspot knows" in finding.what) == (finding.state in {"problem", "warning"})
        return finding.state

    states = [state()]
    migrate_database(empty_database_url)
    states.append(state())
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO refillspot.migrations (number, name) VALUES (9999, 'of another day')")
        states.append(state())
        connection.execute("DELETE FROM refillspot.migrations WHERE number <> 1")
        states.append(state())

    assert states == ["note", "ok", "problem", "warning"]


@pytest.mark.parametrize(("workers", "states"), [(1, []), (100_000, ["warning"])])
def test_a_fleet_that_has_more_workers_than_postgres_has_connections_for(
    check_up: CheckUp, workers: int, states: list[str]
) -> None:
    found = of(check_up(is_offline=True, fleet_workers=workers), "connections")

    assert [one.state for one in found] == states
    assert all("max_connections" in one.remedy for one in found)


@pytest.mark.parametrize("pooled", [("transaction", 1)], indirect=True)
def test_of_a_pooler_its_connections_are_not_counted(check_up: CheckUp, questions: Questions, pooled: str) -> None:
    found = check_up(**changed(questions, DATABASE_URL=pooled), fleet_workers=100_000)

    assert of(found, "postgres")[0].state == "ok"
    assert of(found, "connections") == []


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        ("", "may not create them"),
        ("CREATE SCHEMA refillspot; CREATE TABLE refillspot.migrations ()", "permission denied"),
    ],
)
def test_an_account_without_its_rights(
    check_up: CheckUp, questions: Questions, empty_database_url: str, rights: str, words: str
) -> None:
    name = f"nobody_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(f"{rights}; CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        parts = conninfo_to_dict(empty_database_url) | {"user": name, "password": "x"}
        url = f"postgresql://?{urlencode(parts, quote_via=quote)}"

        found = of(check_up(**changed(questions, DATABASE_URL=url)), "schema")

        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())
    assert [one.state for one in found] == ["problem"]
    assert words in found[0].what


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ("INSERT, DELETE ON refillspot.stores", "stores (INSERT, DELETE)."),
        ("SELECT ON refillspot.migrations", "permission denied"),
    ],
)
def test_an_account_that_may_not_write_everywhere(
    check_up: CheckUp, questions: Questions, database_url: str, taken: str, words: str
) -> None:
    with account(database_url, f"{RIGHTS}; REVOKE {taken} FROM {{0}}") as url:
        (found,) = of(check_up(**changed(questions, DATABASE_URL=url)), "schema")

    assert (found.state, words in found.what) == ("problem", True), found
    assert "GRANT SELECT, INSERT, UPDATE, DELETE" in found.remedy


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_KR"])
def test_a_database_that_cannot_hold_every_name(
    check_up: CheckUp, questions: Questions, database_url: str, encoding: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = f"encoded_{uuid.uuid4().hex[:8]}"
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0".encode())
        (found,) = of(
            check_up(**changed(questions, DATABASE_URL=database_url.replace(connection.info.dbname, name))), "schema"
        )
        connection.execute(f"DROP DATABASE {name}".encode())

    assert found.state == "problem"
    assert f"is in {encoding}" in found.what


@pytest.mark.parametrize(
    ("variable", "settings", "area", "state", "words"),
    [
        (
            "REDIS_URL",
            {"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"},
            "redis",
            "problem",
            "may evict the queue",
        ),
        ("REDIS_URL", {"appendonly": "no"}, "redis", "warning", "not written to disk"),
        ("REDIS_URL", {"timeout": "5"}, "redis", "warning", "says nothing for 5 s"),
        ("REDIS_URL", {"maxmemory": "1"}, "redis", "warning", "nearly full"),
        ("CACHE_REDIS_URL", {"maxmemory": "0"}, "redis-cache", "warning", "no memory limit"),
        ("CACHE_REDIS_URL", {"maxmemory": "100mb"}, "redis-cache", "warning", "its policy is noeviction"),
    ],
)
def test_a_redis_that_is_set_up_wrongly(
    check_up: CheckUp, questions: Questions, own_redis: OwnRedis,
    variable: str, settings: dict[str, str], area: str, state: str, words: str,
) -> None:  # fmt: skip
    with own_redis.client() as client:
        for name, value in settings.items():
            client.config_set(name, value)

    found = of(check_up(**changed(questions, **{variable: own_redis.url})), area)

    assert any(one.state == state and words in one.what for one in found), found


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({}, "warning", "nothing limits what the cache takes"),
        ({"maxmemory": "100mb"}, "warning", "once half of its memory"),
        ({"maxmemory": "100mb", "maxmemory-policy": "volatile-lru"}, "ok", ""),
    ],
)
def test_one_redis_for_both(  # a table's values
    check_up: CheckUp, questions: Questions, own_redis: OwnRedis, settings: dict[str, str], state: str, words: str
) -> None:
    with own_redis.client() as client:
        for name, value in settings.items():
            client.config_set(name, value)

    found = of(
        check_up(**changed(questions, REDIS_URL=own_redis.url, CACHE_REDIS_URL=f"{own_redis.url}?db=1")), "redis-cache"
    )

    assert found[-1].state == state
    assert words in found[-1].what
    assert state == "ok" or ("CACHE_REDIS_URL" in found[-1].remedy and "volatile-lru" in found[-1].remedy)


def test_a_disk_that_redis_cannot_write_to(check_up: CheckUp, questions: Questions, own_redis: OwnRedis) -> None:
    (own_redis.directory / "dump.rdb").mkdir()  # where its file should go
    with own_redis.client() as client:
        client.bgsave()
        while client.info("persistence")["rdb_bgsave_in_progress"]:
            time.sleep(0.01)

    found = check_up(**changed(questions, REDIS_URL=own_redis.url))

    assert any(one.state == "problem" and "could not write" in one.what for one in found)


def test_a_backup_that_is_not_there_or_failed_or_is_old_is_told(check_up: CheckUp, database_url: str) -> None:
    def found(change: LiteralString) -> list[tuple[str, str]]:
        with psycopg.connect(database_url) as connection:
            connection.execute(change)
        return [(one.state, one.what) for one in of(check_up(is_offline=True), "backup")]

    assert found("SELECT") == []
    assert found(A_STORE) == [("note", "there is no backup of the stores")]
    assert found(MADE.format("50 h")) == [("warning", "the last backup is 50 h old: here:/a.zip")]
    assert found(MADE.format("2 h")) == [("ok", "the last backup is 2 h old: here:/a.zip")]
    failed = found("INSERT INTO refillspot.backups (began_at, host, file, error) VALUES (now(), '', '', 'disk full')")
    assert failed[0] == ("warning", "the last backup failed: disk full")
    assert of(check_up(is_offline=True, backup_seconds=0), "backup") == []


MADE: LiteralString = """
    INSERT INTO refillspot.backups (began_at, ended_at, host, file)
    VALUES (now() - interval '{0}', now() - interval '{0}', 'here', '/a.zip')
"""
A_STORE: LiteralString = """
    INSERT INTO refillspot.stores (site, ref, name, refill_verdict, refill_evidence, source_url, channel)
    VALUES ('diningcode', 'A', 'a', 'likely', '[]', '', 'api')
"""
