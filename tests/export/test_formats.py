"""Each format, read again by a library of somebody else, says what the view says, however odd the values are."""

from __future__ import annotations

import json
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from refillspot.export import formats, geoparquet
from refillspot.export.formats import BLOCK, FORMATS, CsvFile, find_format
from refillspot.export.rows import Chosen, csv_cells
from refillspot.items import Day, Evidence, MenuItem, OpeningHours, Price, RefillTerms, RefillVerdict
from refillspot.postgres.outward import COLUMNS, StoreFilter, snapshot
from tests.export.rereading import READERS, Row, csv_of_python, view, without_empty_text
from tests.postgres.test_outward import ASKED, FOUR
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from refillspot.items import Store

ODD = (
    "", " ", "NULL", "null", "NaN", "=1+1", "=cmd|'/C calc'!A0", "+82-2", "-1", "@SUM(A1)", "\tx", "\r", "\n", "\r\n",
    "'", "''=", "'=1", '"', '""', 'a"b', "a,b", "007", "1E5", "12E456789012", "3-4", "1/2", "1.50", "0212345678",
    "123456789012345678", "11:30", "TRUE", "＝1+1", "＠a", "\U0001f469\u200d\U0001f467", "가나다", "\u0301", "\u202e",
    "\u2028", "\x01", "\x7f",
    "\\", "\\N", "\\.", "{}", "[1]", "x" * 2000, '","', '"\r\n"', "#", ";", "한\n글", "\ufeff",
)  # fmt: skip
TEXT = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAME = TEXT.filter(bool)
WORDS = st.lists(TEXT, max_size=4) | st.none()
WON = st.integers(1, 2**31 - 1) | st.none()
DAY = st.builds(Day, st.lists(st.tuples(st.just("09:00"), TEXT), max_size=2), TEXT | st.none(), st.booleans())
HOURS = st.builds(
    OpeningHours, st.dictionaries(st.integers(0, 6), DAY), st.just({}), st.lists(st.integers(0, 6), max_size=2),
    st.none() | st.just(Day(closed=True)), st.sampled_from(["open", "day closed", "closed", None]),
    st.lists(TEXT, max_size=2),
)  # fmt: skip
ITEM = st.builds(MenuItem, TEXT, WON, TEXT | st.none(), st.booleans(), TEXT | st.none(), st.booleans())
PRICE = st.builds(Price, st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["adult", None]))
VERDICT = st.builds(
    RefillVerdict, st.sampled_from(["confirmed", "likely"]),
    st.lists(st.builds(Evidence, st.just("menu"), TEXT), max_size=2),
)  # fmt: skip
STORES = st.lists(
    st.builds(
        store, NAME, st.sampled_from(["diningcode", "tiny", "=site"]), name=NAME, branch=TEXT | st.none(),
        addr=TEXT | st.none(), road_addr=TEXT | st.none(), dong=TEXT | st.none(), phone=TEXT | st.none(),
        lat=st.floats(33, 39) | st.none(), lon=st.floats(124, 132) | st.none(), categories=WORDS, tags=WORDS,
        refill=VERDICT, menu=st.none() | st.lists(ITEM, max_size=3), hours=HOURS | st.none(),
        refill_prices=st.none() | st.lists(PRICE, max_size=2), hours_text=TEXT | st.none(),
        refill_terms=st.none() | st.builds(RefillTerms, WON, WON, st.none() | st.booleans()),
        open_status=TEXT | st.none(), score=st.integers(0, 100) | st.none(), images=WORDS,
        user_score=st.floats(0.125, 5, width=32) | st.none(), dong_confirmed=st.booleans() | st.none(),
    ),
    min_size=10, max_size=20,
)  # fmt: skip


def export(database_url: str, name: str, path: Path) -> int:
    form = find_format(name, path)[1]
    path.touch()
    with snapshot(database_url, json_as_text=True) as stores:
        found = form.write(Chosen(stores, StoreFilter(), COLUMNS), path)
    assert form.count(path) == found
    return found


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["site"], row["ref"]))


