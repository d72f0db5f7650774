"""Whole databases: migrate one, make and drop one for a scratch space, read the stores of one.

Numbered SQL files, `sql/migrations/NNNN_what.sql`, are applied once each, in order, under a lock, each one transaction.
The number of the last one applied is the schema's version.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row

from refillspot.clock import write_kst
from refillspot.exceptions import SchemaVersionError, ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_async_connection, open_connection, run
from refillspot.postgres.readers import current_readers, grant_views
from refillspot.postgres.suitability import LACKING, check_encoding, errors_told, lacking_rights, refusals_told
from refillspot.process import program_version
from refillspot.retelling import server_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection

LOCK_TIMEOUT = "20s"
"""For each lock. Whoever waits for a table stops all others that want it.
Two of these, for another migration and then for a table, are less than what joining a crawl may take.
"""
SILENCE_TIMEOUT = "20s"  # of a process that migrates: a suspended one stops all others too
LIMITS = """
    SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', %(limit)s, true),
        set_config('idle_in_transaction_session_timeout', %(silence)s, true)
"""
ADVISORY_LOCK = 0x7265_6669_6C6C  # "refill"; one migration at a time in a database
BOOKKEEPING = """
    CREATE SCHEMA IF NOT EXISTS refillspot;
    CREATE TABLE IF NOT EXISTS refillspot.migrations (
        number      integer PRIMARY KEY,
        name        text NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT now()
    );
"""


VERSIONS = """
    ALTER TABLE refillspot.migrations ADD COLUMN IF NOT EXISTS serves integer, ADD COLUMN IF NOT EXISTS program text
"""
SERVES = re.compile(r"^-- serves: (\d+)$", re.MULTILINE)


@dataclass(slots=True, frozen=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def serves(self) -> int:
        """The oldest schema whose programs go on with this one, of a line `-- serves: 16`; without one, none older."""
        found = SERVES.search(self.sql)
        return int(found[1]) if found else self.number


def known_migrations() -> list[Migration]:
    """Return the migrations that this program ships, in order."""
    folder = files("refillspot.postgres").joinpath("sql/migrations")
    return [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]


HOLDER = """
    SELECT pid, coalesce(nullif(application_name, ''), '?'), usename, xact_start FROM pg_stat_activity AS a
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND EXISTS (
        SELECT FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
        WHERE l.pid = a.pid AND l.granted AND c.relnamespace = to_regnamespace('refillspot')
    ) ORDER BY xact_start LIMIT 1
"""  # of other accounts only pid and name are shown to everybody; the oldest transaction is the one that does not end


async def migrate(connection: AsyncConnection) -> list[str]:
    """Bring the schema up to date; return the names of what was applied. Safe with many processes at once.

    Raises:
        SchemaVersionError: the database was migrated by a newer program than this one.
        UnsuitableServerError: it is not in UTF-8.
        psycopg.errors.LockNotAvailable: somebody holds a table that is to be changed: who, and what to do. Nothing was
            changed.
    """
    migrations = known_migrations()
    check_encoding(connection)
    if await _version(connection, migrations) == migrations[-1].number:
        return []  # an account that may only read and write has no more to do
    try:
        return await _apply_pending(connection, migrations)
    except errors.LockNotAvailable as error:
        raise errors.LockNotAvailable(await _tell_holder(connection)) from error


async def _tell_holder(connection: AsyncConnection) -> str:
    holder = await (await connection.execute(HOLDER)).fetchone()
    if holder is None:
        return _("tables that are to be changed were in use. Nothing was changed: run the same command again")
    pid, application, user, since = holder
    return _(
        "tables that are to be changed are held by process {pid} ({application} of {user}, in a transaction since "
        "{since} KST). Nothing was changed. Let it end, or end it with SELECT pg_terminate_backend({pid}), then run "
        "the same command again"
    ).format(pid=pid, application=application, user=user, since=write_kst(since) if since else "?")


async def _apply_pending(connection: AsyncConnection, migrations: Sequence[Migration]) -> list[str]:
    async with connection.transaction():
        await connection.execute(LIMITS, {"limit": LOCK_TIMEOUT, "silence": SILENCE_TIMEOUT})
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        await connection.execute(BOOKKEEPING)
        version = await _version(connection, migrations)
        pending = [migration for migration in migrations if migration.number > version]
        readers = await current_readers(connection) if pending else []
        await apply_migrations(connection, pending)
        for reader in readers:
            await grant_views(connection, reader)
    return [migration.name for migration in pending]


async def apply_migrations(connection: AsyncConnection, migrations: Sequence[Migration]) -> None:
    """Apply these, in the transaction that the connection is in."""
    if migrations:
        await connection.execute(VERSIONS)
    for one in migrations:
        await connection.execute(one.sql)
        await connection.execute(NOTE, [one.number, one.name, one.serves, program_version()])


NOTE = "INSERT INTO refillspot.migrations (number, name, serves, program) VALUES (%s, %s, %s, %s)"
VERSION = "SELECT max(number) FROM refillspot.migrations"
NEWER = """
    SELECT max(coalesce((to_jsonb(m) ->> 'serves')::integer, number)),
        (array_agg(to_jsonb(m) ->> 'program' ORDER BY number DESC))[1]
    FROM refillspot.migrations AS m WHERE number > %s
