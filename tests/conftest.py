"""Real servers for the whole suite, and for each test a database and a key prefix of its own on them."""

from __future__ import annotations

import asyncio
import gc
import inspect
import math
import os
import signal
import socket
import sys
import uuid
from collections import defaultdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock
from urllib.parse import quote

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg.conninfo import conninfo_to_dict

from replica.tcp_proxy import TcpProxy
from tests.one_run import OneRun, private_directory
from tests.own_pgbouncer import PROGRAM as PGBOUNCER
from tests.own_pgbouncer import pgbouncer
from tests.own_redis import FAKETIME, OwnRedis
from tests.programs import Launcher

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from xdist.workermanage import WorkerController

    from refillspot.services import ServiceAddresses

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


NOT_QUICK = {"run", "launcher", "start_replica", "arena", "running_program", "subprocess", "spider_for"}
"""What starts a server or a program, or crawls a whole city: fixtures, behind all others, and names in modules."""
TOGETHER = {Path(__file__).parent / name for name in ("doctor", "replica", "services")}
"""Directories whose tests share what takes seconds to start."""
YOUNG = 50_000  # objects between two looks at the young ones for garbage: Python's 700 cost a tenth of what computes
THIS_RUN = pytest.StashKey[OneRun]()


hypothesis_settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("busy")  # before the tests are imported: how long an example takes is no fault


def pytest_configure(config: pytest.Config) -> None:
    """Speak English, whatever the language of whoever runs this: messages are compared.

    The process that starts the others begins the run; pytest-xdist hands its directory on.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a script has started this in its background
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started here is to be interrupted
    sys.dont_write_bytecode = False  # or each process of the run compiles all modules again, here and in what it starts
    for name in ("REFILLSPOT_LANG", "LANGUAGE", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    given = getattr(config, "workerinput", {}).get("directory")
    config.stash[THIS_RUN] = OneRun(Path(given)) if given else OneRun.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["directory"] = str(node.config.stash[THIS_RUN].directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[THIS_RUN].end()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector: thousands of tests are none, neither now nor whenever it runs later.

    Nor with the source of all callers, of whom Scrapy asks who imports it: that takes a second.
    """
    gc.disable()
    try:
        with mock.patch.object(inspect, "stack", partial(inspect.stack, 0)):
            return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as quick what starts neither a server nor a program, and put it behind the rest, for each worker.

    What starts programs waits most of its time, and quick tests compute: they fill the time in which others wait, down
    to the end. pytest-xdist gives each worker a part of the list in its order, and lets it take from others' ends.
    """
    quick: list[pytest.Item] = []
    others: defaultdict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        assert isinstance(item, pytest.Function)
        if NOT_QUICK.isdisjoint((*item.fixturenames, *vars(item.module))):
            item.add_marker("quick")
            quick.append(item)
        else:
            others[item.path.parent if item.path.parent in TOGETHER else item.path].append(item)
    hands: list[list[pytest.Item]] = [[] for _ in range(getattr(config, "workerinput", {}).get("workercount", 1))]
    for together in sorted(others.values(), key=len, reverse=True):  # what one test has started is used by all of them
        min(hands, key=len)[:0] = together  # few, and long, come first: nobody waits for them at the end
    size = math.ceil(len(items) / len(hands))
    for hand in hands:
        rest = size - len(hand)
        hand.extend(quick[:rest])
        del quick[:rest]
    items[:] = [*chain.from_iterable(hands), *quick]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> OneRun:
    return pytestconfig.stash[THIS_RUN]


@pytest.fixture(scope="session")
def short_directory(run: OneRun) -> Path:
    """A directory of this process whose path leaves room for the name of a socket, unlike those of `tmp_path`."""
    return private_directory(run.directory)


@pytest.fixture(scope="session")
def services(run: OneRun) -> ServiceAddresses:
    """PostgreSQL and Redis that answer, the same for all processes of the suite."""
    return run.services


@pytest.fixture
def database_url(run: OneRun) -> Iterator[str]:
    """A fresh database of the product: all migrations are made, and no table has a row."""
    with run.new_database(migrated=True) as url:
        yield url


@pytest.fixture
def empty_database_url(run: OneRun) -> Iterator[str]:
    """A fresh database without anything in it."""
    with run.new_database(migrated=False) as url:
        yield url


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


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Starts the programs of this project."""
    launcher = Launcher()
    yield launcher
    launcher.close()


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
def redis_with_clock(short_directory: Path) -> Iterator[OwnRedis]:
    """A Redis of this test alone whose clock it may set."""
    if FAKETIME is None:
        pytest.skip("libfaketime is not installed: apt-get install libfaketime")
    directory = short_directory / uuid.uuid4().hex[:8]
    directory.mkdir()
    server = OwnRedis(directory, has_own_clock=True)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def pooled(request: pytest.FixtureRequest, short_directory: Path, database_url: str) -> Iterator[str]:
    """This test's database through PgBouncer; the parameter is its mode and how many connections it has for all."""
    if PGBOUNCER is None:
        pytest.skip("no pgbouncer is installed")
    mode, size = request.param
    with pgbouncer(short_directory / uuid.uuid4().hex[:8], database_url, mode, size) as url:
        yield url


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of loopback that nobody listens on: bound, so that nobody else can take it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