@settings(  # nothing is made smaller: that takes minutes, and the value that differs is shown
    max_examples=3, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(odd=STORES)
def test_every_format_says_what_the_view_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: list[Store]
) -> None:
    monkeypatch.setattr(geoparquet, "ROWS", 4)  # several row groups, each read in several blocks
    monkeypatch.setattr(geoparquet, "BLOCK", 1)
    monkeypatch.setattr(formats, "BLOCK", 1)  # read again record by record
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM refillspot.stores")
    write(database_url, *odd)
    expected = in_order(view(database_url))

    assert len(expected) == len({(one.site, one.ref) for one in odd})
    for name, readers in READERS.items():
        path = tmp_path / f"stores.{name}"
        path.unlink(missing_ok=True)
        assert export(database_url, name, path) == len(expected)
        for read in readers:
            rows: list[Any] = [*map(without_empty_text, expected)] if read is csv_of_python else expected
            for found, row in zip(in_order(read(path)), rows, strict=True):
                assert {name: (value, row[name]) for name, value in found.items() if value != row[name]} == {}, read
                assert list(found) == list(COLUMNS)


def test_a_byte_of_any_column_that_is_not_what_was_written_is_found(database_url: str, tmp_path: Path) -> None:
    write(database_url, store("A", lat=37.5, lon=127.0))
    path = tmp_path / "stores.parquet"
    export(database_url, "geoparquet", path)
    whole, group = path.read_bytes(), parquet.read_metadata(path).row_group(0)
    for column in map(group.column, range(group.num_columns)):
        first = column.dictionary_page_offset or column.data_page_offset
        last = first + column.total_compressed_size - 1
        path.write_bytes(whole[:last] + bytes([whole[last] ^ 1]) + whole[last + 1 :])
        with pytest.raises((ValueError, OSError), match="CRC"):
            find_format("geoparquet", path)[1].count(path)


@pytest.mark.parametrize("broken", ["\n", "\r", ""])
def test_a_csv_whose_lines_end_otherwise_is_none(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "stores.csv"
    path.write_text(f'name\r\n"a\r\nb\n"{broken}c\r\n', "utf-8", newline="")
    with pytest.raises(ValueError, match=r"\S"):
        find_format("csv", path)[1].count(path)


def test_what_cannot_be_read_again_ends_the_writing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = chain([b"name\r\n", b"a\nb\r\n"], repeat(b"c\r\n", BLOCK))
    monkeypatch.setattr(CsvFile, "records", lambda *_: records)
    with snapshot(database_url) as stores, pytest.raises(ValueError, match="new-line"):
        CsvFile().write(Chosen(stores, StoreFilter(), COLUMNS), tmp_path / "stores.csv")

    assert next(records, None)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_store_is_a_file_too(database_url: str, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"stores.{form}"
    assert export(database_url, form, path) == 0
    for read in READERS[form]:
        assert not list(read(path))


def test_filters_choose_the_same_for_every_way_of_reading(database_url: str) -> None:
    write(database_url, *FOUR, store("E", name="100% '무한'"))
    odd = (StoreFilter(text="100%"), StoreFilter(text="% '무"), StoreFilter(text="\\"), StoreFilter(text="{0}"))
    with snapshot(database_url, json_as_text=True) as stores:
        for wanted in (*(asked for asked, _ in ASKED), *odd):
            refs = [row["ref"] for row in stores.rows(wanted, ["ref"])]
            columns = ["ref", "lat", "lon"]
            assert [ref for ref, *_ in stores.values(wanted, columns)] == refs
            assert [json.loads(line)["ref"] for line in stores.lines(wanted, columns)] == refs
            assert [cell.decode() for cell in stores.records(wanted, csv_cells(["ref"]))] == refs