"""  # where only older programs have migrated, the columns are not there


async def check_version(connection: AsyncConnection) -> None:
    """Make sure that this program can go on with the tables as they are.

    Raises:
        SchemaVersionError: a newer one has changed them in a way that this one cannot live with.
    """
    await _version(connection, known_migrations())


async def _version(connection: AsyncConnection, known: Sequence[Migration]) -> int:
    """Return the number of the last migration that was applied, 0 = none; newer ones that serve this program too."""
    (is_there,) = await _row(connection, "SELECT to_regclass('refillspot.migrations') IS NOT NULL")
    version = ((await _row(connection, VERSION))[0] if is_there else None) or 0
    if version > (last := known[-1].number):
        oldest, program = await _row(connection, NEWER, [last])
        if oldest > last:
            raise SchemaVersionError(
                _(
                    "the database has schema version {version}, made by refillspot {program}, but this one, {own}, "
                    "knows {number}: update refillspot, or point DATABASE_URL at another database"
                ).format(version=version, program=program or "?", own=program_version(), number=last)
            )
    return min(version, last)


async def _row(connection: AsyncConnection, query: str, values: Sequence[int] = ()) -> tuple[Any, ...]:
    return await (await connection.execute(query, values)).fetchone() or (None,)


LOOK = """
    SELECT to_regclass('refillspot.migrations') IS NOT NULL, has_database_privilege(current_database(), 'CREATE')
"""


def migrate_database(database_url: str) -> list[str]:
    """Bring the schema of a database up to date; return the names of what was applied.

    Raises:
        SchemaVersionError: it was migrated by a newer refillspot.
    """
    return run(_migrate(database_url))


def update_schema(database_url: str) -> list[str]:
    """Do the same for a person, who is told what PostgreSQL has against it.

    Raises:
        SchemaVersionError: it was migrated by a newer refillspot.
        UnsuitableServerError: the account lacks a right.
        ServiceUnavailableError: PostgreSQL refuses for another reason.
    """
    with errors_told(), refusals_told():
        return migrate_database(database_url)


async def _migrate(database_url: str) -> list[str]:
    async with await open_async_connection(database_url) as connection:
        return await migrate(connection)


@dataclass(slots=True, frozen=True)
class SchemaState:
    version: int | None
    """Number of the last migration that was applied; None: there are no tables."""
    serves: int | None
    """The oldest schema whose programs go on with what is newer than this program; None: nothing is."""
    may_create: bool
    """The account may make them."""
    lacking: UnsuitableServerError | None
    """What is wrong where the account may not read and change all of them."""


def schema_state(database_url: str) -> SchemaState:
    """Look how far the tables of a database are.

    Raises:
        UnsuitableServerError: the account may not look, or the database is not in UTF-8.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with errors_told(), refusals_told(), open_connection(database_url, seconds=5) as connection:
        check_encoding(connection)
        there, may_create = connection.execute(LOOK).fetchone() or (None, False)
        row = connection.execute(VERSION).fetchone() if there else None
        newer = connection.execute(NEWER, [known_migrations()[-1].number]).fetchone() if there else None
        lacking = lacking_rights(connection.execute(LACKING).fetchone() or ())
    return SchemaState(row[0] if row else None, newer[0] if newer else None, bool(may_create), lacking)


@contextmanager
def scratch_database(database_url: str, name: str) -> Iterator[str]:
    """Make an empty database beside the given one, yield its URL, drop it at the end.

    Raises:
        ServiceUnavailableError: the account of `database_url` may not make one.
    """
    identifier = sql.Identifier(name)
    with open_connection(database_url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        except psycopg.Error as error:
            raise ServiceUnavailableError(
                _(
                    "PostgreSQL refuses a temporary database: {error}. Run `ALTER ROLE … CREATEDB` for this "
                    "account, or unset DATABASE_URL to use the embedded server."
                ).format(error=server_words(error))
            ) from error
        try:
            yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def commit_times(database_url: str) -> list[datetime]:
    """Return when the stores were committed, each commit once; of stores that were written again the last one."""
    with open_connection(database_url) as connection:
        rows = connection.execute("SELECT DISTINCT last_seen_at FROM refillspot.stores ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def read_stores(database_url: str) -> list[dict[str, Any]]:
    """Return all stores as rows, refill stores first, cheapest first."""
    with open_connection(database_url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM refillspot.stores ORDER BY refill_verdict, refill_price_krw NULLS LAST, site, ref"
        ).fetchall()
