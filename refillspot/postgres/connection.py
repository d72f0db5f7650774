"""The one way into PostgreSQL: whatever the server, the account or the URL say, every connection has the same ground.

Text is UTF-8, times are shown in UTC, and `pg_stat_activity` says whose the connection is.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.policies.retries import pauses
from refillspot.postgres.suitability import CANNOT_PASS, errors_told, refusals_told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from datetime import datetime
    from typing import Self

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 10  # then the server does not answer
PARAMETERS: dict[str, str | int] = {
    "client_encoding": "UTF8",
    "fallback_application_name": "refillspot",
    # a peer that is silent for half a minute is gone: over TCP nobody would notice otherwise
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}  # of libpq
GROUND = """
    SET TIME ZONE 'UTC'; SET datestyle = 'ISO';
    SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
        set_config('tcp_keepalives_count', '4', false), set_config('tcp_user_timeout', '30000', false)
    WHERE pg_backend_pid() = {pid}
"""
"""No parameters of libpq; `options` would be, but poolers refuse them. What the first line sets, PgBouncer keeps apart
for each client. The rest is the server's side of the keepalives above; a pooler is left without it, and shows no row.
"""
TRANSACTION_GROUND = """
    SELECT set_config('statement_timeout', %(whole)s, true), set_config('lock_timeout', %(half)s, true),
        set_config('idle_in_transaction_session_timeout', %(half)s, true),
        set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), true)
"""  # of each transaction: what a session sets, a pooler gives to the next client, or to none
BACKEND = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
END_BACKEND = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE pid = %s AND backend_start = %s AND pid <> pg_backend_pid()
"""
LOOK_SECONDS = 5  # for an answer to a small question
AT_MOST = "SELECT set_config('statement_timeout', %s, true)"
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds between attempts while PostgreSQL is away
LOOK_AROUND_SECONDS = 0.2  # between looks whether the worker is to end meanwhile
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
        _know_pooler(connection, connection.execute(_ground_of(connection)))
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def limit_statements(connection: psycopg.Connection) -> None:
    """Let no statement of the transaction that begins here wait for longer than `LOOK_SECONDS`, whatever is locked."""
    connection.execute(AT_MOST, [f"{1000 * LOOK_SECONDS}"])


async def open_async_connection(database_url: str, *, seconds: int = CONNECT_SECONDS) -> psycopg.AsyncConnection:
    """Open a connection that commits every statement which is in no transaction; see `open_connection`."""
    connection = await psycopg.AsyncConnection.connect(_grounded(database_url, seconds), autocommit=True)
    try:
        _know_pooler(connection, await connection.execute(_ground_of(connection)))
    except BaseException:
        await connection.close()
        raise
    return connection


@asynccontextmanager
async def open_for_a_look(database_url: str, seconds: float = LOOK_SECONDS) -> AsyncIterator[psycopg.AsyncConnection]:
    """Yield a connection for a few small statements, which are done within so many seconds or not at all.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
        UnsuitableServerError: the account lacks a right.
    """
    with errors_told(), refusals_told():
        async with asyncio.timeout(seconds), await open_async_connection(database_url) as connection:
            yield connection


def is_pooled(connection: psycopg.Connection | psycopg.AsyncConnection) -> bool:
    """Tell whether each transaction may have another process of the server, which knows nothing of the session.

    Poolers tell their clients process ids of their own making. PgBouncer in mode `session` is one too.
    """
    return connection.prepare_threshold is None


@dataclass(slots=True, frozen=True)
class Backend:
    """The server's process behind a connection."""

    pid: int
    started_at: datetime

    @classmethod
    async def of(cls, connection: psycopg.AsyncConnection) -> Self | None:
        """Return that of a connection, None behind a pooler, where it is nobody's own."""
        if is_pooled(connection):
            return None
        found = await (await connection.execute(BACKEND)).fetchone()
        return cls(*found) if found else None

    async def end(self, connection: psycopg.AsyncConnection) -> None:
        """Let the server end this one, whose client has given up on it; what it had not committed is undone."""
        await connection.execute(END_BACKEND, [self.pid, self.started_at])


@asynccontextmanager
async def transaction(connection: psycopg.AsyncConnection, seconds: float) -> AsyncIterator[psycopg.AsyncCursor]:
    """Yield the cursor of one transaction; a committed one is on disk, whatever the database has as its default.

    The server ends a statement after `seconds`; after half of that a wait for a lock, and the transaction of a client
    that says nothing: whoever is suspended holds nobody up for longer.
    """
    limits = {"whole": f"{1000 * seconds:.0f}", "half": f"{500 * seconds:.0f}"}
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(TRANSACTION_GROUND, limits)
        yield cursor


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what uses `open_async_connection`, where no loop runs yet."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # psycopg needs this loop on Windows
        return runner.run(work)


async def when_available(
    operation: Callable[[], Awaitable[T]],
    waiting: Callable[[], Awaitable[None]],
    *,
    attempt_seconds: float = ATTEMPT_SECONDS,
    is_given_up: Callable[[], bool] = lambda: False,
) -> T:
    """Run `operation`, again and again while PostgreSQL is the one at fault; `waiting` is called before each wait.

    An attempt that takes longer than `attempt_seconds` is given up: a connection may be dead without a word. All is,
    when `is_given_up` says so.

    Raises:
        psycopg.Error: a row is at fault, one of `ROW_AT_FAULT`.
        UnsuitableServerError: waiting does not help.
        ServiceUnavailableError: it is given up; whether PostgreSQL has done it is not known.
    """
    work = asyncio.ensure_future(_until_it_passes(operation, waiting, attempt_seconds))
    work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # of what nobody waits for any more
    try:
        while not (await asyncio.wait([work], timeout=LOOK_AROUND_SECONDS))[0]:
            if is_given_up():
                raise ServiceUnavailableError(_("PostgreSQL does not answer, and is waited for no longer."))
        return work.result()
    finally:
        work.cancel()


async def _until_it_passes(
    operation: Callable[[], Awaitable[T]], waiting: Callable[[], Awaitable[None]], attempt_seconds: float
) -> T:
    waits = pauses(FIRST_WAIT, LONGEST_WAIT)
    is_refused = False
    while True:
        wait = next(waits)
        try:
            async with asyncio.timeout(attempt_seconds):
                return await operation()
        except TimeoutError:
            logger.warning("PostgreSQL did not answer within %.0f s; trying again in %.1f s", attempt_seconds, wait)
        except ROW_AT_FAULT:
            raise
        except CANNOT_PASS as error:
            if is_refused:
                with refusals_told():
                    raise
            is_refused = True  # a new connection finds out whether a newer program has changed the tables
            logger.warning("PostgreSQL: %s; trying once more", str(error).strip())
        except psycopg.Error as error:
            is_refused = False
            logger.warning("PostgreSQL: %s; trying again in %.1f s", str(error).strip(), wait)
        await waiting()
        await asyncio.sleep(wait)


def _ground_of(connection: psycopg.Connection | psycopg.AsyncConnection) -> bytes:
    return GROUND.format(pid=connection.info.backend_pid).encode()


def _know_pooler(
    connection: psycopg.Connection | psycopg.AsyncConnection, ground: psycopg.Cursor | psycopg.AsyncCursor
) -> None:
    while ground.nextset():
        pass
    if not ground.rowcount:
        connection.prepare_threshold = None  # where a statement was prepared, the next one may not run


def _grounded(database_url: str, seconds: int) -> str:
    return make_conninfo(database_url, connect_timeout=seconds, **PARAMETERS)
