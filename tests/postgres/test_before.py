"""Rows as they were before a crawl that is still to be judged: kept with its first write, and what others see."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.performance.storage import INSERT, insert_values
from refillspot.postgres.connection import run
from refillspot.postgres.database import migrate_database
from refillspot.postgres.gate import accept, reject
from refillspot.postgres.outward import Circle, StoreFilter, read
from tests.postgres.older_schema import migrate_until
from tests.postgres.test_history import PORK, Looks
from tests.postgres.test_stores import UNLIKELY, query, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OTHER: dict[str, Any] = {"name": "더행복한고기", "menu": [PORK], "lat": 35.0}
CRAWL = """
    INSERT INTO refillspot.crawls (id, spider, arguments, started_at, accepted)
    VALUES ('{}', 'diningcode', '{{}}', now(), {})
"""
NEWS = "SELECT * FROM refillspot.v_changes ORDER BY site, ref, field"


@pytest.fixture
def looks(database_url: str) -> Iterator[Looks]:
    with closing(Looks(database_url)) as looks:
        looks.execute(CRAWL.format("accepted", "true"))
        looks.execute(CRAWL.format("judged", "false"))
        yield looks


def before(looks: Looks) -> dict[tuple[str, str], Any]:
    return {
        (row["crawl"], row["ref"]): row["row"]
        for row in query(looks.database_url, "SELECT crawl, ref, row FROM refillspot.store_before")
    }


def outward(looks: Looks, wanted: StoreFilter = StoreFilter()) -> dict[str, dict[str, Any]]:  # noqa: B008  # frozen
    return {row["ref"]: row for row in read(looks.database_url, wanted)}


def test_an_accepted_crawl_keeps_none(looks: Looks) -> None:
    looks.look(100, store("A"))
    for number, crawl in enumerate((None, "accepted", "of somebody else")):
        looks.look(50 - 10 * number, store("A", name=str(number)), store("new" + str(number)), crawl=crawl)

    assert before(looks) == {}


def test_the_first_write_of_a_judged_crawl_keeps_what_it_changes_of_a_row(looks: Looks) -> None:
    looks.look(1000, store("changed"), store("seen again"), store("late"), store("not seen"))
    looks.look(100, store("late", name="nobody's news"))
    (was,) = query(looks.database_url, "SELECT jsonb_object_agg(ref, to_jsonb(s)) AS rows FROM refillspot.stores AS s")
    for ago in (300, 200):  # the second time it is no first write
        looks.look(
            ago, store("changed", **OTHER), store("seen again"), store("late", **OTHER), store("new"), crawl="judged"
        )
        looks.look(ago - 50, store("changed", name=str(ago)), store("new", **OTHER), crawl="judged")

    times = {name: was["rows"]["seen again"][name] for name in ("last_seen_at", "fetched_at")}
    kept = {"changed": was["rows"]["changed"], "seen again": times, "new": None}
    assert before(looks) == {("judged", ref): row for ref, row in kept.items()}


def test_others_see_a_store_as_it_was_until_the_crawl_is_accepted(looks: Looks) -> None:
    looks.look(200, store("A", phone="02-555-9999"), store("C", phone="02-555-9999"))
    looks.look(100, store("A"), store("B", refill=UNLIKELY), store("C"), store("D"))
    was, news = outward(looks), query(looks.database_url, NEWS)
    assert {row["field"] for row in news} == {"phone"}
    looks.look(50, store("A", **OTHER), store("B"), store("C", refill=UNLIKELY), store("new"), crawl="judged")

    assert outward(looks) == was
    assert outward(looks, StoreFilter(text="더행복한")) == {}
    assert outward(looks, StoreFilter(text="행복한")).keys() == {"A", "C", "D"}
    assert outward(looks, StoreFilter(near=Circle(37.5, 127.03, 1000))).keys() == {"A", "C", "D"}
    assert outward(looks, StoreFilter(max_price=15900, sort="price", limit=2)).keys() == {"A", "C"}
    assert query(looks.database_url, NEWS) == news
    believed = {
        row["ref"]: row["name"] for row in query(looks.database_url, "SELECT * FROM refillspot.stores_at(now())")
    }
    assert believed == dict.fromkeys("ABCD", "행복한고기")

    looks.execute("UPDATE refillspot.crawls SET accepted = true WHERE id = 'judged'")
    seen = outward(looks)
    assert seen.keys() == {"A", "B", "D", "new"}
    assert seen["A"]["name"] == "더행복한고기"


def test_of_two_crawls_that_are_judged_the_row_before_the_first_is_shown(looks: Looks) -> None:
    looks.execute(CRAWL.format("second", "false"))
    looks.look(100, store("A"))
    looks.look(50, store("A", name="one"), crawl="judged")
    looks.look(25, store("A", name="two"), crawl="second")

    assert outward(looks)["A"]["name"] == "행복한고기"
    looks.execute("UPDATE refillspot.crawls SET accepted = true WHERE id = 'judged'")
    assert outward(looks)["A"]["name"] == "one"


def test_a_row_that_is_refused_leaves_nothing_behind(looks: Looks) -> None:
    looks.look(100, store("A"), store("B"))
    with psycopg.connect(looks.database_url) as connection:
        connection.execute("ALTER TABLE refillspot.stores ADD CONSTRAINT younger CHECK (name <> 'bad') NOT VALID")
    pages = [store("A", name="bad"), store("B", name="good"), store("new", name="bad")]
    looks.write(pages, crawl="judged")

    assert before(looks).keys() == {("judged", "B")}
    assert looks.changes() == [("name", "행복한고기", "good")]


CORRECTED = """
    INSERT INTO refillspot.corrections (site, ref, field, value, based_on)
    VALUES ('diningcode', 'A', 'name', '{"name": "by hand"}', '"행복한고기"');
    INSERT INTO refillspot.barred_stores (site, ref, how) VALUES ('diningcode', 'hidden', 'hidden')
