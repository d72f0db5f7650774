"""Servers that may be killed, proxies in front of them, and a site: where rounds of chaos are played."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
import psycopg
import redis
from psycopg import sql

from replica.tcp_proxy import TcpProxy
from tests.conftest import PROJECT_PREFIXES
from tests.crawl.conftest import Site
from tests.own_postgres import OwnPostgres
from tests.own_redis import FAKETIME, OwnRedis, clock_of
from tests.programs import spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.programs import Program

SIZE_MB = {"postgres": 400, "redis": 64}  # MiB of the small disks
LATENCY_MS = 20
ACCOUNT = sql.Identifier("operator")  # of the fleets: no superuser, so that it has rights to lose


class Disk:
    """A directory on a small file system of its own where this machine allows one, so that it can be filled."""

    def __init__(self, directory: Path, size_mb: int) -> None:
        self.directory = directory
        directory.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=711", "none", str(directory)]
        self.is_small = (
            os.geteuid() == 0
            and shutil.which("mount") is not None
            and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        )
        directory.chmod(0o711)
        self._ballast = directory / "ballast"

    def fill(self) -> None:
        with suppress(OSError), self._ballast.open("wb") as ballast:
            while True:
                ballast.write(bytes(2**16))
                ballast.flush()

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        if self.is_small:
            subprocess.run(["umount", "--lazy", str(self.directory)], check=True)


class Arena:
    """Real servers of its own, whatever the environment names: they are killed here. `start` starts the programs."""

    def __init__(self, start: Callable[..., Program] = spawn) -> None:
        self._start = start

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        home = Path(tempfile.mkdtemp(prefix="rs-chaos-", dir="/tmp"))  # a socket's path must be short
        home.chmod(0o711)
        self._stack.callback(shutil.rmtree, home, ignore_errors=True)
        self.logs = home / "logs"
        self.disks = {name: Disk(home / name, size) for name, size in SIZE_MB.items()}
        for disk in self.disks.values():
            self._stack.callback(disk.close)
        self.postgres = OwnPostgres(home / "postgres")
        self.redis = OwnRedis(home / "redis", has_own_clock=True)
        self.clock = home / "clock"
        """Of the host of the fleets, where they are started as a user does and libfaketime is there."""
        self.has_clocks = FAKETIME is not None and self._start is spawn
        self.fleets: list[Fleet] = []
        for server in (self.postgres, self.redis):
            server.start()
            self._stack.callback(server.kill)
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(ACCOUNT))
        self.postgres_proxy = self._stack.enter_context(TcpProxy(self.postgres.socket))
        self.redis_proxy = self._stack.enter_context(TcpProxy(f"{home}/redis/redis.sock"))
        self.site = self._start_site()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def new_database(self) -> str:
        """Return the address, by the socket, of a new and empty database."""
        name = f"chaos_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), ACCOUNT))
        return self.postgres.url.replace("/refillspot?", f"/{name}?")

    def drop(self, database_url: str, key_prefix: str) -> None:
        name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name))))
        with redis.Redis.from_url(self.redis.url) as client:
            for key in client.scan_iter(f"{key_prefix}*", count=1000):
                client.unlink(key)

    def start_fleet(self, district: str, database_url: str, key_prefix: str, options: Sequence[str]) -> Fleet:
        name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PROJECT_PREFIXES)}
        environment |= {
            "DATABASE_URL": f"postgresql://operator@127.0.0.1:{self.postgres_proxy.port}/{name}",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_proxy.port}/0",
            "CACHE_REDIS_URL": f"redis://127.0.0.1:{self.redis_proxy.port}/0",
            "REFILLSPOT_HOME": str(self.logs),
        } | (clock_of(self.clock) if self.has_clocks else {})
        settings = {
            "DININGCODE_API_URL": self.site.url,
            "DININGCODE_WEB_URL": self.site.url,
            "REDIS_KEY_PREFIX": key_prefix,
            "UNLIKELY_SAMPLE_SHARE": 1,  # whatever the keywords reach is to be there
        }
        given = [part for setting, value in settings.items() for part in ("-s", f"{setting}={value}")]
        command = ("fleet", "diningcode", "-a", f"district={district}", *given, *options)
        self.fleets.append(Fleet(lambda: self._start("scrapy", *command, environment=environment), database_url))
        return self.fleets[-1]

    def suspend(self) -> list[psutil.Process]:
        """Stop everything but the site, as if this machine were paused; return what is to be resumed."""
        running = [psutil.Process(fleet.process.pid) for fleet in self.fleets if not fleet.has_ended]
        stopped = []
        for process in [*running, self.postgres.process(), psutil.Process(self.redis.process.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
                stopped += [process, *process.children(recursive=True)]
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        return stopped

    def _start_site(self) -> Site:
        options = ("--latency-ms", str(LATENCY_MS), "--until-stdin-closes")
        process = self._stack.enter_context(self._start("replica", *options, environment=os.environ))
        assert process.stdin
        assert process.stdout
        self._stack.callback(process.stdin.close)
        return Site(next(word for word in process.stdout.readline().split() if word.startswith("http://")))


class Fleet:
    """A `scrapy fleet` that is started again, as its user would, until its crawl is complete."""

    def __init__(self, start: Callable[[], Program], database_url: str) -> None:
        self.database_url = database_url
        """Past the proxy."""
        self._start = start
        self.starts = 0
        self.told: list[str] = []
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.process = self._start()

    def wait(self, seconds: float) -> int:
        """Return its exit code, and keep what it told.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        _, told = self.process.communicate(timeout=seconds)
        self.told.append(told)
        return self.process.returncode

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        self.process.kill()
