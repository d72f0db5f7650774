from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from refillspot.clock import Clock
from refillspot.exceptions import SchemaVersionError, ServiceUnavailableError, UnsuitableServerError
from refillspot.postgres import database
from refillspot.postgres.crawls import join_crawl, list_crawls
from refillspot.postgres.database import (
    ADVISORY_LOCK,
    Migration,
    known_migrations,
    migrate_database,
    schema_state,
    scratch_database,
    update_schema,
)
from refillspot.postgres.stores import StoreTable
from tests.postgres.accounts import RIGHTS, account
from tests.postgres.older_schema import migrate_until
from tests.postgres.test_stores import store


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


def test_a_database_that_cannot_hold_every_name_is_refused(empty_database_url: str) -> None:
    with scratch_database(empty_database_url, "refillspot_scratch_korean") as url:
        with psycopg.connect(empty_database_url, autocommit=True) as connection:
            connection.execute("DROP DATABASE refillspot_scratch_korean")
            connection.execute(
                "CREATE DATABASE refillspot_scratch_korean ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0"
            )

        with pytest.raises(UnsuitableServerError, match=r"EUC_KR.*createdb -E UTF8"):
            migrate_database(url)


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


def test_a_table_that_somebody_holds_is_not_waited_for_without_end(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", "10ms")
    migrate_until(empty_database_url, 8)

    def join(url: str) -> None:
        join_crawl(url, "diningcode", {}, None, Clock().now())

    with psycopg.connect(empty_database_url, application_name="a report") as reader:
        reader.execute("SELECT FROM refillspot.stores")
        told = rf"process {reader.info.backend_pid} \(a report of {reader.info.user}, .*pg_terminate_backend"
        for migrates in (update_schema, join, list_crawls):
            with pytest.raises(ServiceUnavailableError, match=told):
                migrates(empty_database_url)
        assert schema_state(empty_database_url).version == 8

    assert migrate_database(empty_database_url) == [migration.name for migration in known_migrations()[8:]]


def test_a_migration_elsewhere_is_not_waited_for_without_end(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", "10ms")
    migrate_until(empty_database_url, 8)

    with psycopg.connect(empty_database_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s), count(*) FROM refillspot.migrations", [ADVISORY_LOCK])
        with pytest.raises(ServiceUnavailableError, match=f"held by process {other.info.backend_pid} "):
            update_schema(empty_database_url)


def test_a_migration_that_is_suspended_holds_nobody_up_for_ever(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(connection: psycopg.AsyncConnection) -> None:
        async for _ in connection.notifies():  # until the server ends it
            pass

    with monkeypatch.context() as suspended:
        suspended.setattr(database, "SILENCE_TIMEOUT", "10ms")
        suspended.setattr(database, "current_readers", hang)
        with pytest.raises(psycopg.Error):  # on a busy machine it may end before it hangs, by another name
            migrate_database(empty_database_url)

    assert migrate_database(empty_database_url)


BEFORE_SITES = """
    INSERT INTO refillspot.stores
        (ref, name, district_code, district, refill_verdict, refill_evidence, source_url, road)
    VALUES
        ('A', '가', '11140', '중구', 'likely', '[]', 'http://a', 'api'),
        ('B', '나', '26110', '중구', 'likely', '[]', 'http://b', 'pages'),
        ('C', '다', NULL, NULL, 'likely', '[]', 'http://c', 'api');
    INSERT INTO refillspot.rejects (ref, store, error) VALUES ('A', '{}', '');
    INSERT INTO refillspot.unread_pages (ref, row, body, error, kept_at) VALUES ('A', '{}', '', '', now());
    INSERT INTO refillspot.store_pages (ref, row, body, digest, kept_at) VALUES ('A', '{}', '', 1, now());
    INSERT INTO refillspot.query_yields
        (district_code, keyword, crawl, first_asked_at, asked_at, queries, total, refs)
    VALUES ('11140', '무한리필', 'one', now(), now(), '{}', 1, '{A}');
"""


def test_what_was_there_before_sites_is_diningcodes_and_tells_its_city(empty_database_url: str) -> None:
    migrate_until(empty_database_url, 8)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(BEFORE_SITES)
    migrate_database(empty_database_url)

    with psycopg.connect(empty_database_url) as connection:
        stores = connection.execute("SELECT site, ref, region, channel, road FROM refillspot.stores ORDER BY ref")
        assert stores.fetchall() == [
            ("diningcode", "A", "서울특별시", "api", "api"),
            ("diningcode", "B", "부산광역시", "web", "pages"),
            ("diningcode", "C", None, "api", "api"),
        ]
        for table in ("rejects", "unread_pages", "store_pages", "query_yields"):
            assert connection.execute(f"SELECT site FROM refillspot.{table}").fetchall() == [("diningcode",)]


def test_an_account_that_may_only_write_finds_what_is_there_already(database_url: str) -> None:
    with account(database_url, RIGHTS) as url:
        assert migrate_database(url) == []


def test_a_migration_has_the_time_that_it_takes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last = known_migrations()[-1]
    unhurried = "DO $$ BEGIN ASSERT current_setting('statement_timeout') = '0'; END $$"
    monkeypatch.setattr(database, "known_migrations", lambda: [last, Migration(last.number + 1, "slow", unhurried)])

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE \"{connection.info.dbname}\" SET statement_timeout = '1h'".encode())

    assert migrate_database(database_url) == ["slow"]


def migrate_as_newer(database_url: str, monkeypatch: pytest.MonkeyPatch, *later: str) -> None:
    """Be a program that has more migrations than this one, with these statements."""
    ours = known_migrations()
    newer = [Migration(ours[-1].number + number, "later", sql) for number, sql in enumerate(later, 1)]
    with monkeypatch.context() as other:
        other.setattr(database, "known_migrations", lambda: [*ours, *newer])
        other.setattr(database, "program_version", lambda: "9.9")
        assert migrate_database(database_url)


def test_who_is_older_goes_on_with_a_migration_that_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last = known_migrations()[-1].number
    served = f"-- An index more.\n-- serves: {last}\n\nCREATE INDEX stores_by_phone ON refillspot.stores (phone)"
    migrate_as_newer(database_url, monkeypatch, served)

    assert migrate_database(database_url) == []
    assert join_crawl(database_url, "diningcode", {}, None, Clock().now()).state == "running"
    assert schema_state(database_url).serves == last

    migrate_as_newer(database_url, monkeypatch, served, f"-- serves: {last + 1}\nCREATE TABLE refillspot.later ()")
    with pytest.raises(SchemaVersionError, match=rf"version {last + 2}, made by refillspot 9\.9, .* knows {last}:"):
        migrate_database(database_url)
    assert schema_state(database_url).serves == last + 1


@pytest.mark.parametrize("later", ["", "-- it serves: 3\n", "-- serves: all\n"])
def test_a_migration_that_does_not_say_so_serves_nobody_older(
    database_url: str, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    migrate_as_newer(database_url, monkeypatch, later + "CREATE TABLE refillspot.later ()")

    with pytest.raises(SchemaVersionError):
        migrate_database(database_url)


async def test_no_row_is_refused_because_the_tables_are_a_newer_programs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = StoreTable(database_url, Clock())
    await table.open()
    await asyncio.to_thread(
        migrate_as_newer,
        database_url,
        monkeypatch,
        "ALTER TABLE refillspot.stores ADD COLUMN later int; "
        "ALTER TABLE refillspot.stores ALTER COLUMN later SET NOT NULL",
    )

    try:
        with pytest.raises(SchemaVersionError):
            await table.write([store()])
    finally:
        await table.close()

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM refillspot.rejects").fetchone() == (0,)
