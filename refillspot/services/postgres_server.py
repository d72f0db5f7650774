"""The embedded PostgreSQL: a data directory, a Unix socket and a log in one directory."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import errors, pq, sql

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.services.binaries import find_postgres

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "refillspot"
PORT = "5432"  # names the socket file; said everywhere, so that a PGPORT in the environment changes nothing
NOBODY = 65534
AS_NOBODY = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"  # under plain C pg_trgm finds nothing in Hangul
SETTINGS = {
    "listen_addresses": "",  # the Unix socket only
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
        try:
            psycopg.connect(self.url, connect_timeout=3).close()
        except psycopg.OperationalError:
            return self._create_database()
        return True

    def start(self, lock: int) -> None:
        """Start the server, which inherits the descriptor `lock`; whether it came up is told by `answers`."""
        data = self.directory / "data"
        if not data.exists():
            self._initialise(data, lock)
        for stale in (data / "postmaster.pid", self.directory / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)  # the lock is ours, so their writer is dead, whoever has its pid now
        options = {**SETTINGS, "port": PORT, "unix_socket_directories": str(self.directory)}
        self._run(
            "pg_ctl", "start", "-W", "-o", " ".join(shlex.quote(f"-c{k}={v}") for k, v in options.items()), lock=lock
        )

    def stop(self) -> bool:
        """Ask a running server to stop; False while it does not answer.  A server that answers wrote its own pid."""
        answer = pq.PGconn.ping(f"{self.url}&connect_timeout=3".encode())
        if answer not in (pq.Ping.OK, pq.Ping.REJECT):
            return False
        try:
            pid = int((self.directory / "data/postmaster.pid").read_bytes().split()[0])
            os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint
        except (FileNotFoundError, ProcessLookupError):
            return False  # it has just ended
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.directory))}&port={PORT}"

    def _create_database(self) -> bool:
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=3) as connection:
                connection.execute(create)
        except (errors.DuplicateDatabase, errors.UniqueViolation):
            return True  # another process was as quick
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self, data: Path, lock: int) -> None:
        unfinished = self.directory / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed initdb
        self._run(
            "initdb",
            "-D",
            unfinished.name,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            f"--locale={LOCALE}",
            lock=lock,
        )
        unfinished.rename(data)  # so that what is there is complete

    def _run(self, name: str, *arguments: str, lock: int) -> None:
        program = [str(find_postgres() / name), *arguments]
        prefix, account = self._identity()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"PGDATA": "data"}
        with (self.directory / "log").open("ab") as log:
            subprocess.run(  # noqa: S603 -- the program was found by find_postgres
                [*prefix, *program],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=environment,
                pass_fds=(lock,),
                **account,
            )

    def _identity(self) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Under which account to run, as PostgreSQL refuses root: the prefix of a command, the arguments of `run`."""
        if os.geteuid() != 0:
            return (), {}
        owner = self.directory.stat().st_uid
        if owner == 0 and _has_user_namespaces():
            return AS_NOBODY, {}
        if owner == 0:
            owner = NOBODY
            _refuse_closed_to_others(find_postgres(), self.directory.parent)
            os.chown(self.directory, owner, owner)
        return (), {"user": owner, "group": owner, "extra_groups": []}


def _has_user_namespaces() -> bool:
    """Whether root may call itself nobody and keep its files; Docker forbids it, macOS has none."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*AS_NOBODY, "true"], check=False, capture_output=True).returncode == 0  # noqa: S603 -- fixed


def _refuse_closed_to_others(*directories: Path) -> None:
    for directory in directories:
        closed = [path for path in (directory, *directory.parents) if not path.stat().st_mode & 0o001]
        if closed:
            raise ServiceUnavailableError(
                _(
                    "PostgreSQL does not run as root, and the user nobody can not enter {closed}, which holds {held}."
                ).format(closed=closed[-1], held=directory),
                _("Run as another user, or move what is there to where all may enter."),
            )
