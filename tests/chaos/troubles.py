"""What can happen to a crawl. Each trouble begins, lasts, and ends by itself."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
import psycopg

from tests.programs import children

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from replica.tcp_proxy import TcpProxy
    from tests.chaos.arena import Arena, Fleet

    Trouble = Callable[["Arena", Fleet, Random], None]

LEASE = 2.0  # seconds
LONGEST = 2 * LEASE  # of an outage: longer than a lease


def kill_worker(_: Arena, fleet: Fleet, rng: Random) -> None:
    _signal_worker(fleet, rng, signal.SIGKILL)


def stop_worker(_: Arena, fleet: Fleet, rng: Random) -> None:
    _signal_worker(fleet, rng, signal.SIGTERM)


def suspend_worker(_: Arena, fleet: Fleet, rng: Random) -> None:
    if worker := _signal_worker(fleet, rng, signal.SIGSTOP):
        time.sleep(rng.uniform(LEASE / 2, LONGEST))
        with suppress(psutil.NoSuchProcess):
            worker.send_signal(signal.SIGCONT)


def kill_redis(arena: Arena, _: Fleet, rng: Random) -> None:
    arena.redis.kill()
    time.sleep(rng.uniform(0, LONGEST))
    arena.redis.start()


def roll_back_redis(arena: Arena, _: Fleet, rng: Random) -> None:
    """As a power cut does: what is on the disk is behind what the workers know."""
    files = arena.redis.directory / "appendonlydir"
    with TemporaryDirectory() as kept:
        copytree(files, kept, dirs_exist_ok=True)
        time.sleep(rng.uniform(0, LONGEST / 2))
        arena.redis.kill()
        rmtree(files)
        copytree(kept, files)
    arena.redis.start()


def kill_postgres(arena: Arena, _: Fleet, rng: Random) -> None:
    arena.postgres.kill()
    time.sleep(rng.uniform(0, LONGEST))
    arena.postgres.start()


def older_postgres(arena: Arena, fleet: Fleet, rng: Random) -> None:
    """A copy takes over that is behind: commits of which the workers were told are gone.

    Not when a crawl is complete: nobody would be there to see it.
    """
    with TemporaryDirectory(dir=arena.logs.parent) as home:
        arena.postgres.copy(Path(home) / "copy")
        time.sleep(rng.uniform(0, LONGEST))
        with suppress(psycopg.OperationalError), psycopg.connect(fleet.database_url) as connection:
            connection.execute("LOCK TABLE refillspot.crawls IN SHARE ROW EXCLUSIVE MODE")
            if {("running",)} == set(connection.execute("SELECT state FROM refillspot.crawls")):
                arena.postgres.become(Path(home) / "copy")


def cut_redis(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001  # one shape for all troubles
    arena.redis_proxy.cut()


def cut_postgres(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001
    arena.postgres_proxy.cut()


def slow_redis(arena: Arena, _: Fleet, rng: Random) -> None:
    _slow(arena.redis_proxy, rng)


def slow_postgres(arena: Arena, _: Fleet, rng: Random) -> None:
    _slow(arena.postgres_proxy, rng)


def silent_redis(arena: Arena, _: Fleet, rng: Random) -> None:
    _silence(arena.redis_proxy, rng)


def silent_postgres(arena: Arena, _: Fleet, rng: Random) -> None:
    _silence(arena.postgres_proxy, rng)


def full_redis_disk(arena: Arena, _: Fleet, rng: Random) -> None:
    _fill(arena, "redis", rng)


def full_postgres_disk(arena: Arena, _: Fleet, rng: Random) -> None:
    _fill(arena, "postgres", rng)
    arena.postgres.start()  # it stops by itself where it cannot write its log


WORKERS = (kill_worker, stop_worker, suspend_worker)
SERVERS = (
    kill_redis, roll_back_redis, kill_postgres, older_postgres, cut_redis, cut_postgres, slow_redis, slow_postgres,
    silent_redis, silent_postgres,
)  # fmt: skip
DISKS = (full_redis_disk, full_postgres_disk)


def possible(arena: Arena) -> list[Trouble]:
    """Return the troubles that this machine can make."""
    return [*WORKERS, *SERVERS, *(DISKS if all(disk.is_small for disk in arena.disks.values()) else ())]


def _signal_worker(fleet: Fleet, rng: Random, number: signal.Signals) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess, IndexError):
        workers = sorted(children(fleet.process.pid), key=lambda worker: worker.pid)
        worker = rng.choice(workers)
        worker.send_signal(number)
        return worker
    return None


def _slow(proxy: TcpProxy, rng: Random) -> None:
    proxy.delay(rng.uniform(0.05, 0.5))
    time.sleep(rng.uniform(0, LONGEST))
    proxy.heal()


def _silence(proxy: TcpProxy, rng: Random) -> None:
    proxy.half_open()
    time.sleep(rng.uniform(0, LONGEST))
    proxy.heal()


def _fill(arena: Arena, name: str, rng: Random) -> None:
    arena.disks[name].fill()
    time.sleep(rng.uniform(0, LONGEST))
    arena.disks[name].free()
