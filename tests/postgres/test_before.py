"""Rows as they were before a crawl that is still to be judged: kept with its first write, and what others see."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.postgres.outward import Circle, StoreFilter, read
from tests.postgres.test_history import PORK, Looks
from tests.postgres.test_stores import UNLIKELY, query, store

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def test_the_first_write_of_a_judged_crawl_keeps_the_whole_row(looks: Looks) -> None:
    looks.look(1000, store("changed"), store("seen again"), store("late"), store("not seen"))
    looks.look(100, store("late", name="nobody's news"))
    (was,) = query(looks.database_url, "SELECT jsonb_object_agg(ref, to_jsonb(s)) AS rows FROM refillspot.stores AS s")
    for ago in (300, 200):  # the second time it is no first write
        looks.look(
            ago, store("changed", **OTHER), store("seen again"), store("late", **OTHER), store("new"), crawl="judged"
        )
        looks.look(ago - 50, store("changed", name=str(ago)), store("new", **OTHER), crawl="judged")

    kept = {ref: was["rows"][ref] for ref in ("changed", "seen again")}
    assert before(looks) == {("judged", ref): row for ref, row in (kept | {"new": None}).items()}


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
