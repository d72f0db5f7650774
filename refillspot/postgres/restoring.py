"""A backup into a database, in one transaction: tables as they were, their rows, then what is newer of the schema."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from socket import gethostname
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import IsolationLevel, errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from refillspot.exceptions import BackupError, SchemaVersionError, ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.archive import open_archive
from refillspot.postgres.backup import TABLES, TEXT, Table, read_tables
from refillspot.postgres.connection import open_async_connection, run
from refillspot.postgres.database import (
    ADVISORY_LOCK,
    BOOKKEEPING,
    LIMITS,
    LOCK_TIMEOUT,
    SILENCE_TIMEOUT,
    VERSION,
    apply_migrations,
    known_migrations,
)
from refillspot.postgres.readers import current_readers, grant_views
from refillspot.postgres.suitability import check_encoding, errors_told
from refillspot.retelling import server_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from psycopg import AsyncConnection

    from refillspot.postgres.archive import Archive, Dumped, Manifest

RIGHTS = """
    WITH of (kind, name, acl, owner) AS (
        SELECT 'SCHEMA', quote_ident(nspname), nspacl, nspowner FROM pg_namespace WHERE nspname = 'refillspot'
        UNION ALL
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass::text, relacl, relowner
        FROM pg_class WHERE relnamespace = to_regnamespace('refillspot')
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text, proacl, proowner
        FROM pg_proc WHERE pronamespace = to_regnamespace('refillspot')
    )
    SELECT kind, name, format('GRANT %s ON %s %s TO %s%s', privilege_type, kind, name,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM of, aclexplode(acl) WHERE grantee <> owner
"""
"""What others may do with the schema, its tables, views and functions."""
IS_THERE = {
    "SCHEMA": "SELECT to_regnamespace(%s) IS NOT NULL",
    "TABLE": "SELECT to_regclass(%s) IS NOT NULL",
    "SEQUENCE": "SELECT to_regclass(%s) IS NOT NULL",
    "FUNCTION": "SELECT to_regprocedure(%s) IS NOT NULL",
}
OUTSIDE = """
    SELECT oid, oid::regclass::text FROM pg_class
    WHERE relkind IN ('r', 'v', 'm', 'p') AND relpersistence <> 't'
        AND relnamespace IS DISTINCT FROM to_regnamespace('refillspot')
    UNION ALL
    SELECT oid, oid::regprocedure::text FROM pg_proc WHERE pronamespace IS DISTINCT FROM to_regnamespace('refillspot')
    UNION ALL
    SELECT oid, conname || ' of ' || conrelid::regclass FROM pg_constraint
    WHERE conrelid <> 0 AND connamespace IS DISTINCT FROM to_regnamespace('refillspot')
"""
"""What is not of the schema, and goes with it where it depends on it."""
INSIDE = """
    SELECT relname::text FROM pg_class
    WHERE relkind IN ('r', 'v', 'm', 'p') AND relnamespace = to_regnamespace('refillspot')
"""
KNOWN = """
    INSERT INTO refillspot.backups (began_at, ended_at, host, file, bytes)
    VALUES (%(at)s, %(at)s, %(host)s, %(file)s, %(size)s)
"""  # which the backup itself could not hold
AT_WORK = "SELECT count(*) FROM refillspot.crawl_workers WHERE ended_at IS NULL AND seen_at > now() - interval '90 s'"
"""Workers say every 30 s that they are there."""
TRIGGERS = """
    SELECT DISTINCT relname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'refillspot'::regnamespace AND NOT tgisinternal
"""
INDEXES = """
    SELECT c.relname::text, pg_get_indexdef(c.oid), ARRAY(
            SELECT ARRAY[a.attnum, a.attstattarget]::int[] FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attstattarget >= 0
        )
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'refillspot'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)
"""
"""What is no part of a constraint, with the columns that are counted more or less finely than by default. Made when all
rows are in, an index takes a fraction of the time.
"""
INTERRUPTED = "SELECT id FROM refillspot.crawls WHERE state = 'running' ORDER BY started_at"
DATABASE = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"


@dataclass(slots=True, frozen=True)
class Restored:
    manifest: Manifest
    database: str
    left_out: list[str]
    """Tables of the backup that are none of refillspot's."""
    interrupted: list[str]
    """Crawls that were not complete in it."""


