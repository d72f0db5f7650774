"""One PostgreSQL and two Redis servers per home directory, on Unix sockets, shared by all who name the same home.

Whoever holds the lock of a server's directory starts it, and the server inherits the lock: see `lock_directory`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.retelling import server_words
from refillspot.services import ownership
from refillspot.services.addresses import ServiceAddresses
from refillspot.services.postgres_server import PostgresServer, forget_other_servers
from refillspot.services.redis_server import CACHE_OPTIONS, QUEUE_OPTIONS, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Server: TypeAlias = PostgresServer | RedisServer

DEADLINE_SECONDS = 60.0  # recovery after a crash replays the log
POLL_SECONDS = 0.02
STARTS = 3  # a server that dies three times at its start will die again
LOG_LINES = 10  # of a failed server's log, shown with the error
SOCKET_BYTES = 107 if sys.platform == "linux" else 103  # the kernel's limit for the path of a socket


def postgres(home: Path) -> PostgresServer:
    return PostgresServer("postgres", home / "postgres")


def redis_queue(home: Path) -> RedisServer:
    return RedisServer("redis", home / "redis", QUEUE_OPTIONS)


def redis_cache(home: Path) -> RedisServer:
    return RedisServer("redis-cache", home / "redis-cache", CACHE_OPTIONS)


def servers(home: Path) -> tuple[PostgresServer, RedisServer, RedisServer]:
    return postgres(home), redis_queue(home), redis_cache(home)


def up(home: Path) -> ServiceAddresses:
    """Start what is not running, and wait until all three answer.

    Raises:
        ServiceUnavailableError: a server can not be started here; the message says why.
    """
    return ServiceAddresses(*(ensure_up(server) for server in servers(home)))


def down(home: Path) -> None:
    """Stop what is running, and wait until it is gone."""
    for server in servers(home):
        ensure_down(server)


def status(home: Path) -> dict[str, bool]:
    """Which servers run, by name: postgres, redis, redis-cache."""
    return {server.name: is_up(server) for server in servers(home)}


@contextmanager
def leave_as_found(home: Path) -> Iterator[None]:
    """At the end stop what did not run before."""
    idle = [server for server in servers(home) if not is_up(server)]
    try:
        yield
    finally:
        for server in idle:
            ensure_down(server)


def is_up(server: Server) -> bool:
    with _explained(server):
        return _is_alive(server) and server.answers()


def ensure_up(server: Server) -> str:
    """Start `server` unless it runs, and return its URL once it answers."""
    _refuse_impossible(server)
    with _explained(server):
        _wait_until_up(server)
    if isinstance(server, PostgresServer):
        forget_other_servers()  # for good: whoever has asked for this one connects to it, as do programs it starts
    return server.url


def has_rights_of_root(server: Server) -> bool:
    """Whether a server that runs could read and write every file of this machine."""
    return server.directory.stat().st_uid == ownership.ROOT


def ensure_down(server: Server) -> None:
    """Stop `server` if it runs, and return once its last process is gone."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    asked = False
    with _explained(server):
        while _is_alive(server):
            asked = asked or server.stop()
            if time.monotonic() > deadline:
                raise _failed(server, _("it did not stop within {seconds:.0f} s").format(seconds=DEADLINE_SECONDS))
            time.sleep(POLL_SECONDS)


def _is_alive(server: Server) -> bool:
    if sys.platform == "win32":
        return False
    ownership.refuse_foreign(server.directory.parent)
    return is_locked(server.directory)


def _wait_until_up(server: Server) -> None:
    ownership.claim_home(server.directory.parent)
    ownership.claim_directory(server.directory)
    deadline = time.monotonic() + DEADLINE_SECONDS
    starts = 0
    while not server.answers():
        if starts == STARTS and not is_locked(server.directory):
            raise _failed(server, _("it exited {count} times while starting").format(count=STARTS))
        if starts < STARTS and (file := lock_directory(server.directory)):
            with file:  # no process of this server is alive, so it is ours to start
                server.start(file.fileno())
            starts += 1
        if time.monotonic() > deadline:
            raise _failed(server, _("it still does not answer after {seconds:.0f} s").format(seconds=DEADLINE_SECONDS))
        time.sleep(POLL_SECONDS)


@contextmanager
def _explained(server: Server) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServiceUnavailableError(
            _("The embedded {server} cannot be used in {directory}: {error}.").format(
                server=server.name, directory=server.directory, error=server_words(error)
            ),
            _("Set REFILLSPOT_HOME to a directory that is yours."),
        ) from error
    except subprocess.CalledProcessError as error:
        code = error.returncode
        raise _failed(server, _("a program that starts it ended with {code}").format(code=code)) from error


def _refuse_impossible(server: Server) -> None:
    if sys.platform == "win32":
        raise ServiceUnavailableError(
            _("The embedded servers do not run on Windows."),
            _(
                "Copy .env.example to .env, set the two passwords in it and run `docker compose up -d`. Without "
                "Docker: WSL, or servers of your own in DATABASE_URL and REDIS_URL (docs/windows.md)."
            ),
        )
    length = len(os.fsencode(server.socket))
    if length > SOCKET_BYTES:
        raise ServiceUnavailableError(
            _("The path of the socket {socket} has {length} bytes; the system allows {limit}.").format(
                socket=server.socket, length=length, limit=SOCKET_BYTES
            ),
            _("Set REFILLSPOT_HOME to a directory with a shorter path."),
        )


def _failed(server: Server, reason: str) -> ServiceUnavailableError:
    log = server.directory / "log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    what = _("The embedded {server} failed: {reason}. From {log}:").format(server=server.name, reason=reason, log=log)
    return ServiceUnavailableError(
        "\n  ".join([what, *lines]), _("If the log does not help: set REFILLSPOT_HOME to another directory.")
    )


def lock_directory(directory: Path) -> BinaryIO | None:
    """Return an open file that holds the lock of `directory`, or None while another process holds it.

    Held means alive: the kernel frees it when the last process that holds it dies, of whatever cause, and no pid file
    goes stale. Close it, never unlock it: a server that inherited the descriptor keeps the lock.
    """
    import fcntl  # noqa: PLC0415 -- POSIX only

    # never through a link: a server may write into its directory, and root must not follow it elsewhere
    file = open(os.open(directory / "lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")  # noqa: PTH123, SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    return file


def is_locked(directory: Path) -> bool:
    if not (directory / "lock").exists():
        return False
    file = lock_directory(directory)
    if file is None:
        return True
    file.close()
    return False
