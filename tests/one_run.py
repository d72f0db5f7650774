"""What all processes of one run of the suite share: a directory, the servers in it, a database to copy."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from refillspot.postgres.database import migrate_database
from refillspot.services import embedded, read_environment, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses

SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")
LOCK = 4711  # PostgreSQL's advisory lock, for as long as one process makes what all of them use
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

    @classmethod
    def begin(cls) -> OneRun:
        short = Path("/tmp")  # noqa: S108 -- mkdtemp makes a private directory in it
        return cls(private_directory(short if short.is_dir() else None))

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


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
