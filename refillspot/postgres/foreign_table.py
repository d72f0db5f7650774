"""A table or view of any database, as the CSV that PostgreSQL writes of it: what somebody keeps elsewhere."""

from __future__ import annotations

from psycopg import errors, sql

from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.postgres.connection import open_connection
from refillspot.postgres.suitability import errors_told
from refillspot.redaction import hide

TABLES = """
    SELECT CASE WHEN pg_table_is_visible(oid) THEN relname ELSE relnamespace::regnamespace || '.' || relname END
    FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    ORDER BY 1
"""


def read_csv(database_url: str, table: str) -> str:
    """Return a table, "shops" or "public.shops", with a line of headings; nothing there is changed.

    Raises:
        ArgumentError: there is no such table, or this account may not read it.
        ServiceUnavailableError: the database does not answer.
    """
    hide({"DATABASE_URL": database_url})
    with errors_told(), open_connection(database_url) as connection:
        connection.read_only = True
        name = sql.Identifier(*table.split(".", 1))
        copying = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER)").format(name)
        try:
            with connection.transaction(), connection.cursor().copy(copying) as copy:
                return b"".join(map(bytes, copy)).decode()
        except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
            tables = [str(name) for (name,) in connection.execute(TABLES).fetchall()]
            told = _("there is no table {table}: --table names one of these: {tables}")
            named = told.format(table=table, tables=" ".join(tables[:20]) or "-")
            raise ArgumentError(named + did_you_mean(table, tables)) from error
        except errors.InsufficientPrivilege as error:
            raise ArgumentError(_("this account may not read the table {table}").format(table=table)) from error