"""


def test_what_people_know_better_holds_for_a_store_as_it_was(looks: Looks) -> None:
    looks.look(100, store("A"), store("hidden"))
    looks.execute(CORRECTED)
    looks.look(50, store("A", **OTHER), store("hidden", **OTHER), crawl="judged")

    ((ref, seen),) = outward(looks).items()
    assert (ref, seen["name"], seen["lat"]) == ("A", "by hand", 37.5)
    looks.execute("UPDATE refillspot.crawls SET accepted = true")
    ((ref, seen),) = outward(looks).items()
    assert (ref, seen["name"], seen["lat"]) == ("A", "더행복한고기", 35.0)


JUDGED = """
    INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at, accepted)
    VALUES ('{0}', 'diningcode', '{{"districts": ["{0}"]}}', 'complete', now(), false)
"""
TABLE = "SELECT jsonb_object_agg(ref, to_jsonb(s)) AS rows FROM refillspot.{} AS s"
PAGES: tuple[dict[str, Any], ...] = (*[{}] * 9, OTHER, {"phone": "02-555-9999", "hours": None}, {"score": 50})
BY_OTHERS = (  # a state that follows from searches, a page that is read again
    "UPDATE refillspot.stores SET status = 'missing', status_reason = 'not_found', status_at = now() WHERE ref = 'A'",
    "UPDATE refillspot.stores SET tags = '{read again}', parser_version = 999 WHERE ref = 'B'",
)


class WholeRows:
    """What crawls leave behind of which each keeps every row whole, and says so to nobody: the rule, simply told."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self.kept: list[tuple[str, str, Any]] = []  # (crawl, ref, row), the oldest first

    def rows(self, table: str = "stores") -> dict[str, Any]:
        return query(self._database_url, TABLE.format(table))[0]["rows"] or {}

    def keep(self, crawl: str, refs: Iterable[str]) -> None:
        rows, known = self.rows(), {kept[:2] for kept in self.kept}
        self.kept += [(crawl, ref, rows.get(ref)) for ref in refs if (crawl, ref) not in known]

    def check_shown(self) -> None:
        rows = self.rows() | {ref: row for _crawl, ref, row in reversed(self.kept)}
        known = {ref: row for ref, row in rows.items() if row}
        listed = {ref: row for ref, row in known.items() if row["status"] == "operating"}
        for view, expected in (("stores_at(now())", known), ("accepted_stores", known), ("v_stores", listed)):
            shown = self.rows(view)
            assert shown.keys() == expected.keys()
            for ref, row in shown.items():
                assert row == row | {name: value for name, value in expected[ref].items() if name in row}

    def accept(self, crawl: str) -> dict[str, Any]:
        """Return the table as it is then."""
        last = {ref: number for number, (owner, ref, _row) in enumerate(self.kept) if owner == crawl}
        self.kept = [kept for number, kept in enumerate(self.kept) if number > last.get(kept[1], -1)]
        return self.rows()

    def reject(self, crawl: str) -> dict[str, Any]:
        rows = self.rows()
        for ref, row in [(ref, row) for owner, ref, row in self.kept if owner == crawl]:
            own = self.kept.index((crawl, ref, row))
            later = next((number for number in range(own + 1, len(self.kept)) if self.kept[number][1] == ref), None)
            if later is None:
                rows[ref] = row
            else:
                self.kept[later] = (self.kept[later][0], ref, row)
            del self.kept[own]
        return {ref: row for ref, row in rows.items() if row}


