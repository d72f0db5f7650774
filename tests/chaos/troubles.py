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
import redis
from psycopg import sql

from tests.chaos.arena import ACCOUNT
from tests.crawl.test_upgrade import HANG_UP
from tests.own_redis import FAKETIME, OwnRedis, set_clock
from tests.programs import children

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from replica.tcp_proxy import TcpProxy
    from tests.chaos.arena import Arena, Fleet

    Trouble = Callable[["Arena", Fleet, Random], None]

LEASE = 2.0  # seconds
PATIENCE = 20.0  # seconds, for a crawl to come to its end
WAITING = """
    SELECT 1 FROM pg_locks AS waits JOIN pg_database AS here ON here.oid = waits.database
    WHERE here.datname = current_database() AND waits.relation = 'refillspot.stores'::regclass AND NOT waits.granted
"""
MIGRATE = """
    INSERT INTO refillspot.migrations (number, name, serves, program)
    VALUES (%(number)s, 'later', %(serves)s, '9.9')
"""
STEPS = (3600, -3600, 60, -60)  # seconds, of a clock that is set
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


def promote_replica(arena: Arena, _: Fleet, rng: Random) -> None:
    """A replica takes over that is behind; at times the first server comes back, and knows what the other forgot."""
    files = arena.redis.directory / "appendonlydir"
    with TemporaryDirectory(prefix="rs-", dir="/tmp") as home:
        replica = OwnRedis(Path(home))
        replica.start("--replicaof", "127.0.0.1", str(arena.redis_proxy.port))
        with replica.client() as client:
            _until(lambda: _is_in_step(client), LEASE)
            is_in_step = _is_in_step(client)
            client.replicaof("NO", "ONE")
        if is_in_step:
            time.sleep(rng.uniform(0, LONGEST / 2))
            arena.redis.kill()
            Path(home, "redis.sock").replace(arena.redis.directory / "redis.sock")
            time.sleep(rng.uniform(0, LONGEST / 2))
        if is_in_step and rng.random() < 0.5:
            replica.stop()
            rmtree(files)
            copytree(Path(home) / "appendonlydir", files)
        else:
            replica.kill()
        if is_in_step:
            arena.redis.start()


def kill_postgres(arena: Arena, _: Fleet, rng: Random) -> None:
    arena.postgres.kill()
    time.sleep(rng.uniform(0, LONGEST))
    arena.postgres.start()


def older_postgres(arena: Arena, fleet: Fleet, rng: Random) -> None:
    """A copy takes over that is behind: commits of which the workers were told are gone; at times as a crawl is closed.

    Not when one is complete, which none can become meanwhile: nobody would be there to see it.
    """
    with (
        TemporaryDirectory(dir=arena.logs.parent) as home,
        suppress(psycopg.OperationalError),
        psycopg.connect(fleet.database_url) as connection,
    ):
        connection.execute("LOCK TABLE refillspot.crawls IN SHARE ROW EXCLUSIVE MODE")
        if {("running",)} == set(connection.execute("SELECT state FROM refillspot.crawls")):
            arena.postgres.copy(Path(home) / "copy")
            if rng.random() < 0.5:
                _wait_for_closing(arena, fleet)
            time.sleep(rng.uniform(0, LONGEST))
            arena.postgres.become(Path(home) / "copy")


