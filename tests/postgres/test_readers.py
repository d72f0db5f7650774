"""Accounts that read the outward views: real ones, that sign in to a real server."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from refillspot.exceptions import ArgumentError, ServiceUnavailableError, UnsuitableServerError
from refillspot.items import RefillVerdict
from refillspot.planning import KEYWORDS
from refillspot.postgres import database
from refillspot.postgres.database import Migration, known_migrations, migrate_database, update_schema
from refillspot.postgres.outward import COLUMNS, Circle, StoreFilter, read, snapshot
from refillspot.postgres.query_yields import read_yields
from refillspot.postgres.readers import Reader, grant_reader
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.programs import Launcher

FORBIDDEN = (
    "SELECT FROM refillspot.stores",
    "SELECT FROM refillspot.store_pages",
    "SELECT FROM refillspot.unread_pages",
    "SELECT FROM refillspot.rejects",
    "SELECT FROM refillspot.crawls",
    "SELECT FROM refillspot.query_yields",
    "SELECT FROM refillspot.query_answers",
    "SELECT FROM refillspot.store_history",
    "INSERT INTO refillspot.stores (ref) VALUES ('A')",
    "INSERT INTO refillspot.v_stores (ref) VALUES ('A')",
    "UPDATE refillspot.v_stores SET name = 'x'",
    "DELETE FROM refillspot.v_stores",
    "TRUNCATE refillspot.stores",
    "CREATE TABLE refillspot.mine ()",
    "CREATE TABLE public.mine ()",
    "CREATE VIEW refillspot.mine AS SELECT 1",
    "DROP VIEW refillspot.v_stores",
    "ALTER TABLE refillspot.stores OWNER TO CURRENT_USER",
    "COPY refillspot.stores TO STDOUT",
)


@contextmanager
def account(database_url: str, name: str) -> Iterator[str]:
    """Yield the URL for this account, and remove it at the end: accounts are the server's, not the database's."""
    try:
        yield make_conninfo(database_url, user=name)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
                connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


@pytest.fixture
def name() -> str:
    return f'1 "Leser; DROP {uuid.uuid4().hex[:8]}'


def test_it_reads_views_and_searches_and_nothing_else(
    database_url: str, name: str, launcher: Launcher, environment: dict[str, str]
) -> None:
    write(database_url, store("A", name="명륜진사갈비"), store("unlikely", refill=RefillVerdict("unlikely")))
    with account(database_url, name) as url:
        told = launcher.run("scrapy", "db", "grant-reader", name, environment=environment)

        assert (told.returncode, told.stderr) == (0, "")
        assert name in told.stdout
        assert "\\password" in told.stdout
        parts = urlsplit(database_url)
        reader = urlunsplit(parts._replace(netloc=f"{quote(name, safe='')}@{parts.netloc.rpartition('@')[2]}"))
        listed = launcher.run("scrapy", "stores", "--json", environment=environment | {"DATABASE_URL": reader})

        assert (listed.returncode, listed.stderr) == (0, "")
        assert "명륜진사갈비" in listed.stdout
        near = Circle(37.5, 127.03, 2000)
        for wanted in (StoreFilter(), StoreFilter(text="진사"), StoreFilter(near=near)):
            assert [row["ref"] for row in read(url, wanted, COLUMNS)] == ["A"]
        with snapshot(url) as stores:  # of those that the view leaves out, this account knows nothing
            found = [[row["ref"] for row in stores.known(ref)] for ref in ("A", "unlikely", "A")]
            assert (found, stores.refs_like("a")) == ([["A"], [], ["A"]], ["A"])
        with psycopg.connect(url, autocommit=True) as connection:
            for called in ("search('명륜')", "near(37.5, 127.03, 2000)"):
                assert connection.execute(f"SELECT ref FROM refillspot.{called}").fetchall() == [("A",)]
            with pytest.raises(UnsuitableServerError, match="Have the owner"):
                update_schema(url)
            with pytest.raises(UnsuitableServerError, match="Have the owner"):
                read_yields(url, "diningcode", ["11680"], KEYWORDS)
            for statement in FORBIDDEN:
                with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
                    connection.execute(statement)


def test_views_of_later_migrations_are_read_too(database_url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    view = "CREATE VIEW refillspot.v_later AS SELECT 1 AS one; CREATE VIEW refillspot.inner_view AS SELECT 2 AS two"
    later = Migration(known_migrations()[-1].number + 1, "later", view)
    with account(database_url, name) as url:
        grant_reader(database_url, name)
        monkeypatch.setattr(database, "known_migrations", lambda: [*known_migrations(), later])
        migrate_database(database_url)

        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SELECT one FROM refillspot.v_later").fetchone() == (1,)
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("SELECT two FROM refillspot.inner_view")


def test_what_an_account_may_besides_is_said(database_url: str, name: str) -> None:
    with account(database_url, name):
        assert grant_reader(database_url, name).is_new
        with psycopg.connect(database_url) as connection:
            connection.execute(sql.SQL("GRANT SELECT (ref) ON refillspot.stores TO {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("GRANT DELETE ON refillspot.crawls TO {}").format(sql.Identifier(name)))

        reader = grant_reader(database_url, name)

    assert (reader.is_new, reader.may_more) == (False, ["crawls", "stores"])


def test_without_the_rights_it_says_what_their_owner_is_to_run(database_url: str, name: str) -> None:
    other = f"{name} 2"
    with account(database_url, name) as url, account(database_url, other):
        grant_reader(database_url, name)
        with pytest.raises(ServiceUnavailableError, match="owner run this") as refused:
            grant_reader(url, other)
        statements = str(refused.value).partition("\n")[2]

        assert statements.startswith("CREATE ROLE")
        with psycopg.connect(database_url) as connection:
            connection.execute(statements.encode())
        with pytest.raises(ServiceUnavailableError, match="GRANT USAGE") as refused:
            grant_reader(url, other)
        with psycopg.connect(database_url) as connection:
            connection.execute(str(refused.value).partition("\n")[2].encode())

        assert isinstance(grant_reader(url, other), Reader)


def test_names_that_none_can_have(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        own = connection.info.user
    for name, why in {
        "": "1 to 63",
        " ": "1 to 63",
        "가" * 22: "1 to 63",
        "\udc80": "readable",
        own: "that crawls",
    }.items():
        with pytest.raises(ArgumentError, match=why):
            grant_reader(database_url, name)
    for name in ("pg_read", "public"):
        with pytest.raises(ServiceUnavailableError, match="reserved"):
            grant_reader(database_url, name)
