"""Numbered SQL files, each applied once, in order, under a lock.

A file `sql/migrations/NNNN_what.sql` is one transaction. The number of the last one applied is the schema's version.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from refillspot.exceptions import SchemaVersionError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from psycopg import AsyncConnection

LOCK_TIMEOUT = "30s"  # for what a migration changes: whoever waits for a table stops all others that want it
ADVISORY_LOCK = 0x7265_6669_6C6C  # "refill"; one migration at a time in a database
BOOKKEEPING = """
    CREATE SCHEMA IF NOT EXISTS refillspot;
    CREATE TABLE IF NOT EXISTS refillspot.migrations (
        number      integer PRIMARY KEY,
        name        text NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT now()
    );
"""


@dataclass(slots=True, frozen=True)
class Migration:
    number: int
    name: str
    sql: str


def known_migrations() -> list[Migration]:
    """Return the migrations that this program ships, in order."""
    folder = files("refillspot.postgres").joinpath("sql/migrations")
    return [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]


async def migrate(connection: AsyncConnection) -> list[str]:
    """Bring the schema up to date; return the names of what was applied. Safe with many processes at once.

    Raises:
        SchemaVersionError: the database was migrated by a newer program than this one.
        psycopg.errors.LockNotAvailable: somebody holds a table that is to be changed; nothing was changed.
    """
    migrations = known_migrations()
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        await connection.execute(BOOKKEEPING)
        cursor = await connection.execute("SELECT coalesce(max(number), 0) FROM refillspot.migrations")
        (version,) = await cursor.fetchone() or (0,)
        if version > migrations[-1].number:
            raise SchemaVersionError(
                _(
                    "the database has schema version {version}, but this refillspot knows {number}: update "
                    "refillspot, or point DATABASE_URL at another database"
                ).format(version=version, number=migrations[-1].number)
            )
        pending = [migration for migration in migrations if migration.number > version]
        await connection.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        for migration in pending:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO refillspot.migrations (number, name) VALUES (%s, %s)", [migration.number, migration.name]
            )
    return [migration.name for migration in pending]
