"""What all processes of one run of the suite share: a directory, the servers in it, a database to copy."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from refillspot.postgres.database import migrate_database
from refillspot.services import embedded, read_environment, resolve
from refillspot.services.embedded import lock_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses

SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")
LOCK = 4711  # PostgreSQL's advisory lock, for as long as one process makes what all of them use
DISK, MEMORY = Path("/tmp"), Path("/dev/shm")  # noqa: S108 -- mkdtemp makes a private directory there
ROOM = 4 << 30  # bytes free in MEMORY; a run takes some hundred megabytes of them
WITHOUT_DISK = ("fsync", "full_page_writes", "synchronous_commit")  # a database of a test need not survive a power cut


def private_directory(parent: Path | None = None) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="refillspot-", dir=parent))
    directory.chmod(0o711)  # PostgreSQL may have to run as nobody
    return directory


@dataclass(frozen=True)
class OneRun:
    """One call of pytest, with all its processes.

    `directory` has a path that leaves room for the name of a socket, unlike those of `tmp_path`.
    """

    directory: Path
    lock: BinaryIO | None = None
    """Where the directory is in memory: held for as long as the process lives that began the run."""

    @classmethod
    def begin(cls) -> OneRun:
        """Begin in memory where there is room: to copy and drop a database is a quarter of the work there."""
        if sys.platform == "linux" and MEMORY.is_dir():
            _end_abandoned()
            while shutil.disk_usage(MEMORY).free > ROOM:
                directory = private_directory(MEMORY)
                if lock := lock_directory(directory):
                    return cls(directory, lock)  # else another run was as quick to take it for abandoned
        return cls(private_directory(DISK if DISK.is_dir() else None))

    @cached_property
    def services(self) -> ServiceAddresses:
        """PostgreSQL and Redis that answer: those named in the environment, else embedded ones in `directory`.

        The user's own `.refillspot` and `.env` are never read.
        """
        services = resolve(self._environ, self.directory)
        with psycopg.connect(services.database_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until this connection closes
            if not self._has_template(connection):
                self._prepare(connection, services.database_url)
        return services

    @contextmanager
    def new_database(self, *, migrated: bool) -> Iterator[str]:
        """Make a database of a test's own, dropped at the end whoever is still connected."""
        name = f"refillspot_test_{uuid.uuid4().hex[:12]}"
        database, template = sql.Identifier(name), sql.Identifier(self._template if migrated else "template1")
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + (" STRATEGY FILE_COPY" if self._is_own else ""))
        with psycopg.connect(self.services.database_url, autocommit=True) as connection:
            connection.execute(copy.format(database, template))
            yield _named(self.services.database_url, name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))

    def end(self) -> None:
        """Leave nothing: no server that was started here, no database on those of others."""
        if "services" in self.__dict__ or self._marker.exists():
            with psycopg.connect(self.services.database_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self._template)))
            embedded.down(read_environment(self._environ, self.directory).home)
        shutil.rmtree(self.directory)
        if self.lock:
            self.lock.close()

    @property
    def _environ(self) -> dict[str, str]:
        return {name: os.environ[name] for name in SERVER_VARIABLES if name in os.environ}

    @property
    def _is_own(self) -> bool:
        """Whether PostgreSQL is the embedded one, which writes no disk: there a copy of files is half the work."""
        return "DATABASE_URL" not in self._environ

    @property
    def _template(self) -> str:
        return f"{self.directory.name}-template"

    @property
    def _marker(self) -> Path:
        return self.directory / "servers-are-used"

    def _has_template(self, connection: psycopg.Connection) -> bool:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [self._template])
        return found.rowcount == 1

    def _prepare(self, connection: psycopg.Connection, url: str) -> None:
        self._marker.touch()
        if self._is_own:
            for setting in WITHOUT_DISK:
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        template = sql.Identifier(self._template)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(template))
        migrate_database(_named(url, self._template))


def _end_abandoned() -> None:
    """End runs that were killed: their servers still run, and what they hold is memory."""
    for file in MEMORY.glob("refillspot-*/lock"):
        with suppress(OSError):  # another user's, or gone by now
            if lock := lock_directory(file.parent):
                with lock:
                    _kill_all_of(file.parent)
                    shutil.rmtree(file.parent, ignore_errors=True)


def _kill_all_of(directory: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if any(str(directory) in part for part in process.info["cmdline"] or ()):
            with suppress(psutil.Error):
                process.kill()


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
