"""All tables of one moment into an archive: one snapshot, a COPY a table, whatever the server, locale and account."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from socket import gethostname
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
from psycopg import IsolationLevel, errors, sql
from psycopg.rows import args_row

from refillspot.exceptions import BackupError, RefillspotError, ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.postgres.archive import ArchiveWriter, open_archive
from refillspot.postgres.connection import LOOK_SECONDS, limit_statements, open_connection
from refillspot.postgres.database import LOCK_TIMEOUT, VERSION
from refillspot.postgres.suitability import check_encoding, errors_told, refusals_told
from refillspot.retelling import system_words
from refillspot.whole_files import beside, sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from refillspot.postgres.archive import Manifest

NAME = re.compile(r"refillspot-\d{8}T\d{6}Z\.zip")
TEXT = """
    SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '{limit}'; SET LOCAL extra_float_digits = 1;
    SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL row_security = off;
    SET LOCAL array_nulls = on
"""
"""How values look as text, whatever account and database have as their defaults; and no policy hides a row unnoticed.

SET takes no snapshot, as SELECT would: the tables are locked first, else a migration in between could leave them empty.
"""
TABLES = """
    SELECT c.relname::text, ARRAY(
            SELECT a.attname::text FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
        ), ARRAY(
            SELECT f.relname::text FROM pg_constraint AS k JOIN pg_class AS f ON f.oid = k.confrelid
            WHERE k.conrelid = c.oid AND k.contype = 'f' AND f.oid <> c.oid
        )
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('refillspot') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'migrations'
    ORDER BY c.relname
"""
"""All tables but the one that restoring writes by itself: columns that are no computed ones, and what they refer to."""
LAST_IDS = """
    SELECT c.relname::text, a.attname::text, s.last_value FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_sequences AS s ON format('%I.%I', s.schemaname, s.sequencename)
        = pg_get_serial_sequence(format('refillspot.%I', c.relname), a.attname)
    WHERE c.relnamespace = to_regnamespace('refillspot') AND c.relkind IN ('r', 'p') AND s.last_value IS NOT NULL
"""  # of sequences that the account may not look at nothing is known


@dataclass(slots=True, frozen=True)
class Table:
    name: str
    columns: list[str]
    parents: list[str]
    """Tables that it refers to."""

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier("refillspot", self.name)

    def copy(self, direction: str) -> sql.Composed:
        """Return its COPY, "TO STDOUT" or "FROM STDIN"."""
        names = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        form = "COPY (SELECT {1} FROM {0}) {2}" if direction.startswith("TO") else "COPY {0} ({1}) {2}"
        return sql.SQL(form).format(self.identifier, names, sql.SQL(direction))


NOTE = """
    INSERT INTO refillspot.backups (began_at, host, file, bytes, error)
    VALUES (now() - make_interval(secs => %(seconds)s), %(host)s, %(file)s, %(bytes)s, %(error)s)
"""
LAST = """
    SELECT max(ended_at) FILTER (WHERE error IS NULL), max(ended_at) FILTER (WHERE error IS NOT NULL),
        (array_agg(error ORDER BY ended_at DESC) FILTER (WHERE error IS NOT NULL))[1],
        (array_agg(host || ':' || file ORDER BY ended_at DESC) FILTER (WHERE error IS NULL))[1],
        EXISTS (SELECT FROM refillspot.stores), now()
    FROM refillspot.backups
