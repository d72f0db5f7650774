"""Accounts that may read the outward views, and nothing else: made, and kept so when views are added.

What is meant for them is known by its name: views that begin with `v_`, and the functions of the schema, which read
with the rights of whoever calls them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import errors, sql

from refillspot.exceptions import ArgumentError, ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_async_connection, run
from refillspot.postgres.suitability import errors_told

if TYPE_CHECKING:
    from psycopg import AsyncConnection

LONGEST_NAME = 63  # bytes; PostgreSQL cuts off the rest
READERS = """
    SELECT DISTINCT rolname FROM pg_class, aclexplode(relacl) JOIN pg_roles ON pg_roles.oid = grantee
    WHERE relnamespace = to_regnamespace('refillspot') AND relkind = 'v' AND starts_with(relname, 'v_')
        AND privilege_type = 'SELECT' AND grantee <> relowner
"""
ACCESS = """
    SELECT format('GRANT CONNECT ON DATABASE %%I TO %%I', current_database(), %(name)s::name)
    WHERE NOT has_database_privilege(%(name)s::name, current_database(), 'CONNECT')
    UNION ALL
    SELECT format('GRANT USAGE ON SCHEMA refillspot TO %%I', %(name)s::name)
    WHERE NOT has_schema_privilege(%(name)s::name, 'refillspot', 'USAGE')
"""
VIEWS = """
    SELECT format('GRANT SELECT ON refillspot.%%I TO %%I', relname, %(name)s::name) FROM pg_class
    WHERE relnamespace = 'refillspot'::regnamespace AND relkind = 'v' AND starts_with(relname, 'v_')
        AND NOT has_table_privilege(%(name)s::name, oid, 'SELECT') AND (%(is_all)s OR pg_has_role(relowner, 'USAGE'))
    UNION ALL
    SELECT format('GRANT EXECUTE ON FUNCTION refillspot.%%I(%%s) TO %%I', proname, arguments, %(name)s::name)
    FROM pg_proc, pg_get_function_identity_arguments(oid) AS arguments
    WHERE pronamespace = 'refillspot'::regnamespace AND NOT prosecdef
        AND NOT has_function_privilege(%(name)s::name, oid, 'EXECUTE')
        AND (%(is_all)s OR pg_has_role(proowner, 'USAGE'))
"""
"""What is not granted yet; without `is_all`, of that what the account of the connection may grant."""
MORE = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'refillspot'::regnamespace AND relkind IN ('r', 'v') AND (
        has_table_privilege(%(name)s::name, oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        OR NOT starts_with(relname, 'v_') AND has_any_column_privilege(%(name)s::name, oid, 'SELECT')
    ) ORDER BY 1
"""


@dataclass(slots=True, frozen=True)
class Reader:
    """An account that may read the outward views of a database."""

    name: str
    database: str
    is_new: bool
    may_more: list[str]
    """Tables of the schema that it may read or change all the same: it was somebody before."""


def grant_reader(database_url: str, name: str) -> Reader:
    """Let an account read the outward views. One that is made for it has no password.

    Raises:
        ArgumentError: no account can be called so, or it is the crawler's own.
        ServiceUnavailableError: PostgreSQL refuses; the message says what somebody else has to run.
    """
    if not name.strip() or not name.isprintable() or len(name.encode()) > LONGEST_NAME:
        told = _("no account can be called {name}: it takes 1 to {longest} bytes, all of them readable")
        raise ArgumentError(told.format(name=repr(name), longest=LONGEST_NAME))
    with errors_told():
        return run(_grant_reader(database_url, name))


async def _grant_reader(database_url: str, name: str) -> Reader:
    async with await open_async_connection(database_url) as connection:
        if name == connection.info.user:
            told = _("{name} is the account that crawls: name another one, which is to read only")
            raise ArgumentError(told.format(name=name))
        found = await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name])
        if is_new := not found.rowcount:
            await _execute(
                connection, sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)).as_string(connection)
            )
        for statement in await _missing(connection, name):
            await _execute(connection, statement)
        if still_missing := await _missing(connection, name):  # PostgreSQL only warns of what it does not grant
            raise _refused(still_missing)
        tables = await (await connection.execute(MORE, {"name": name})).fetchall()
        return Reader(name, connection.info.dbname, is_new, [table for (table,) in tables])


async def current_readers(connection: AsyncConnection) -> list[str]:
    """Return the accounts that may read an outward view."""
    return [name for (name,) in await (await connection.execute(READERS)).fetchall()]


async def grant_views(connection: AsyncConnection, name: str) -> None:
    """Let a reader read the views that have been added, as far as this account may grant it."""
    cursor = await connection.execute(VIEWS, {"name": name, "is_all": False})
    for (statement,) in await cursor.fetchall():
        await _execute(connection, statement)


async def _missing(connection: AsyncConnection, name: str) -> list[str]:
    cursor = await connection.execute(f"{ACCESS} UNION ALL {VIEWS}", {"name": name, "is_all": True})
    return [statement for (statement,) in await cursor.fetchall()]


async def _execute(connection: AsyncConnection, statement: str) -> None:
    try:
        await connection.execute(statement.encode())
    except errors.InsufficientPrivilege as error:
        raise _refused([statement]) from error


def _refused(statements: list[str]) -> ServiceUnavailableError:
    told = _("PostgreSQL does not let this account do that. Have its owner run this, then try again:\n{statements}")
    return ServiceUnavailableError(told.format(statements="\n".join(f"{statement};" for statement in statements)))
