"""Accounts that are no superusers, as hosted databases give them."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

RIGHTS = """
    GRANT USAGE ON SCHEMA refillspot TO {0};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA refillspot TO {0};
"""
"""What a crawl needs where the tables are there already."""


@contextmanager
def account(database_url: str, rights: str = "") -> Iterator[str]:
    """Make an account that has these rights (SQL, {0} is its name) and yield the URL of the database with it."""
    name = f"worker_{uuid.uuid4().hex[:8]}"
    parts = conninfo_to_dict(database_url) | {"user": name, "password": "x"}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        connection.execute(rights.format(name).encode())
        try:
            yield f"postgresql://?{urlencode(parts, quote_via=quote)}"
        finally:
            connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())
