"""docs/fields.md against the real tables."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from refillspot.postgres.database import migrate_database

DOCUMENT = (Path(__file__).parents[2] / "docs" / "fields.md").read_text("utf-8")


def real_columns(database_url: str, table: str) -> set[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'refillspot' AND table_name = %s"
    with psycopg.connect(database_url) as connection:
        return {name for (name,) in connection.execute(query, [table])}


def documented_columns(table: str) -> set[str]:
    section = DOCUMENT.partition(f"\n## refillspot.{table}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"\w+", cell)}


def test_every_column_of_a_store_is_documented_and_no_other(database_url: str) -> None:
    shown, in_table = documented_columns("v_stores"), documented_columns("stores")

    assert shown == real_columns(database_url, "v_stores")
    assert in_table & shown == set()
    assert in_table | shown - {"phone_is_mobile"} == real_columns(database_url, "stores")


def test_documented_columns_of_other_tables_exist(database_url: str) -> None:
    migrate_database(database_url)

    for table in ("rejects", "unread_pages", "crawls", "store_history", "store_before", "v_changes"):
        assert documented_columns(table)
        assert documented_columns(table) <= real_columns(database_url, table)
