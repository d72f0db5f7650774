from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from refillspot.exceptions import ServiceUnavailableError
from refillspot.postgres.connection import open_async_connection, open_connection, open_for_a_look, run
from tests.programs import PROJECT

if TYPE_CHECKING:
    import psycopg

GROUND = {"client_encoding": "UTF8", "TimeZone": "UTC", "application_name": "refillspot"}


@pytest.fixture
def elsewhere(database_url: str) -> str:
    """A URL that asks for another ground."""
    return make_conninfo(database_url, client_encoding="EUC_KR", options="-c TimeZone=Asia/Seoul")


def ground_of(connection: psycopg.Connection | psycopg.AsyncConnection) -> dict[str, str | None]:
    return {name: connection.info.parameter_status(name) for name in GROUND}


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_connection_has_its_ground_whatever_the_url_says(elsewhere: str, *, autocommit: bool) -> None:
    with open_connection(elsewhere, autocommit=autocommit) as connection:
        assert ground_of(connection) == GROUND
        connection.execute("SELECT 1")
        connection.rollback()
        assert connection.autocommit is autocommit
        assert ground_of(connection) == GROUND


def test_an_async_one_has_the_same(elsewhere: str) -> None:
    async def look() -> tuple[dict[str, str | None], bool]:
        async with await open_async_connection(elsewhere) as connection:
            return ground_of(connection), connection.autocommit

    assert run(look()) == (GROUND, True)


def test_a_name_in_the_url_stays(database_url: str) -> None:
    with open_connection(make_conninfo(database_url, application_name="mine")) as connection:
        assert connection.info.parameter_status("application_name") == "mine"


def test_a_look_that_takes_too_long_says_so(database_url: str) -> None:
    async def look() -> None:
        async with open_for_a_look(database_url, seconds=0):
            pass

    with pytest.raises(ServiceUnavailableError, match="PostgreSQL: no answer in time"):
        run(look())


def test_nobody_else_opens_one() -> None:
    opening = {
        path.name
        for path in (PROJECT / "refillspot").rglob("*.py")
        if any(call in path.read_text(encoding="utf-8") for call in ("psycopg.connect(", "Connection.connect("))
    }

    assert opening == {"connection.py"}
