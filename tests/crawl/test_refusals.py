"""PostgreSQL refuses what a crawl needs, or a worker is stopped while it waits: it ends, and nothing is lost."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.crawl.moments import PACED, fetched, wait_for_store_pages
from tests.postgres.accounts import RIGHTS, account

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Site


ARGUMENTS = ("-a", "district=금천구", "-a", "keywords=무한리필,뷔페")
SILENT = ("-s", "POSTGRES_TIMEOUT_SECONDS=600")
LOCK = "LOCK TABLE refillspot.stores IN ACCESS EXCLUSIVE MODE"


@pytest.mark.parametrize(
    ("take", "give", "words"),
    [
        ("REVOKE INSERT, UPDATE ON refillspot.stores FROM {}", "GRANT INSERT, UPDATE ON refillspot.stores TO {}",
         "GRANT SELECT, INSERT, UPDATE, DELETE"),
        ("ALTER TABLE refillspot.store_pages RENAME TO lost", "ALTER TABLE refillspot.lost RENAME TO store_pages",
         "restore them"),
        ("REVOKE UPDATE ON refillspot.crawls FROM {}", "GRANT UPDATE ON refillspot.crawls TO {}",
         "the crawl could not be closed"),
    ],
)  # fmt: skip
def test_what_cannot_pass_ends_the_worker_and_the_same_command_continues(
    take: str, give: str, words: str, crawl: Crawl, site: Site, database_url: str
) -> None:
    with account(database_url, RIGHTS) as url, psycopg.connect(database_url, autocommit=True) as owner:
        name = conninfo_to_dict(url)["user"]
        crawl.environment["DATABASE_URL"] = url
        with crawl.start(*ARGUMENTS, *PACED, "-s", "RETRY_TIMES=0") as worker:
            wait_for_store_pages(site, 5)
            owner.execute(take.format(name).encode())
            _, log = worker.communicate()
        owner.execute(give.format(name).encode())
        again = crawl.run(*ARGUMENTS)

    assert worker.returncode == 1, log[-3000:]
    assert words in log.splitlines()[-1]
    assert again.returncode == 0, again.stderr[-3000:]
    assert_nothing_is_missing(site, database_url)


def test_a_worker_that_waits_for_postgresql_ends_when_it_is_told_to(
    crawl: Crawl, site: Site, database_url: str
) -> None:
    with psycopg.connect(database_url) as holder, crawl.start(*ARGUMENTS, *PACED, *SILENT) as worker:
        wait_for_store_pages(site, 5)
        holder.execute(LOCK)
        asked = fetched(site).total()
        wait_for_store_pages(site, asked + 5)
        worker.send_signal(signal.SIGTERM)
        _, log = worker.communicate()
    again = crawl.run(*ARGUMENTS)

    assert worker.returncode == 130, log[-3000:]
    assert again.returncode == 0, again.stderr[-3000:]
    assert_nothing_is_missing(site, database_url)


def assert_nothing_is_missing(site: Site, database_url: str) -> None:
    truth = site.truth("금천구", "무한리필,뷔페")
    with psycopg.connect(database_url) as connection:
        stored = {ref for (ref,) in connection.execute("SELECT ref FROM refillspot.stores")}
        crawls = connection.execute("SELECT state, counts ->> 'dead' FROM refillspot.crawls").fetchall()
    assert {store["ref"] for store in truth if store["reached_by"]} <= stored
    assert set(crawls) == {("complete", None)}


def test_nothing_is_fetched_for_an_account_that_may_not_store_it(crawl: Crawl, site: Site, database_url: str) -> None:
    with account(database_url, f"{RIGHTS}; REVOKE INSERT ON refillspot.store_pages FROM {{0}}") as url:
        crawl.environment["DATABASE_URL"] = url
        refused = crawl.run(*ARGUMENTS)

    assert refused.returncode == 1
    assert "lacks rights: store_pages (INSERT)" in refused.stderr.splitlines()[-1]
    assert site.log() == []


ODD = """
    ALTER DATABASE "{0}" SET datestyle = 'SQL, DMY'; ALTER DATABASE "{0}" SET intervalstyle = 'sql_standard';
    ALTER DATABASE "{0}" SET search_path = nowhere; ALTER DATABASE "{0}" SET bytea_output = 'escape';
    ALTER DATABASE "{0}" SET extra_float_digits = -15; ALTER DATABASE "{0}" SET timezone = 'Asia/Seoul';
    ALTER DATABASE "{0}" SET standard_conforming_strings = off; ALTER DATABASE "{0}" SET client_min_messages = 'debug1';
    ALTER DATABASE "{0}" SET default_transaction_isolation = 'serializable';
    ALTER DATABASE "{0}" SET xmloption = 'document'; ALTER DATABASE "{0}" SET row_security = off;
    ALTER DATABASE "{0}" SET client_encoding = 'EUC_KR'; ALTER DATABASE "{0}" SET idle_session_timeout = '1h';
    ALTER DATABASE "{0}" SET lc_monetary = 'C'; ALTER DATABASE "{0}" SET quote_all_identifiers = on;
    ALTER DATABASE "{0}" SET array_nulls = off; ALTER DATABASE "{0}" SET transform_null_equals = on;
"""
"""Defaults of a database that change what is read, what is written, or what a statement means."""


def test_a_database_whose_defaults_are_odd_is_filled_as_any_other(
    crawl: Crawl, site: Site, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(ODD.format(connection.info.dbname).encode())
    crawl.environment.update(
        {"DATABASE_URL": empty_database_url, "PGCLIENTENCODING": "EUC_KR", "PGDATESTYLE": "SQL, DMY"}
    )
    result = crawl.run(*ARGUMENTS)
    listed = crawl.operate("stores", "--json")

    assert (result.returncode, listed.returncode) == (0, 0), result.stderr[-3000:] + listed.stderr
    assert {store["district"] for store in json.loads(listed.stdout)} == {"금천구"}
    assert_nothing_is_missing(site, empty_database_url)


def test_a_database_that_takes_no_rows_is_told_at_once(crawl: Crawl, site: Site, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    refused = crawl.run(*ARGUMENTS)

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("Error: PostgreSQL: cannot execute INSERT in a read-only")
    assert "default_transaction_read_only" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr  # nothing of what was never opened is closed
    assert site.log() == []
