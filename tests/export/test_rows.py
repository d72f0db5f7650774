"""What a row is in feeds and files: columns of the view, and text that no program makes something else of."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from datetime import datetime

import psycopg
import pytest
from pyarrow import csv as arrow_csv

from refillspot.export.rows import FEED_COLUMNS, TYPES, csv_line, csv_text, feed_row
from refillspot.extensions.feeds import CsvFeed, MarshalFeed, PickleFeed, XmlFeed
from refillspot.postgres.outward import COLUMNS
from tests.export.rereading import kind_of
from tests.export.test_formats import ODD
from tests.postgres.test_stores import store

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


def test_no_cell_is_run_as_a_formula() -> None:
    for text in (*ODD, *(f"{first}1+1" for first in RUN)):
        (record,) = csv.reader(io.StringIO(csv_line([text]), newline=""), strict=True)
        assert not record or not record[0].startswith(tuple(RUN))
        assert "".join(record).removeprefix("'") == text == (csv_text(text) or "").removeprefix("'")


@pytest.mark.parametrize("text", GUESSED)
def test_no_program_that_guesses_makes_a_number_of_a_text(text: str) -> None:
    file = f"guarded,bare\r\n{csv_line([text])[:-2]},{text}\r\n".encode()
    table = arrow_csv.read_csv(io.BytesIO(file))

    assert str(table.schema.field("guarded").type) == "string"
    assert table["guarded"].to_pylist() == [f"'{text}"]
    assert str(table.schema.field("bare").type) != "string" or text in {"3-4", "1/2"}  # of which Excel makes a date


def test_text_that_is_harmless_is_as_it_is() -> None:
    for text in (
        "강남구",
        "11680",
        "02-555-1234",
        "1577-9189",
        "0507-1309-5529",
        "역삼동 1-1",
        "24시 감자탕",
        "4Vk1xGBa0O2V",
    ):
        assert csv_line([text]) == f'"{text}"\r\n'
    assert csv_line([None, "", 1, 1.5, True, [], {"a": None}]) == ',"",1,1.5,true,"[]","{""a"":null}"\r\n'


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
