"""One worker, started as a user starts it, on servers of the benchmark's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from bench.site import PROJECT, SPIDER_ARGUMENTS
from refillspot.services import embedded, read_environment, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.runner import Figures
    from refillspot.services import ServiceAddresses

OWN_VARIABLES = ("DATABASE_", "DB_", "REDIS_", "CACHE_REDIS_", "REFILLSPOT_", "DININGCODE_", "SCRAPY_", "PG")


@contextmanager
def running_services() -> Iterator[ServiceAddresses]:
    """PostgreSQL and Redis, embedded, in a directory that is removed."""
    directory = Path(tempfile.mkdtemp(prefix="refillspot-bench-"))
    directory.chmod(0o711)  # PostgreSQL may have to run as nobody
    try:
        yield resolve({}, directory)
    finally:
        embedded.down(read_environment({}, directory).home)
        shutil.rmtree(directory)


@contextmanager
def empty_database(database_url: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    identifier = sql.Identifier(name)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@dataclass(frozen=True)
class Worker:
    """`scrapy crawl diningcode` against a site, politeness off, into an empty database each time."""

    site_url: str
    services: ServiceAddresses

    def crawl(
        self,
        settings: Mapping[str, str | float],
        spider: str = "diningcode",
        meanwhile: Callable[[], None] | None = None,
        table: str | None = "refillspot.stores",
    ) -> Figures:
        """Return what `bench.probe.Probe` measured; `table` has a row for each store then, None = nothing is stored."""
        file = Path(tempfile.mkdtemp()) / "probe.json"
        with empty_database(self.services.database_url) as database_url:
            every = {
                "DININGCODE_API_URL": self.site_url,
                "DININGCODE_WEB_URL": self.site_url,
                "POLITENESS_REQUESTS_PER_SECOND": 0,
                "UNLIKELY_SAMPLE_SHARE": 1,  # every row is a store to fetch
                "REDIS_KEY_PREFIX": f"bench-{uuid.uuid4().hex[:12]}",
                "SCHEDULER_PERSIST": "False",
                "SPIDER_MODULES": "refillspot.spiders,bench.thin",
                "EXTENSIONS": '{"bench.probe.Probe": 0}',
                "BENCH_PROBE_FILE": str(file),
                "LOG_LEVEL": "WARNING",
                **settings,
            }
            options = [part for name, value in every.items() for part in ("-s", f"{name}={value}")]
            command = [sys.executable, "-m", "scrapy", "crawl", spider, *SPIDER_ARGUMENTS, *options]
            with subprocess.Popen(  # this project's own command
                command, cwd=PROJECT, env=self._environment(database_url), stderr=subprocess.PIPE, text=True
            ) as process:
                if meanwhile:
                    meanwhile()
                _, log = process.communicate()
            rows = _count(database_url, table) if table and file.exists() else None
        if not file.exists():
            raise SystemExit(f"the worker ended with {process.returncode}:\n{log[-3000:]}")
        figures = msgspec.json.decode(file.read_bytes(), type=dict[str, float])
        shutil.rmtree(file.parent)
        if rows not in {None, figures["stores"]}:
            raise SystemExit(f"{rows} rows of {figures['stores']} stores:\n{log[-3000:]}")
        return figures

    def _environment(self, database_url: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        return kept | {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.services.redis_url,
            "CACHE_REDIS_URL": self.services.cache_redis_url,
        }


def _count(database_url: str, table: str) -> int:
    with psycopg.connect(database_url) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
        (rows,) = connection.execute(query).fetchone() or (0,)
    return int(rows)