def restore(database_url: str, path: Path, *, database: str | None = None, replace: bool = False) -> Restored:
    """Restore a backup; into another database of the same server if one is named, which is made if there is none.

    Raises:
        BackupError: it is none, or damaged; or the database has rows, and `replace` was not said.
        SchemaVersionError: it is of a newer refillspot.
        ServiceUnavailableError: PostgreSQL does not answer or refuses, or somebody holds a table.
        UnsuitableServerError: the account lacks a right, or the database is not in UTF-8.
    """
    with open_archive(path) as archive:
        archive.check()
        newest = known_migrations()[-1].number
        if (version := archive.manifest.schema_version) > newest:
            told = _("the backup has schema version {version}, but this refillspot knows {number}: update refillspot")
            raise SchemaVersionError(told.format(version=version, number=newest))
        with errors_told(), _reasons_told(path):
            return run(_restore(database_url, archive, database, replace=replace))


@contextmanager
def _reasons_told(path: Path) -> Iterator[None]:
    try:
        yield
    except errors.LockNotAvailable as error:
        told = _("tables that are to be replaced are in use. Nothing was changed: stop what uses them, try again")
        raise ServiceUnavailableError(told) from error
    except errors.InsufficientPrivilege as error:
        raise UnsuitableServerError(
            _("PostgreSQL: {error}. Nothing was changed.").format(error=server_words(error)),
            _("The tables are made anew: restore with the account that owns them, and may CREATE in the database."),
        ) from error
    except (errors.UndefinedColumn, psycopg.DataError, psycopg.IntegrityError) as error:
        told = _("{path} does not fit its tables: {error}. Nothing was changed.")
        raise BackupError(told.format(path=path, error=server_words(error))) from error


async def _restore(database_url: str, archive: Archive, database: str | None, *, replace: bool) -> Restored:
    if database is not None:
        await _make_database(database_url, database)
        database_url = make_conninfo(database_url, dbname=database)
    async with await open_async_connection(database_url) as connection:
        check_encoding(connection)
        await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)  # what is locked is looked at after that
        async with connection.transaction():
            await connection.execute(LIMITS, {"limit": LOCK_TIMEOUT, "silence": SILENCE_TIMEOUT})
            await connection.execute(TEXT.format(limit=LOCK_TIMEOUT).encode())
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
            rights = await (await connection.execute(RIGHTS.encode())).fetchall()
            readers = await current_readers(connection)
            before = await _names(connection)
            await _clear(connection, replace=replace)
            left_out = await _fill(connection, archive)
            _refuse_loss(before - await _names(connection))
            for kind, name, statement in rights:
                row = await (await connection.execute(IS_THERE[kind].encode(), [name])).fetchone()
                if row and row[0]:
                    await connection.execute(statement.encode())
            for reader in readers:
                await grant_views(connection, reader)
            interrupted = await (await connection.execute(INTERRUPTED)).fetchall()
        return Restored(archive.manifest, connection.info.dbname, left_out, [crawl for (crawl,) in interrupted])


async def _make_database(database_url: str, name: str) -> None:
    if not name or name == conninfo_to_dict(database_url).get("dbname"):
        return
    async with await open_async_connection(database_url) as connection:
        found = await connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if not found.rowcount:
            await connection.execute(sql.SQL(DATABASE).format(sql.Identifier(name)))


async def _clear(connection: AsyncConnection, *, replace: bool) -> None:
    """Remove the tables that are there, if they are empty or are to be replaced."""
    tables = await _tables(connection)
    if tables:
        await connection.execute(_of_all(tables, "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"))
    filled = [table.name for table in tables if table.name != "backups" and await _has_rows(connection, table)]
    if filled and not replace:
        told = _("{database} has rows already, in {tables}. Nothing was changed.")
        raise BackupError(
            told.format(database=connection.info.dbname, tables=", ".join(filled)),
            _("Restore into another database with --database NAME, or replace what is there with --replace."),
        )
    if "crawl_workers" in filled:
        row = await (await connection.execute(AT_WORK)).fetchone()
        if row and row[0]:
            told = _("workers are crawling into {database}. Nothing was changed.")
            raise BackupError(
                told.format(database=connection.info.dbname),
                _("Stop them first (Ctrl-C); of killed ones nothing is known for a minute and a half."),
            )
    before: dict[int, str] = dict(await (await connection.execute(OUTSIDE.encode())).fetchall())
    await connection.execute("DROP SCHEMA IF EXISTS refillspot CASCADE")
    after: dict[int, str] = dict(await (await connection.execute(OUTSIDE.encode())).fetchall())
    _refuse_loss({before[oid] for oid in before.keys() - after.keys()})


