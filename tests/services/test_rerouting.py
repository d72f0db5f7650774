from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict
from redis.connection import UnixDomainSocketConnection, parse_url

from refillspot.services.rerouting import moved, rerouted, route_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://postgres@/refillspot?host=%2Fhome%2Fa%20b&port=5432", ("/home/a b/.s.PGSQL.5432", True)),
        ("postgresql://u:p@localhost/d", ("localhost:5432", True)),
        ("postgres://u@db.example.org:6000/d?sslmode=require", ("db.example.org:6000", False)),
        ("unix:///home/a%20b/redis.sock?db=0", ("/home/a b/redis.sock", True)),
        ("redis://:p@127.0.0.1/2", ("127.0.0.1:6379", True)),
        ("rediss://cache.example.org:6380/0", ("cache.example.org:6380", False)),
    ],
)
def test_where_a_server_listens(url: str, expected: tuple[str, bool]) -> None:
    assert route_of(url) == expected


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("postgresql://postgres@/refillspot?host=%2Fhome%2Fpg&port=5432", {"user": "postgres"}),
        ("postgresql://u:p%40ss%20w@localhost:6000/refillspot?sslmode=prefer",
         {"user": "u", "password": "p@ss w", "sslmode": "prefer"}),
    ],
)  # fmt: skip
def test_postgres_through_another_port_keeps_all_but_the_place(url: str, account: dict[str, str]) -> None:
    there = {"host": "127.0.0.1", "port": "7000", "dbname": "refillspot"}

    assert conninfo_to_dict(rerouted(url, 7000)) == there | account


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///home/redis.sock?db=3", {"db": 3}),
        ("unix://u:p%40ss@/home/redis.sock?db=0", {"db": 0, "username": "u", "password": "p@ss"}),
        ("redis://:p@localhost:6379/2", {"db": 2, "password": "p"}),
    ],
)
def test_redis_through_another_port_keeps_all_but_the_place(url: str, expected: dict[str, object]) -> None:
    parts = parse_url(rerouted(url, 7000))  # type: ignore[no-untyped-call]

    assert parts == {"host": "127.0.0.1", "port": 7000} | expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///home/a%20b/redis.sock?db=3", ("/run/x y/redis.sock", {"db": 3})),
        ("unix://u:p%40ss@/home/redis.sock", ("/run/x y/redis.sock", {"username": "u", "password": "p@ss"})),
    ],
)
def test_redis_through_another_socket_keeps_all_but_the_place(
    url: str, expected: tuple[str, dict[str, object]]
) -> None:
    there = moved(url, Path("/run/x y"))

    path, kept = expected
    assert route_of(there).target == path
    assert parse_url(there) == {"path": path, "connection_class": UnixDomainSocketConnection} | kept  # type: ignore[no-untyped-call]


def test_postgres_through_another_socket_keeps_all_but_the_place() -> None:
    url = "postgresql://postgres:p%40ss@/refillspot?host=%2Fhome%2Fpg&port=5433&sslmode=prefer"

    there = moved(url, Path("/run/x y"))

    assert route_of(there).target == "/run/x y/.s.PGSQL.5433"
    assert conninfo_to_dict(there) == conninfo_to_dict(url) | {"host": "/run/x y"}
    assert urlsplit(there)._replace(path="/other").geturl().startswith("postgresql://@/other?")