def swallow_postgres(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001  # one shape for all troubles
    """A network forgets the connections: neither the workers nor the server are told."""
    arena.postgres_proxy.swallow()


def swallow_redis(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001
    arena.redis_proxy.swallow()


def suspend_in_transaction(_: Arena, fleet: Fleet, rng: Random) -> None:
    """Stop a worker while its merge waits for a lock: then it is in a transaction that goes on without it."""
    with suppress(psycopg.Error), psycopg.connect(fleet.database_url, autocommit=True) as looker:
        with psycopg.connect(fleet.database_url) as holder:
            holder.execute("LOCK TABLE refillspot.stores IN SHARE MODE")
            _until(lambda: bool(looker.execute(WAITING).fetchone()), LEASE)
            worker = _signal_worker(fleet, rng, signal.SIGSTOP)
        if worker:
            time.sleep(rng.uniform(LEASE / 2, LONGEST))
            with suppress(psutil.NoSuchProcess):
                worker.send_signal(signal.SIGCONT)


def revoke_rights(_: Arena, fleet: Fleet, rng: Random) -> None:
    """The account of the fleet may not write stores any more, until somebody grants it again."""
    with suppress(psycopg.Error), psycopg.connect(fleet.database_url, autocommit=True) as superuser:
        superuser.execute(sql.SQL("REVOKE INSERT, UPDATE ON refillspot.stores FROM {}").format(ACCOUNT))
        time.sleep(rng.uniform(0, LONGEST))
        superuser.execute(sql.SQL("GRANT INSERT, UPDATE ON refillspot.stores TO {}").format(ACCOUNT))


def another_version(_: Arena, fleet: Fleet, rng: Random) -> None:
    """A newer program migrates, in a way that these workers can live with or not, and it is undone."""
    later = {"number": 9999, "serves": rng.choice((1, 9999))}
    with suppress(psycopg.Error), psycopg.connect(fleet.database_url, autocommit=True) as superuser:
        superuser.execute(MIGRATE, later)
        superuser.execute(HANG_UP)
        time.sleep(rng.uniform(0, LONGEST))
        superuser.execute("DELETE FROM refillspot.migrations WHERE number = %(number)s", later)


def kill_who_closes(arena: Arena, fleet: Fleet, rng: Random) -> None:
    """Kill a worker, or Redis, while the crawl is being closed."""
    with suppress(psycopg.Error), psycopg.connect(fleet.database_url) as holder:
        holder.execute("LOCK TABLE refillspot.crawls IN SHARE ROW EXCLUSIVE MODE")
        _wait_for_closing(arena, fleet)
        if rng.random() < 0.5:
            _signal_worker(fleet, rng, signal.SIGKILL)
        else:
            arena.redis.kill()
    if not arena.redis.is_running():
        arena.redis.start()


def kill_fleet(_: Arena, fleet: Fleet, rng: Random) -> None:  # noqa: ARG001
    fleet.kill()


def cut_redis(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001  # one shape for all troubles
    arena.redis_proxy.cut()


def cut_postgres(arena: Arena, _: Fleet, rng: Random) -> None:  # noqa: ARG001
    arena.postgres_proxy.cut()


def step_redis_clock(arena: Arena, _: Fleet, rng: Random) -> None:
    """Set Redis' clock, and set it right again."""
    for seconds in (rng.choice(STEPS), 0):
        arena.redis.set_clock(seconds)
        time.sleep(rng.uniform(0, LONGEST / 2))


def step_host_clock(arena: Arena, _: Fleet, rng: Random) -> None:
    """Set the clock of the host of all workers, and set it right again; their servers keep theirs."""
    for seconds in (rng.choice(STEPS), 0):
        set_clock(arena.clock, seconds)
        time.sleep(rng.uniform(0, LONGEST / 2))


def pause_machine(arena: Arena, _: Fleet, rng: Random) -> None:
    stopped = arena.suspend()
    time.sleep(rng.uniform(LEASE / 2, LONGEST))
    for process in reversed(stopped):  # servers first
        with suppress(psutil.NoSuchProcess):
            process.resume()


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


WORKERS = (kill_worker, stop_worker, suspend_worker, suspend_in_transaction, kill_who_closes, kill_fleet, pause_machine)
SERVERS = (
    kill_redis, roll_back_redis, promote_replica, kill_postgres, older_postgres, cut_redis, cut_postgres, slow_redis,
    slow_postgres, silent_redis, silent_postgres, swallow_redis, swallow_postgres, revoke_rights, another_version,
)  # fmt: skip
DISKS = (full_redis_disk, full_postgres_disk)


def possible(arena: Arena) -> list[Trouble]:
    """Return the troubles that this machine can make."""
    disks = DISKS if all(disk.is_small for disk in arena.disks.values()) else ()
    clocks = (*([step_redis_clock] if FAKETIME else ()), *([step_host_clock] if arena.has_clocks else ()))
    return [*WORKERS, *SERVERS, *disks, *clocks]


def _signal_worker(fleet: Fleet, rng: Random, number: signal.Signals) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess, IndexError):
        workers = sorted(children(fleet.process.pid), key=lambda worker: worker.pid)
        worker = rng.choice(workers)
        worker.send_signal(number)
        return worker
    return None


def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a moment that may never come."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def _wait_for_closing(arena: Arena, fleet: Fleet) -> None:
    with redis.Redis.from_url(arena.redis.url, decode_responses=True) as client:
        _until(lambda: fleet.has_ended or _is_closing(client), PATIENCE)


def _is_closing(client: redis.Redis) -> bool:
    return any(client.hget(key, "state") == "closing" for key in client.scan_iter("chaos-*:crawl"))


def _is_in_step(replica: redis.Redis) -> bool:
    """Tell whether a replica has everything, on its disk as well."""
    told = replica.info()
    return told["master_link_status"] == "up" and not (told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])


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
