"""A page that was merged already: only the time moves."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from refillspot.clock import Clock
from refillspot.items import Evidence, MenuItem, OpeningHours, ReadPage, RefillTerms, RefillVerdict
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import Outcome, StoreTable
from tests.postgres.test_stores import query, store, with_table, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Store

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(["\0", "\\.", "\\N", "\\", "\t", "\r\n", '"', "{}", "NULL", '{"a\\', "\\u0000", "\\\0", "'; --"]),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "branch": st.none() | TEXTS,
    "channel": st.sampled_from(["api", "web"]),
    "images": st.none() | st.lists(st.sampled_from("abc"), max_size=3),
    "refill_terms": st.none() | st.builds(RefillTerms, st.none() | st.just(100), st.none() | st.just(2)),
    "tags": st.none() | st.lists(TEXTS, max_size=3),
    "menu": st.none() | st.lists(st.builds(MenuItem, TEXTS, st.none() | st.integers(0, 10**6), TEXTS), max_size=3),
    "hours": st.none() | st.builds(OpeningHours, notes=st.lists(TEXTS, max_size=2)),
    "hours_text": st.none() | TEXTS,
    "review_count": st.none() | st.integers(0, 2**31 - 1),
    "lat": st.none() | st.floats(33, 39),
    "refill": st.builds(
        RefillVerdict,
        st.sampled_from(["confirmed", "likely", "unlikely"]),
        st.lists(st.builds(Evidence, st.just("menu"), TEXTS), max_size=2),
    ),
}
PAGES = st.fixed_dictionaries(FIELDS).map(lambda fields: store(**fields))
CHANGING = {"last_seen_at": None, "fetched_at": None}


class Writer:
    """Writes many times over one connection, and looks over another."""

    def __init__(self, database_url: str) -> None:
        self._runner = asyncio.Runner()
        self._table = StoreTable(database_url, Clock())
        self._runner.run(self._table.open())
        self._connection = psycopg.connect(database_url, autocommit=True, row_factory=dict_row)

    def write(self, page: Store) -> dict[str, Any]:
        assert self._runner.run(self._table.write([page])) == Outcome(stored=1)
        (row,) = self._connection.execute("SELECT * FROM refillspot.stores").fetchall()
        return row

    def execute(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def kept_rows(self) -> list[Any]:
        return [page["row"] for page in self._connection.execute("SELECT row FROM refillspot.store_pages")]

    def close(self) -> None:
        self._connection.close()
        self._runner.run(self._table.close())
        self._runner.close()


@pytest.fixture
def writer(database_url: str) -> Iterator[Writer]:
    with closing(Writer(database_url)) as writer:
        yield writer


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(element) for element in value]
    return value


def test_any_text_comes_back_but_for_nul(writer: Writer) -> None:
    @settings(max_examples=60)
    @given(page=PAGES)
    def comes_back(page: Store) -> None:
        writer.execute("TRUNCATE refillspot.stores")
        row = writer.write(page)
        expected = without_nul([page.branch, page.tags, page.hours_text, page.refill.verdict])
        assert [row["branch"], row["tags"], row["hours_text"], row["refill_verdict"]] == expected
        assert (row["review_count"], row["lat"]) == (page.review_count, page.lat)
        lines = [[without_nul(line.name), line.price_krw] for line in page.menu or ()]
        assert [[line["name"], line["price_krw"]] for line in row["menu"] or ()] == lines
        evidence = [without_nul(reason.text) for reason in page.refill.evidence]
        assert [reason["text"] for reason in row["refill_evidence"]] == evidence
        assert (row["hours"] and row["hours"]["notes"]) == (page.hours and without_nul(page.hours.notes))

    comes_back()


def test_a_page_merged_twice_comes_to_the_same_as_once(writer: Writer) -> None:
    """What makes it right not to merge it again."""

    @settings(max_examples=60)
    @given(before=PAGES, page=PAGES)
    def comes_to_the_same(before: Store, page: Store) -> None:
        writer.execute("TRUNCATE refillspot.stores")
        writer.write(before)
        once = writer.write(page)
        writer.execute("UPDATE refillspot.stores SET digest = NULL")
        twice = writer.write(page)
        assert twice | CHANGING == once | CHANGING

    comes_to_the_same()


def test_what_was_seen_again_is_not_written_again(writer: Writer) -> None:
    before = writer.write(store())
    writer.execute("UPDATE refillspot.stores SET name = 'by hand', status = 'missing'")
    row = writer.write(store())

    assert (row["name"], row["status"]) == ("by hand", "operating")
    assert row["last_seen_at"] > before["last_seen_at"]
    assert row["first_seen_at"] == before["first_seen_at"]


def test_a_row_without_a_digest_is_written_again(writer: Writer) -> None:
    before = writer.write(store())
    writer.execute("UPDATE refillspot.stores SET name = 'by hand', digest = NULL")

    assert writer.write(store()) | CHANGING == before | CHANGING


def test_a_page_that_comes_back_after_another_is_merged(writer: Writer) -> None:
    writer.write(store())
    writer.write(store(name="나중"))

    assert writer.write(store())["name"] == store().name


@pytest.mark.parametrize(
    "change",
    [{"name": "다른"}, {"menu": None}, {"menu": []}, {"lat": 37.5000001}, {"refill": RefillVerdict("likely", [])},
     {"hours": None}, {"tags": ["회식", ""]}],
)  # fmt: skip
def test_whatever_changes_changes_the_digest(change: dict[str, Any]) -> None:
    assert StoreRow.of(replace(store(), **change)).digest != StoreRow.of(store()).digest
    assert StoreRow.of(store()).digest == StoreRow.of(store()).digest


def test_known_and_new_stores_of_one_write_are_counted_together(database_url: str) -> None:
    async def work(table: StoreTable) -> Outcome:
        await CrawlTable(database_url).join("diningcode", {}, "one", Clock().now())
        await table.write([store("A"), store("B")], "one")
        return await table.write([store("A"), store("B", name="다른"), store("C"), store("D", lat=0.0)], "one")

    assert with_table(database_url, work) == Outcome(stored=3, rejected=1)
    assert query(database_url, "SELECT stored, rejected FROM refillspot.crawl_totals") == [{"stored": 5, "rejected": 1}]
    assert query(database_url, "SELECT count(*) FROM refillspot.stores") == [{"count": 3}]


def test_a_known_row_that_a_younger_rule_refuses_is_a_reject(database_url: str) -> None:
    write(database_url, store("A"), store("B", review_count=0))
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE refillspot.stores ADD CONSTRAINT younger CHECK (review_count > 0) NOT VALID")

    assert write(database_url, store("A"), store("B", review_count=0)) == Outcome(stored=1, rejected=1)
    (reject,) = query(database_url, "SELECT ref, error FROM refillspot.rejects")
    assert reject["ref"] == "B"
    assert "younger" in reject["error"]


def test_an_older_page_that_comes_late_replaces_nothing(writer: Writer) -> None:
    late, newer = store(name="as it was", tags=["new tag"]), store(name="as it is")
    late.read_ago(600)
    late.read_from(ReadPage({"nm": "as it was"}, b"old"))
    newer.read_from(ReadPage({"nm": "as it is"}, b"new"))
    row = writer.write(newer)

    assert writer.write(late) == row
    assert writer.kept_rows() == [{"nm": "as it is"}]


def test_a_database_whose_clock_was_put_back_takes_what_comes(writer: Writer) -> None:
    writer.write(store(name="before"))
    writer.execute("UPDATE refillspot.stores SET last_seen_at = now() + interval '1 hour'")
    row = writer.write(store(name="after"))

    assert row["name"] == "after"
    assert row["last_seen_at"] > datetime.now(UTC) + timedelta(minutes=30)


def test_when_a_store_was_seen_is_told_by_the_database_whatever_the_clock_of_the_worker(database_url: str) -> None:
    class NoClock:
        offset = timedelta()

    async def scenario() -> None:
        table = StoreTable(database_url, NoClock())  # type: ignore[arg-type]
        await table.write([store()])
        await table.close()

    asyncio.run(scenario())

    times = "SELECT first_seen_at <= now() AND last_seen_at <= now() AS past FROM refillspot.stores"
    assert query(database_url, times) == [{"past": True}]
