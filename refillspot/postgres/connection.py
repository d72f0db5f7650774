"""The one way into PostgreSQL: whatever the server, the account or the URL say, every connection has the same ground.

Text is UTF-8, times are shown in UTC, and `pg_stat_activity` says whose the connection is.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from refillspot.policies.retries import pauses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 10  # then the server does not answer
PARAMETERS = {"client_encoding": "UTF8", "fallback_application_name": "refillspot"}  # of libpq
GROUND = "SET TIME ZONE 'UTC'"  # no parameter of libpq; `options` would be, but poolers refuse them
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds between attempts while PostgreSQL is away
ATTEMPT_SECONDS = 60.0  # a thousand stores take 0.1 s; after so long the connection leads nowhere
ROW_AT_FAULT = (
    psycopg.DataError,
    psycopg.IntegrityError,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
    errors.TooManyColumns,
    errors.TooManyArguments,
)
"""SQLSTATE classes 22 and 23 with psycopg's own refusals, and 54: a value too large for an index, nested too deep."""


def open_connection(
    database_url: str, *, autocommit: bool = False, seconds: int = CONNECT_SECONDS
) -> psycopg.Connection:
    """Open a connection; `seconds` is how long the server may take to answer.

    Raises:
        psycopg.OperationalError: it does not answer, or refuses.
    """
    connection = psycopg.connect(_grounded(database_url, seconds), autocommit=True)
    try:
        connection.execute(GROUND)
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


async def open_async_connection(database_url: str, *, seconds: int = CONNECT_SECONDS) -> psycopg.AsyncConnection:
    """Open a connection that commits every statement which is in no transaction; see `open_connection`."""
    connection = await psycopg.AsyncConnection.connect(_grounded(database_url, seconds), autocommit=True)
    try:
        await connection.execute(GROUND)
    except BaseException:
        await connection.close()
        raise
    return connection


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what uses `open_async_connection`, where no loop runs yet."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # psycopg needs this loop on Windows
        return runner.run(work)


async def when_available(
    operation: Callable[[], Awaitable[T]],
    waiting: Callable[[], Awaitable[None]],
    *,
    attempt_seconds: float = ATTEMPT_SECONDS,
) -> T:
    """Run `operation`, again and again while PostgreSQL is the one at fault; `waiting` is called before each wait.

    An attempt that takes longer than `attempt_seconds` is given up: a connection may be dead without a word.

    Raises:
        psycopg.Error: a row is at fault, one of `ROW_AT_FAULT`.
    """
    waits = pauses(FIRST_WAIT, LONGEST_WAIT)
    while True:
        wait = next(waits)
        try:
            async with asyncio.timeout(attempt_seconds):
                return await operation()
        except TimeoutError:
            logger.warning("PostgreSQL did not answer within %.0f s; trying again in %.1f s", attempt_seconds, wait)
        except ROW_AT_FAULT:
            raise
        except psycopg.Error as error:
            logger.warning("PostgreSQL: %s; trying again in %.1f s", str(error).strip(), wait)
        await waiting()
        await asyncio.sleep(wait)


def _grounded(database_url: str, seconds: int) -> str:
    return make_conninfo(database_url, connect_timeout=seconds, **PARAMETERS)
