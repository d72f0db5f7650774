"""What a row is in feeds and files: columns of the view, and text that no program makes something else of."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from pyarrow import csv as arrow_csv

from refillspot.export.rows import FEED_COLUMNS, TYPES, csv_text, feed_row
from refillspot.extensions.feeds import CsvFeed, MarshalFeed, PickleFeed, XmlFeed
from refillspot.postgres.outward import COLUMNS
from tests.export.rereading import kind_of
from tests.export.test_formats import ODD, export
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from pathlib import Path

SQL_TYPES = {
    str: {"text"}, int: {"integer"}, float: {"double precision", "real"}, bool: {"boolean"},
    datetime: {"timestamp with time zone"}, list: {"jsonb", "ARRAY"},
}  # fmt: skip
RUN = "=+-@\t\r\n＝＋－＠"  # as OWASP's page on CSV injection has them
GUESSED = (
    "007",
    "0212345678",
    "12E456789012",
    "1E5",
    "123456789012345678",
    "1.50",
    "3-4",
    "1/2",
    "2026-11-28",
    "11:30",
)
"""Of which a program that guesses makes a number, a date or a time."""


def test_each_column_has_the_type_of_the_view(database_url: str) -> None:
    asked = """
        SELECT column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'refillspot' AND table_name = 'v_stores' ORDER BY ordinal_position
    """
    with psycopg.connect(database_url) as connection:
        view = connection.execute(asked).fetchall()

    assert [name for name, _ in view] == list(TYPES) == list(COLUMNS)
    assert [(name, kind) for name, kind in view if kind not in SQL_TYPES[kind_of(name)]] == []


HARMLESS = (
    "강남구",
    "11680",
    "02-555-1234",
    "1577-9189",
    "0507-1309-5529",
    "역삼동 1-1",
    "24시 감자탕",
    "4Vk1xGBa0O2V",
)


def test_files_and_feeds_guard_alike(database_url: str, tmp_path: Path) -> None:
    """By PostgreSQL and by Python: no cell begins as a formula does, and what is harmless is as it is."""
    texts = [
        *filter(None, ODD),
        *(f"{first}1+1" for first in RUN),
        *GUESSED,
        *HARMLESS,
        "1\n",
        "12\u0663",
        "３-4",
        "1.50\n",
    ]
    write(database_url, *(store(f"{number:04}", name=text) for number, text in enumerate(texts)))
    export(database_url, "csv", tmp_path / "stores.csv")
    with (tmp_path / "stores.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row["name"] for row in csv.DictReader(file, strict=True)]

    assert cells == list(map(csv_text, texts))
    assert [cell for cell in cells if cell.startswith(tuple(RUN))] == []
    assert [cell.removeprefix("'") for cell in cells] == texts
    assert set(HARMLESS) <= set(cells)


@pytest.mark.parametrize("text", GUESSED)
def test_no_program_that_guesses_makes_a_number_of_a_text(text: str) -> None:
    table = arrow_csv.read_csv(io.BytesIO(f"guarded,bare\r\n{csv_text(text)},{text}\r\n".encode()))

    assert str(table.schema.field("guarded").type) == "string"
    assert table["guarded"].to_pylist() == [f"'{text}"]
    assert str(table.schema.field("bare").type) != "string" or text in {"3-4", "1/2"}  # of which Excel makes a date


def test_feeds_say_what_xml_and_csv_can() -> None:
    odd = store("A", name="\x01<&>\ufffe\x00", tags=list(filter(None, ODD)), branch=None)
    xml, table = io.BytesIO(), io.BytesIO()
    for exporter in (XmlFeed(xml), CsvFeed(table)):
        exporter.start_exporting()
        exporter.export_item(odd)
        exporter.finish_exporting()

    (item,) = ET.fromstring(xml.getvalue())  # noqa: S314  # of this test
    assert item.findtext("name") == "<&>"
    assert item.find("branch") is None
    (row,) = csv.DictReader(io.StringIO(table.getvalue().decode(), newline=""))
    assert list(row) == list(FEED_COLUMNS) == list(feed_row(odd))
    assert row["branch"] == ""


@pytest.mark.parametrize("kind", [PickleFeed, MarshalFeed, XmlFeed, CsvFeed])
def test_items_of_other_spiders_pass_as_they_are(kind: type[CsvFeed]) -> None:
    file = io.BytesIO()
    exporter = kind(file)
    exporter.start_exporting()
    exporter.export_item({"title": "=1", "words": ["a", "b"]})
    exporter.finish_exporting()

    assert b"=1" in file.getvalue()
    assert b"'=1" not in file.getvalue()