def test_of_a_row_that_is_kept_in_part_no_more_is_lost_than_of_a_whole_one(looks: Looks) -> None:
    """Crawls that overlap, other writers between them, decided in any order."""
    random, crawls, whole = Random(1), ["one", "two", "three"], WholeRows(looks.database_url)  # noqa: S311
    for crawl in crawls:
        looks.execute(JUDGED.format(crawl))
    looks.look(100, *map(store, "ABCD"))
    for step in range(12):
        crawl, refs = random.choice(crawls), random.sample("ABCDE", 3)
        whole.keep(crawl, refs)
        looks.look(0, *(store(ref, **random.choice(PAGES)) for ref in refs), crawl=crawl)
        if step % 3 == 2:
            looks.execute(random.choice(BY_OTHERS))
        whole.check_shown()
    for crawl in random.sample(crawls, 3):
        is_believed = random.choice([False, False, True])
        expected = whole.accept(crawl) if is_believed else whole.reject(crawl)
        run(accept(looks.database_url, crawl, datetime.now(UTC)) if is_believed else reject(looks.database_url, crawl))
        assert whole.rows() == expected
        whole.check_shown()


OF_TABLE = """
    SELECT attname::text AS name FROM pg_attribute
    WHERE attrelid = 'refillspot.stores'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum
"""
COMPLETING = """
    SELECT array_agg(attname::text ORDER BY attnum) AS columns FROM pg_trigger
    JOIN pg_attribute AS a ON attrelid = tgrelid AND attnum = ANY(tgattr)
    WHERE tgrelid = 'refillspot.stores'::regclass AND tgname LIKE 'complete_before%'
"""


def test_whatever_else_of_a_row_changes_completes_what_is_kept_of_it(database_url: str) -> None:
    """A migration that adds a column to the stores makes the trigger anew, with that column."""
    (completing,) = query(database_url, COMPLETING)
    columns = query(database_url, OF_TABLE)

    assert completing["columns"] == [
        row["name"] for row in columns if row["name"] not in {"last_seen_at", "fetched_at"}
    ]


OLD_IMAGE = """
    INSERT INTO refillspot.store_before (crawl, site, ref, row)
    SELECT 'judged', site, ref, to_jsonb(s) FROM refillspot.stores AS s WHERE ref = '{}'
"""
OLD_LOOK = "UPDATE refillspot.stores SET last_seen_at = now(){} WHERE ref = '{}'"


def test_a_crawl_goes_on_that_an_older_program_has_begun(empty_database_url: str) -> None:
    """Of that program there are whole rows, and one more comes from a worker that has not noticed yet."""
    migrate_until(empty_database_url, 25)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for ref in "ABCD":
            connection.execute(INSERT, insert_values(store(ref)))
        connection.execute(JUDGED.format("judged").encode())
        whole = WholeRows(empty_database_url)
        whole.keep("judged", "AB")
        for ref, changed in (("A", ""), ("B", ", name = 'B'")):
            connection.execute(OLD_IMAGE.format(ref).encode())
            connection.execute(OLD_LOOK.format(changed, ref).encode())
        migrate_database(empty_database_url)
        whole.check_shown()
    with closing(Looks(empty_database_url)) as looks:
        whole.keep("judged", "CD")
        looks.look(0, store("A", **OTHER), store("C"), store("D"), crawl="judged")
        for ref in "CD":
            looks.execute(OLD_IMAGE.format(ref) + "ON CONFLICT DO NOTHING")
        looks.execute(OLD_LOOK.format(", name = 'C'", "C"))
        whole.check_shown()
    expected = whole.reject("judged")
    run(reject(empty_database_url, "judged"))
    assert whole.rows() == expected
