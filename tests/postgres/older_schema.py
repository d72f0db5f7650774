"""A database as an older version left it."""

from __future__ import annotations

import psycopg

from refillspot.postgres.database import BOOKKEEPING, known_migrations

NOTE = "INSERT INTO refillspot.migrations (number, name) VALUES (%s, %s)"


def migrate_until(database_url: str, number: int) -> None:
    """Apply the migrations up to this one to an empty database."""
    with psycopg.connect(database_url) as connection:
        connection.execute(BOOKKEEPING)
        for migration in known_migrations()[:number]:
            connection.execute(migration.sql)
            connection.execute(NOTE, [migration.number, migration.name])
