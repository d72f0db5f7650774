from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from refillspot.exceptions import SchemaVersionError
from refillspot.postgres.database import migrate_database, scratch_database
from refillspot.postgres.migrations import known_migrations


def test_migrations_are_applied_once(empty_database_url: str) -> None:
    names = [migration.name for migration in known_migrations()]

    assert migrate_database(empty_database_url) == names
    assert migrate_database(empty_database_url) == []


def test_eight_processes_at_once_apply_them_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        applied = [name for names in pool.map(migrate_database, [empty_database_url] * 8) for name in names]

    assert applied == [migration.name for migration in known_migrations()]


def test_a_newer_schema_is_refused(empty_database_url: str) -> None:
    migrate_database(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("INSERT INTO refillspot.migrations (number, name) VALUES (9999, 'from_the_future')")

    with pytest.raises(SchemaVersionError, match="update refillspot"):
        migrate_database(empty_database_url)


def test_an_older_crawlers_tables_stay_untouched(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE stores (id int)")
        connection.execute("INSERT INTO stores VALUES (1)")

    migrate_database(empty_database_url)

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT id FROM public.stores").fetchall() == [(1,)]


def test_a_scratch_database_is_gone_afterwards(empty_database_url: str) -> None:
    with scratch_database(empty_database_url, "refillspot_scratch") as url, psycopg.connect(url) as connection:
        assert connection.info.dbname == "refillspot_scratch"

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