async def _names(connection: AsyncConnection) -> set[str]:
    """Return the tables and views of the schema; of a newer one none, whose own could not be told from others."""
    row = await (await connection.execute("SELECT to_regclass('refillspot.migrations') IS NOT NULL")).fetchone()
    is_there = row and row[0]
    newest = await (await connection.execute(VERSION)).fetchone() if is_there else None
    if newest and (newest[0] or 0) > known_migrations()[-1].number:
        return set()
    return {name for (name,) in await (await connection.execute(INSIDE.encode())).fetchall()}


def _refuse_loss(lost: set[str]) -> None:
    if lost:
        told = _("{objects} would be lost with the tables. Nothing was changed.").format(
            objects=", ".join(sorted(lost))
        )
        raise BackupError(
            told, _("Drop them first, and make them again afterwards; a table of your own: move it away.")
        )


async def _has_rows(connection: AsyncConnection, table: Table) -> bool:
    found = await connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(table.identifier))
    return found.rowcount > 0


async def _fill(connection: AsyncConnection, archive: Archive) -> list[str]:
    """Make the tables as they were and fill them, then bring them up to date; return what is none of refillspot's."""
    version, known = archive.manifest.schema_version, known_migrations()
    await connection.execute(BOOKKEEPING)
    await apply_migrations(connection, [migration for migration in known if migration.number <= version])
    tables = {table.name: table for table in await _tables(connection)}
    switches = [name for (name,) in await (await connection.execute(TRIGGERS)).fetchall()]
    for name in switches:
        await connection.execute(_alter(name, "DISABLE TRIGGER USER"))
    await connection.execute(_of_all(tables.values(), "TRUNCATE {}"))  # migrations may have put something in
    indexes = await (await connection.execute(INDEXES)).fetchall()
    for name, _definition, _targets in indexes:
        await connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier("refillspot", name)))
    for dumped in archive.manifest.tables:
        if dumped.name in tables:
            await _fill_table(connection, archive, dumped)
    for name, definition, targets in indexes:
        await connection.execute(definition.encode())
        for column, target in targets:
            change = sql.SQL("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}")
            await connection.execute(change.format(sql.Identifier("refillspot", name), column, target))
    for name in switches:
        await connection.execute(_alter(name, "ENABLE TRIGGER USER"))
    await apply_migrations(connection, [migration for migration in known if migration.number > version])
    facts = {"at": archive.manifest.taken_at, "host": gethostname(), "file": str(archive.path.resolve())}
    await connection.execute(KNOWN, facts | {"size": archive.path.stat().st_size})
    await connection.execute(_of_all(await _tables(connection), "ANALYZE {}"))
    return [table.name for table in archive.manifest.tables if table.name not in tables]


async def _fill_table(connection: AsyncConnection, archive: Archive, dumped: Dumped) -> None:
    table = Table(dumped.name, dumped.columns, [])
    async with connection.cursor() as cursor:
        async with cursor.copy(table.copy("FROM STDIN")) as copy:
            for block in archive.read(dumped):
                await copy.write(block)
        if cursor.rowcount != dumped.rows:
            told = _("{table} would have {found} rows in place of {expected}. Nothing was changed.")
            raise BackupError(told.format(table=dumped.name, found=cursor.rowcount, expected=dumped.rows))
    for column, last in dumped.last_ids.items():
        await connection.execute(
            "SELECT setval(pg_get_serial_sequence(format('refillspot.%%I', %s::text), %s), %s)",
            [dumped.name, column, last],
        )


def _alter(table: str, change: LiteralString) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ").format(sql.Identifier("refillspot", table)) + sql.SQL(change)


async def _tables(connection: AsyncConnection) -> list[Table]:
    return read_tables(await (await connection.execute(TABLES.encode())).fetchall())


def _of_all(tables: Iterable[Table], statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(sql.SQL(", ").join(table.identifier for table in tables))