"""


@dataclass(slots=True, frozen=True)
class Backup:
    path: Path
    manifest: Manifest
    dropped: list[Path]
    """Older ones that are no longer kept."""
    unnoted: str = ""
    """Why the database does not know of it: its account may not write, or its tables are of an older version."""


@dataclass(slots=True, frozen=True)
class LastBackups:
    """What a database knows of its backups, by its own clock."""

    made_at: datetime | None
    """None: none was ever made."""
    failed_at: datetime | None
    error: str | None
    """Of the last one that failed."""
    place: str | None
    """Host and path of the last one that was made."""
    has_stores: bool
    now: datetime

    @property
    def has_failed(self) -> bool:
        """Whether the last try came to nothing."""
        return self.failed_at is not None and (self.made_at is None or self.failed_at > self.made_at)


def read_last_backups(database_url: str) -> LastBackups | None:
    """Return what a database knows of its backups; None while it does not answer."""
    try:
        with open_connection(database_url, seconds=LOOK_SECONDS) as connection:
            limit_statements(connection)
            return connection.cursor(row_factory=args_row(LastBackups)).execute(LAST).fetchone()
    except psycopg.Error:
        return None


def back_up(database_url: str, directory: Path, now: datetime, keep: int | None = None) -> Backup:
    """Write a backup into a directory, which is made if there is none; of those that are whole the newest are kept.

    The database has it on record, or why there is none.

    Raises:
        BackupError: there is nothing to be kept, or it cannot be written.
        ServiceUnavailableError: PostgreSQL does not answer, or somebody holds a table.
        UnsuitableServerError: the account may not read all tables.
    """
    path, began = directory / f"refillspot-{now:%Y%m%dT%H%M%SZ}.zip", monotonic()
    try:
        made = _back_up(database_url, path, keep)
    except RefillspotError as error:
        _note(database_url, path, monotonic() - began, str(error))
        raise
    return replace(made, unnoted=_note(database_url, path, monotonic() - began))


def _back_up(database_url: str, path: Path, keep: int | None) -> Backup:
    directory = path.parent
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with beside(path, 0o600) as part:
            manifest = _write(database_url, part)
            sync(part)
            with open_archive(part) as archive:
                archive.check()
            part.replace(path)
        sync(directory)
        dropped = _drop_older(directory, manifest.database, keep) if keep else []
    except OSError as error:
        why = system_words(error)
        raise BackupError(_("a backup cannot be written to {path}: {why}").format(path=path, why=why)) from error
    return Backup(path, manifest, dropped)


def _note(database_url: str, path: Path, seconds: float, error: str | None = None) -> str:
    """Put it on record; return why it is not."""
    size = None if error else path.stat().st_size
    facts = {"seconds": seconds, "host": gethostname(), "file": str(path.resolve()), "bytes": size, "error": error}
    try:
        with open_connection(database_url) as connection:
            connection.execute(NOTE, facts)
    except errors.UndefinedTable:
        return _("its tables are of an older version")
    except psycopg.Error as refused:
        return str(refused).strip()
    return ""


def _write(database_url: str, part: Path) -> Manifest:
    with errors_told(), refusals_told(), open_connection(database_url) as connection:
        check_encoding(connection)
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        try:
            tables = _hold(connection)
        except errors.LockNotAvailable as error:
            told = _("no backup was made: tables are being changed by somebody else. Run the same command again")
            raise ServiceUnavailableError(told) from error
        return _dump(connection, tables, part)


def _hold(connection: psycopg.Connection) -> list[Table]:
    """Begin a transaction whose snapshot is taken after nobody can change the tables any more; return them."""
    seen: list[Table] = []
    while True:
        connection.execute(TEXT.format(limit=LOCK_TIMEOUT).encode())
        if seen:
            names = sql.SQL(", ").join(table.identifier for table in seen)
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
        found = read_tables(connection.execute(TABLES.encode()).fetchall())
        if not found:
            raise BackupError(_("there is nothing to back up: this database has no tables of refillspot"))
        if found == seen:
            return found
        connection.rollback()
        seen = found


def read_tables(rows: list[tuple[str, list[str], list[str]]]) -> list[Table]:
    return [Table(name, columns, sorted(parents)) for name, columns, parents in rows]


def _dump(connection: psycopg.Connection, tables: list[Table], part: Path) -> Manifest:
    (schema_version,) = connection.execute(VERSION).fetchone() or (0,)
    (taken_at,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
    last_ids: dict[str, dict[str, int]] = {}
    for table, column, last in connection.execute(LAST_IDS.encode()):
        last_ids.setdefault(table, {})[column] = last
    with part.open("wb") as file, ArchiveWriter(file) as writer:
        for one in _parents_first(tables):
            writer.add(one.name, one.columns, _rows(connection, one), last_ids.get(one.name, {}))
        return writer.finish(
            schema_version=schema_version,
            postgres=connection.info.parameter_status("server_version"),
            database=connection.info.dbname,
            taken_at=taken_at,
        )


def _rows(connection: psycopg.Connection, table: Table) -> Iterator[bytes | bytearray | memoryview]:
    with connection.cursor() as cursor, cursor.copy(table.copy("TO STDOUT")) as copy:
        yield from copy


def _parents_first(tables: list[Table]) -> list[Table]:
    by_name = {table.name: table for table in tables}
    order = TopologicalSorter({table.name: table.parents for table in tables}).static_order()
    return [by_name[name] for name in order if name in by_name]


def _drop_older(directory: Path, database: str, keep: int) -> list[Path]:
    """Remove whole backups of this database but the newest; what cannot be read counts for nothing, and stays."""
    whole: list[Path] = []
    for path in sorted(directory.iterdir(), reverse=True):
        if NAME.fullmatch(path.name):
            try:
                with open_archive(path) as archive:
                    if archive.manifest.database == database:
                        whole.append(path)
            except BackupError:
                continue
    for path in whole[keep:]:
        path.unlink()
    return whole[keep:]
