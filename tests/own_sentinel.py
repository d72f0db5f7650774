"""A Redis with a replica and a sentinel that watches them: of Debian where it is installed, else the embedded ones."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from refillspot.services.binaries import find_redis
from refillspot.services.redis_server import QUEUE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SERVICE = "refill"
WATCH = """
sentinel monitor {service} 127.0.0.1 {port} 1
sentinel down-after-milliseconds {service} 600000
sentinel failover-timeout {service} 10000
"""  # it decides nothing by itself on a busy machine: `fail_over` tells it


@dataclass(slots=True)
class OwnSentinel:
    sentinel: int
    """Its port."""
    servers: dict[int, subprocess.Popen[bytes]]
    """By port."""

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel}/{SERVICE}/0"

    @property
    def master(self) -> int:
        """Return the port of the master."""
        _host, port = self.ask("GET-MASTER-ADDR-BY-NAME", SERVICE)
        return int(port)

    def fail_over(self) -> None:
        """Let the replica be the master, and kill the one before."""
        before = self.master
        while True:  # ends at pytest's timeout if never: a sentinel that was out of breath may say no at first
            with suppress(redis.ResponseError):
                self.ask("FAILOVER", SERVICE)
                break
            time.sleep(0.05)
        while self.master == before:
            time.sleep(0.05)
        self.servers[before].kill()

    def ask(self, *words: str) -> Any:
        with client_of(self.sentinel) as client:
            return client.execute_command("SENTINEL", *words)


def client_of(port: int) -> redis.Redis:
    return redis.Redis(port=port, retry=Retry(NoBackoff(), 0))


@contextmanager
def own_sentinel(directory: Path, ports: Sequence[int]) -> Iterator[OwnSentinel]:
    """Start all three on these ports."""
    program = shutil.which("redis-server") or str(find_redis())
    master, replica, sentinel = ports
    processes = {
        master: _start(program, directory, master, *QUEUE_OPTIONS),
        replica: _start(program, directory, replica, *QUEUE_OPTIONS, "--replicaof", f"127.0.0.1 {master}"),
    }
    try:
        for port in (master, replica):
            _wait_for_answer(port)
        with client_of(replica) as client:
            while client.info("replication")["master_link_status"] != "up":
                time.sleep(0.02)
        configuration = directory / "sentinel.conf"
        configuration.write_text(WATCH.format(service=SERVICE, port=master))
        processes[sentinel] = _start(program, directory, sentinel, first=(str(configuration), "--sentinel"))
        _wait_for_answer(sentinel)
        own = OwnSentinel(sentinel, processes)
        own.ask("DEBUG", "info-period", "200")  # milliseconds between looks at who is what
        while not own.ask("REPLICAS", SERVICE):  # it learns of them from the master
            time.sleep(0.05)
        yield own
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def _start(
    program: str, directory: Path, port: int, *options: str, first: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    home = directory / str(port)
    home.mkdir()
    command = [program, *first, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    return subprocess.Popen([*command, "--logfile", str(home / "log"), *options])


def _wait_for_answer(port: int) -> None:
    with client_of(port) as client:
        while True:
            with suppress(redis.RedisError):
                client.ping()
                return
            time.sleep(0.02)
