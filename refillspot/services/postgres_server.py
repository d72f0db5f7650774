"""The embedded PostgreSQL: a data directory, a Unix socket and a log in one directory."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
import psycopg
from psycopg import errors, pq, sql

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_connection
from refillspot.services.account import Account
from refillspot.services.binaries import find_postgres
from refillspot.services.ownership import NOBODY, ROOT, SERVER_IDS, hand_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATABASE = "refillspot"
PORT = "5432"  # names the socket file; said everywhere, so that a PGPORT in the environment changes nothing
AS_NOBODY = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"  # under plain C pg_trgm finds nothing in Hangul
LIBPQ_READS = ("PGSERVICE", "PGSERVICEFILE", "PGDATESTYLE", "PGTZ", "PGGEQO")  # beside its options
SETTINGS = {
    "listen_addresses": "",  # the Unix socket only
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",  # the whole of Seoul is smaller
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # every five minutes, into a log that nobody rotates
}


@dataclass(frozen=True)
class PostgresServer:
    name: str
    directory: Path

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    @property
    def socket(self) -> Path:
        return self.directory / f".s.PGSQL.{PORT}"

    def answers(self) -> bool:
        """Whether the database is there and takes connections; creates the database where the server has none."""
        with _among_no_others():
            try:
                open_connection(self.url, seconds=3).close()
            except psycopg.OperationalError:
                return self._create_database()
            return True

    def start(self, lock: int) -> None:
        """Start the server, which inherits the descriptor `lock`; whether it came up is told by `answers`."""
        programs, data = find_postgres(), self.directory / "data"
        account = Account.for_server(programs / "postgres", self.directory)
        if not data.exists():
            self._initialise(programs, account, lock)
        if not data.is_symlink():
            data.chmod(0o700)  # a restored one may be open to others, and PostgreSQL refuses it then
        for stale in (data / "postmaster.pid", self.directory / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)  # the lock is ours, so their writer is dead, whoever has its pid now
        options = {**SETTINGS, "port": PORT, "unix_socket_directories": str(self.directory)}
        given = " ".join(shlex.quote(f"-c{k}={v}") for k, v in options.items())
        self._run(account, [str(programs / "pg_ctl"), "start", "-W", "-o", given], lock)

    def stop(self) -> bool:
        """Ask a running server to stop; False while it does not answer.  A server that answers wrote its own pid."""
        with _among_no_others():
            answer = pq.PGconn.ping(f"{self.url}&connect_timeout=3".encode())
        if answer not in (pq.Ping.OK, pq.Ping.REJECT):
            return False
        try:
            data = self.directory / "data"
            postmaster = psutil.Process(int((data / "postmaster.pid").read_bytes().split()[0]))
            if postmaster.uids().effective != data.stat().st_uid:
                return False  # no process of the server's own
            postmaster.send_signal(signal.SIGINT)  # "fast": ends sessions, writes a checkpoint
        except (FileNotFoundError, psutil.NoSuchProcess):
            return False  # it has just ended
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.directory))}&port={PORT}"

    def _create_database(self) -> bool:
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
        try:
            with open_connection(self._url("postgres"), autocommit=True, seconds=3) as connection:
                connection.execute(create)
        except (errors.DuplicateDatabase, errors.UniqueViolation):
            return True  # another process was as quick
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self, programs: Path, account: Account, lock: int) -> None:
        unfinished, data = self.directory / "data.new", self.directory / "data"
        shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed initdb
        command = [str(programs / "initdb"), "-D", unfinished.name, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        named = account
        if account.user in SERVER_IDS:  # initdb wants an account with a name; those of its group alone get here
            named = Account(NOBODY, account.group)
            os.chown(self.directory, ROOT, account.group)
            self.directory.chmod(0o770)
        self._run(named, [*command, f"--locale={LOCALE}"], lock)
        if named != account:
            hand_over(self.directory, account.user)
        unfinished.rename(data)  # so that what is there is complete

    def _run(self, account: Account, command: list[str], lock: int) -> None:
        prefix = _not_quite_root(self.directory) if account.user == ROOT else ()
        account.run([*prefix, *command], self.directory, lock, {"PGDATA": "data"})


def forget_other_servers() -> dict[str, str]:
    """Take from the environment what libpq reads there, and return it: it is not meant for the embedded server."""
    names = (*LIBPQ_READS, *(option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar))
    return {name: os.environ.pop(name) for name in names if name in os.environ}


@contextmanager
def _among_no_others() -> Iterator[None]:
    taken = forget_other_servers()
    try:
        yield
    finally:
        os.environ.update(taken)


def _not_quite_root(directory: Path) -> tuple[str, ...]:
    """Let PostgreSQL, which refuses root, run as root that calls itself nobody and keeps its files."""
    if _has_user_namespaces():
        return AS_NOBODY
    raise ServiceUnavailableError(
        _("PostgreSQL refuses to run as root, and no other account can run it in {directory}.").format(
            directory=directory
        ),
        _("Run as another user, or move the project and REFILLSPOT_HOME to a place that every user can enter."),
    )


def _has_user_namespaces() -> bool:
    """Whether root may call itself nobody; Docker forbids it, macOS has none."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*AS_NOBODY, "true"], check=False, capture_output=True).returncode == 0  # noqa: S603 -- fixed
