"""Real servers for the whole suite: those named in the environment, else embedded ones in a home of their own."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from refillspot.services import embedded, read_environment, resolve
from replica.tcp_proxy import TcpProxy
from tests.own_redis import OwnRedis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses

SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")
PROJECT_PREFIXES = (
    "DATABASE_",
    "DB_",
    "REDIS_",
    "CACHE_REDIS_",
    "KAKAO_",
    "REFILLSPOT_",
    "DININGCODE_",
    "SCRAPY_",
    "PG",
)


def pytest_configure() -> None:
    """Speak English, whatever the language of whoever runs this: messages are compared."""
    for name in ("REFILLSPOT_LANG", "LANGUAGE"):
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture(scope="session")
def short_directory() -> Iterator[Path]:
    """A directory whose path leaves room for the name of a socket, unlike those of `tmp_path`."""
    short = Path("/tmp")  # noqa: S108 -- mkdtemp makes a private directory in it
    directory = Path(tempfile.mkdtemp(prefix="refillspot-", dir=short if short.is_dir() else None))
    directory.chmod(0o711)  # PostgreSQL may have to run as nobody
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def services(short_directory: Path) -> Iterator[ServiceAddresses]:
    """PostgreSQL and Redis that answer.  The user's own `.refillspot` and `.env` are never read."""
    environ = {name: os.environ[name] for name in SERVER_VARIABLES if name in os.environ}
    yield resolve(environ, short_directory)
    embedded.down(read_environment(environ, short_directory).home)


@pytest.fixture
def database_url(services: ServiceAddresses) -> Iterator[str]:
    """A fresh and empty database, dropped at the end whoever is still connected."""
    name = f"refillspot_test_{uuid.uuid4().hex[:12]}"
    identifier = sql.Identifier(name)
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        yield urlunsplit(urlsplit(services.database_url)._replace(path=f"/{name}"))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture
def postgres_proxy(database_url: str) -> Iterator[TcpProxy]:
    """Between a program and this test's PostgreSQL."""
    parts = conninfo_to_dict(database_url)
    host, port = str(parts["host"]), parts.get("port", 5432)
    with TcpProxy(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}") as proxy:
        yield proxy


@pytest.fixture
def proxied_database_url(postgres_proxy: TcpProxy, database_url: str) -> str:
    parts = conninfo_to_dict(database_url)
    account = ":".join(quote(str(parts[part]), safe="") for part in ("user", "password") if part in parts)
    return f"postgresql://{account}@127.0.0.1:{postgres_proxy.port}/{parts['dbname']}"


@pytest.fixture
def redis_url(services: ServiceAddresses) -> str:
    return services.redis_url


@pytest.fixture
def cache_redis_url(services: ServiceAddresses) -> str:
    return services.cache_redis_url


@pytest.fixture
def key_prefix(redis_url: str, cache_redis_url: str) -> Iterator[str]:
    """The start of each key that a test writes; those keys are removed at the end, and no others."""
    prefix = f"refillspot-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    for url in {redis_url, cache_redis_url}:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(f"{prefix}*", count=1000):
                client.unlink(key)


@pytest.fixture
def environment(database_url: str, redis_url: str, cache_redis_url: str) -> dict[str, str]:
    """The environment for a program under test: these servers and nothing else that the user configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PROJECT_PREFIXES)}
    kept.pop("PYTHONPATH", None)
    return kept | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CACHE_REDIS_URL": cache_redis_url}


@pytest.fixture
def own_redis(short_directory: Path) -> Iterator[OwnRedis]:
    """A Redis of this test alone, with the queue's options."""
    directory = short_directory / uuid.uuid4().hex[:8]
    directory.mkdir()
    server = OwnRedis(directory)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of loopback that nobody listens on: bound, so that nobody else can take it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
