"""Whether a crawl can rely on a database and an account: its encoding, their rights, and what no waiting mends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.language import gettext as _
from refillspot.retelling import server_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CANNOT_PASS = psycopg.ProgrammingError
"""SQLSTATE class 42: no right to it, or it is not there. Waiting does not help."""
GRANTS = (
    "GRANT USAGE ON SCHEMA refillspot TO {account}; "
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA refillspot TO {account}; "
    "GRANT TEMPORARY ON DATABASE {database} TO {account};"
)
"""What an account needs that is not the owner of the tables."""
LACKING = """
    SELECT string_agg(relname || ' (' || rights || ')', ', ' ORDER BY relname),
        quote_ident(current_user), quote_ident(current_database())
    FROM (
        SELECT relname, string_agg(wanted, ', ' ORDER BY nr) AS rights
        FROM pg_class, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) WITH ORDINALITY AS _ (wanted, nr)
        WHERE relnamespace = to_regnamespace('refillspot') AND relkind = 'r'
            AND (relname <> 'migrations' OR wanted = 'SELECT') AND NOT has_table_privilege(oid, wanted)
        GROUP BY relname
        UNION ALL
        SELECT current_database(), 'TEMPORARY' WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
    ) AS lacking (relname, rights)
"""


def check_encoding(connection: psycopg.AsyncConnection | psycopg.Connection) -> None:
    """Make sure that a database can hold every name.

    Raises:
        UnsuitableServerError: it cannot.
    """
    if (encoding := connection.info.parameter_status("server_encoding")) != "UTF8":
        raise UnsuitableServerError(
            _("the database is in {encoding}, which cannot hold every name.").format(encoding=encoding),
            _("Make another one, `createdb -E UTF8 -T template0 …`, and point DATABASE_URL at it."),
        )


async def check_rights(connection: psycopg.AsyncConnection) -> None:
    """Make sure that the account of a connection may do what a crawl does, before anything is fetched for nothing.

    Raises:
        UnsuitableServerError: it lacks a right.
    """
    if lacking := lacking_rights(await (await connection.execute(LACKING)).fetchone() or ()):
        raise lacking


def lacking_rights(found: Sequence[Any]) -> UnsuitableServerError | None:
    """Return what to raise where an account lacks something; `found` is the row of `LACKING`."""
    tables, account, database = found
    if tables is None:
        return None
    what = _("the account {account} lacks rights: {tables}.").format(account=account, tables=tables)
    return lacks_rights(what, account=account, database=database)


def lacks_rights(what: str, *, account: str = "…", database: str = "…") -> UnsuitableServerError:
    """Return what to raise where an account (an SQL identifier, as the database) lacks a right."""
    return UnsuitableServerError(
        what,
        _("Have the owner of the tables run `scrapy db migrate`, and for the account that crawls: {statements}").format(
            statements=GRANTS.format(account=account, database=database)
        ),
    )


@contextmanager
def errors_told() -> Iterator[None]:
    """Let whatever PostgreSQL has against it, or its silence, be a sentence; `refusals_told` within it knows remedies.

    Raises:
        ServiceUnavailableError: it does not answer, or refuses.
    """
    try:
        yield
    except (psycopg.Error, TimeoutError) as error:
        told = server_words(error) or _("no answer in time")
        raise ServiceUnavailableError(_("PostgreSQL: {error}").format(error=told)) from error


@contextmanager
def refusals_told() -> Iterator[None]:
    """Let `CANNOT_PASS` be a sentence with the remedy.

    Raises:
        UnsuitableServerError: the account lacks a right, or something of the schema is not there.
    """
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise lacks_rights(_("PostgreSQL: {error}.").format(error=server_words(error))) from error
    except CANNOT_PASS as error:
        raise UnsuitableServerError(
            _("PostgreSQL: {error}.").format(error=server_words(error)),
            _("The tables are not as refillspot made them: restore them, or point DATABASE_URL at another database."),
        ) from error
