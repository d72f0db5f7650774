"""What has changed of the stores: each change once, between the two looks that it happened between."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from refillspot.clock import Clock
from refillspot.items import Day, Evidence, MenuItem, OpeningHours, Price, RefillTerms, RefillVerdict
from refillspot.parsing import PARSER_VERSION
from refillspot.postgres.stores import StoreTable
from tests.postgres.older_schema import migrate_until
from tests.postgres.test_stores import UNLIKELY, query, store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.items import Store
    from refillspot.postgres.stores import Outcome

DAY = 86_400.0
BEEF, PORK, COLA = (
    MenuItem("소고기", 21900, "21,900원"),
    MenuItem("삼겹살 무한리필", 15900, "15,900원"),
    MenuItem("콜라", 2000, "2,000원"),
)
LATER = OpeningHours({0: Day([("12:00", "23:30")])})
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": ({"name": "더행복한고기"}, {"name": ("행복한고기", "더행복한고기")}),
    "branch": ({"branch": "2호점"}, {"branch": ("본점", "2호점")}),
    "moved": (
        {"addr": "서울특별시 송파구 잠실동 9", "road_addr": "서울특별시 송파구 올림픽로 9", "district_code": "11710",
         "district": "송파구", "dong": "잠실동", "lat": 37.51, "lon": 127.1},
        {"addr": ("서울특별시 강남구 역삼동 1-1", "서울특별시 송파구 잠실동 9"),
         "road_addr": ("서울특별시 강남구 테헤란로 1", "서울특별시 송파구 올림픽로 9"), "lat": (37.5, 37.51),
         "lon": (127.03, 127.1)},
    ),
    "phone": ({"phone": "02-555-9999"}, {"phone": ("02-555-1234", "02-555-9999")}),
    "categories": ({"categories": ["고기"]}, {"categories": (["고기", "삼겹살무한리필"], ["고기"])}),
    "verdict": ({"refill": UNLIKELY}, {"refill_verdict": ("confirmed", "unlikely")}),
    "offer": (
        {"refill_price_krw": 16900, "refill_prices": [Price(16900, 16900)], "refill_terms": RefillTerms(90)},
        {"refill_price_krw": (15900, 16900), "refill_prices": ..., "refill_terms": ...},
    ),
    "counts": ({"score": 72, "review_count": 13}, {"score": (71, 72), "review_count": (12, 13)}),
    "hours": ({"hours": LATER, "hours_text": "월 12:00 - 23:30"}, {"hours": ...}),
    "not a thing that a person would notice": (
        {"images": ["http://127.0.0.1/2.webp"], "open_status": "영업 종료", "source_url": "http://127.0.0.1/2",
         "lat": 37.5000001, "categories": ["삼겹살무한리필", "고기"], "hours_text": "월요일 11:30 - 23:30",
         "menu": [MenuItem("삼겹살 무한리필", 15900, "15900", description="맛있다")]},
        {},
    ),
    "not known before": ({"phone": "02-1", "menu": [BEEF, COLA], "addr": "서울", "score": 1}, {}),
}  # fmt: skip
UNKNOWN: dict[str, Any] = {"phone": None, "menu": None, "addr": None, "score": None}


class Looks:
    """Writes pages as they were seen some time ago."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._runner = asyncio.Runner()
        self.table = StoreTable(database_url, Clock())
        self._runner.run(self.table.open())
        self._connection = psycopg.connect(database_url, autocommit=True, row_factory=tuple_row)

    def look(self, ago: float, *pages: Store, crawl: str | None = None, age: float = 0.0) -> None:
        """Write pages that were seen so many seconds ago, and sent by the site `age` seconds before that."""
        for page in pages:
            page.read_ago(ago)
            page.sent_before(age)
        assert self.write(pages, crawl).stored == len(pages)

    def write(self, pages: Sequence[Store], crawl: str | None = None) -> Outcome:
        return self._runner.run(self.table.write(pages, crawl))

    def changes(self, ref: str | None = None) -> list[tuple[Any, ...]]:
        """Return (field, old, new), in order of the looks."""
        statement = (
            "SELECT field, old, new FROM refillspot.store_history WHERE ref = coalesce(%s, ref)"
            " ORDER BY first_seen_new, field, id"
        )
        return self._connection.execute(statement, [ref]).fetchall()

    def row(self, columns: str = "*") -> Any:
        return self._connection.execute(f"SELECT {columns} FROM refillspot.stores".encode()).fetchone()

    def execute(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def close(self) -> None:
        self._connection.close()
        self._runner.run(self.table.close())
        self._runner.close()


@pytest.fixture
def looks(database_url: str) -> Iterator[Looks]:
    with closing(Looks(database_url)) as looks:
        yield looks


def prices(lines: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(field, old and old["price_krw"], new and new["price_krw"]) for field, old, new in lines]


def test_what_a_person_would_notice_is_written_once_between_two_looks(looks: Looks) -> None:
    before = [store(ref, **UNKNOWN) if ref == "not known before" else store(ref) for ref in CHANGES]
    looks.look(200, *before)
    assert looks.changes() == []
    for ago in (100, 50, 0):  # what is seen again, and what is merged again, changes nothing
        looks.look(ago, *(store(ref, **changed) for ref, (changed, _expected) in CHANGES.items()), crawl="one")
        looks.execute("UPDATE refillspot.stores SET digest = NULL WHERE refill_verdict <> 'unlikely'")

    for ref, (_changed, expected) in CHANGES.items():
        found = {field: (old, new) for field, old, new in looks.changes(ref)}
        assert len(found) == len(looks.changes(ref))
        assert found == {field: found.get(field) if value is ... else value for field, value in expected.items()}
    (interval,) = query(
        looks.database_url,
        "SELECT DISTINCT h.last_seen_old = s.first_seen_at AS begins, h.first_seen_new - h.last_seen_old AS lasts,"
        " h.crawl FROM refillspot.store_history AS h JOIN refillspot.stores AS s USING (site, ref)"
        " WHERE ref = 'name'",
    )
    assert (interval["begins"], interval["crawl"]) == (True, "one")
    assert abs(interval["lasts"] - timedelta(seconds=100)) < timedelta(seconds=60)


def test_what_follows_from_a_change_goes_along_with_it(looks: Looks) -> None:
    moved, _expected = CHANGES["moved"]
    looks.look(100, store())
    looks.look(0, store(**moved, cuisines=[], categories=["카페"]))

    along = query(looks.database_url, "SELECT field, along FROM refillspot.store_history WHERE along IS NOT NULL")
    found = {change["field"]: change["along"] for change in along}
    assert found["categories"] == {"cuisines": ["고기"]}
    assert (found["addr"]["district"], found["road_addr"]["dong"]) == ("강남구", "역삼동")


def test_a_line_of_the_menu_changes_by_itself(looks: Looks) -> None:
    dearer, market = MenuItem("소고기", 23900, "23,900원"), MenuItem("회", None, "시가")
    looks.look(300, store(menu=[PORK, BEEF, market]))
    looks.look(200, store(menu=[dearer, COLA, PORK, market]))
    looks.look(100, store(menu=[COLA, PORK, MenuItem("회", None, "문의")]))

    assert prices(looks.changes()) == [
        ("menu:소고기", 21900, 23900), ("menu:콜라", None, 2000), ("menu:소고기", 23900, None), ("menu:회", None, None),
    ]  # fmt: skip


def test_lines_of_one_name_are_told_apart_by_their_price(looks: Looks) -> None:
    small, large, larger = (MenuItem("소고기", price, str(price)) for price in (15000, 25000, 27000))
    looks.look(300, store(menu=[large, small]))
    looks.look(200, store(menu=[small, large]))
    looks.look(100, store(menu=[larger, small]))
    looks.look(0, store(menu=[small]))

    assert prices(looks.changes()) == [("menu:소고기#2", 25000, 27000), ("menu:소고기#2", 27000, None)]


def test_a_menu_that_somebody_has_spoilt_by_hand_costs_no_store(looks: Looks) -> None:
    looks.look(100, store())
    looks.execute("""UPDATE refillspot.stores SET menu = '{"name": 7}'""")
    looks.look(0, store(menu=[COLA]))

    assert prices(looks.changes()) == [("menu:콜라", None, 2000)]


def poorer(blank: set[str], partial: set[str] = frozenset(), **fields: Any) -> Store:  # type: ignore[assignment]
    values: dict[str, Any] = dict.fromkeys(blank) | fields
    page = store(**values)
    page.says_less(blank, partial)
    return page


def test_a_value_has_vanished_after_three_pages_that_had_its_place(looks: Looks) -> None:
    def silent() -> Store:
        return store(phone=None, menu=None, refill_prices=None, refill_price_krw=None, refill_terms=None)

    def without() -> Store:
        return poorer({"phone", "menu", "refill_prices", "refill_price_krw", "refill_terms"}, menu=[], refill=UNLIKELY)

    looks.look(900, store())
    for ago in (800, 700, 600, 500):
        looks.look(ago, silent())  # a missing part says nothing
    looks.look(400, without())
    looks.execute("UPDATE refillspot.stores SET fetched_at = fetched_at + interval '20 seconds'")
    looks.look(390, without())  # as if it were the same page, once more
    looks.look(300, without())
    looks.look(200, silent())
    assert looks.changes() == []
    assert looks.row("phone, jsonb_array_length(menu), refill_price_krw, refill_verdict") == (
        "02-555-1234", 1, 15900, "confirmed",
    )  # fmt: skip
    looks.look(100, without())
    assert looks.row("phone, menu, refill_price_krw, refill_verdict") == (None, [], None, "unlikely")
    looks.look(50, without())
    looks.look(0, store())  # there again

    fields = ["menu:삼겹살 무한리필", "phone", "refill_price_krw", "refill_prices", "refill_terms", "refill_verdict"]
    assert [(field, new is None) for field, _old, new in looks.changes()] == [
        *((field, field != "refill_verdict") for field in fields),
        *((field, False) for field in fields),
    ]
    (gap,) = query(
        looks.database_url,
        "SELECT first_seen_new - last_seen_old AS lasts FROM refillspot.store_history"
        " WHERE field = 'phone' AND new IS NULL",
    )
    assert abs(gap["lasts"] - timedelta(seconds=800)) < timedelta(seconds=60)  # since a page said it last


def test_a_value_that_comes_back_in_time_has_never_been_away(looks: Looks) -> None:
    looks.look(900, store())
    for ago in (800, 700, 500, 400):
        looks.look(ago, poorer({"hours_text"}, hours=None))
        if ago == 700:
            looks.look(600, store())
    assert looks.row("hours_osm, hours_text") == ("Mo 11:30-23:30; Su off", "월 11:30 - 23:30")
    looks.look(300, store())

    assert looks.changes() == []
    assert looks.row("unsaid") == (None,)


def test_a_page_of_the_cache_is_one_look_however_often_it_is_used(looks: Looks) -> None:
    looks.look(9 * DAY, store())
    for ago in (300, 200, 100, 0):
        looks.look(ago, poorer({"phone"}), age=8 * DAY - ago)
    assert looks.row("phone") == ("02-555-1234",)
    looks.look(0, store(phone="02-555-9999"), age=0)

    (change,) = query(looks.database_url, "SELECT * FROM refillspot.store_history")
    assert change["last_seen_old"] < datetime.now(UTC) - timedelta(days=8, hours=23)  # not when an old page was used


def test_what_could_not_be_read_of_a_list_is_no_news(looks: Looks) -> None:
    looks.look(200, store(menu=[PORK, COLA], tags=["회식", "데이트"]))
    less = store(
        menu=[MenuItem("콜라", 2500, "2,500원")],
        tags=["회식"],
        refill=UNLIKELY,
        refill_price_krw=None,
        refill_prices=[],
    )
    less.says_less((), {"menu", "tags"})
    looks.look(100, less)

    assert prices(looks.changes()) == [("menu:콜라", 2000, 2500)]
    assert looks.row("jsonb_array_length(menu), tags, refill_price_krw, refill_verdict") == (
        2, ["회식", "데이트"], 15900, "confirmed",
    )  # fmt: skip


def test_what_other_parsers_make_of_a_store_is_no_change_of_it(looks: Looks) -> None:
    looks.look(200, store())
    looks.execute("UPDATE refillspot.stores SET parser_version = parser_version - 1, name = '행복한 고기', phone = '1'")
    looks.look(100, store(review_count=13))
    assert looks.changes() == []
    looks.look(0, store(name="더행복한고기"))

    assert ("name", "행복한고기", "더행복한고기") in looks.changes()


def test_an_older_page_that_comes_late_writes_none(looks: Looks) -> None:
    looks.look(200, store())
    looks.look(0, store(name="더행복한고기"))
    looks.look(100, store(name="잠깐", phone="02-1"))

    assert looks.changes() == [("name", "행복한고기", "더행복한고기")]


def test_of_scores_and_counts_the_first_change_of_a_month_is_written(looks: Looks) -> None:
    now = datetime.now(UTC)
    months = [(now - timedelta(days=days)).replace(day=10) for days in (100, 60, 30)]
    scores = iter(range(1, 10))
    for month in months:
        for later in (0, 5, 10):
            seen = month + timedelta(days=later)
            looks.look((now - seen).total_seconds(), store(score=next(scores)))

    assert [change[1:] for change in looks.changes() if change[0] == "score"] == [(1, 2), (3, 4), (6, 7)]


async def test_two_workers_with_one_store_in_one_second_write_it_once(database_url: str) -> None:
    tables = [StoreTable(database_url, Clock()) for _ in range(2)]
    for table in tables:
        await table.open()
    refs = [f"{number:04}" for number in range(200)]
    for turn in range(4):
        pages = [[store(ref, menu=[MenuItem("콜라", 1000 + turn)]) for ref in refs] for _ in tables]
        for page in (*pages[0], *pages[1]):
            page.read_ago(1000 * (4 - turn))
        await asyncio.gather(*(table.write(page) for table, page in zip(tables, pages, strict=True)))
    for table in tables:
        await table.close()

    counted = query(
        database_url,
        "SELECT field, new ->> 'price_krw' AS price, old ->> 'price_krw' AS before, count(*),"
        " count(DISTINCT ref) AS stores FROM refillspot.store_history GROUP BY 1, 2, 3 ORDER BY 2",
    )
    assert [tuple(row.values()) for row in counted] == [
        ("menu:콜라", str(1000 + turn), str(999 + turn), len(refs), len(refs)) for turn in (1, 2, 3)
    ]


def test_a_store_that_was_gone_is_operating_again(looks: Looks) -> None:
    looks.look(100, store("A"), store("B"))
    looks.execute("UPDATE refillspot.stores SET status = 'missing'")
    looks.look(0, store("A"), store("B", name="더행복한고기"))

    assert looks.changes("A") == [("status", "missing", "operating")]
    assert looks.changes("B") == [("name", "행복한고기", "더행복한고기"), ("status", "missing", "operating")]


@pytest.mark.parametrize("version", [12, 13])
def test_the_first_crawl_after_a_migration_invents_no_change(empty_database_url: str, version: int) -> None:
    """Whatever the version before made of the same pages: also one that merged by other rules."""
    migrate_until(empty_database_url, version)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(BEFORE, {"version": PARSER_VERSION})
    with closing(Looks(empty_database_url)) as looks:
        looks.look(0, store("A"), store("B"))
        assert looks.changes() == []
        looks.look(0, store("A", name="더행복한고기"), store("B"))
        assert looks.changes() == [("name", "행복한고기", "더행복한고기")]


BEFORE = """
    INSERT INTO refillspot.stores (
        site, ref, name, branch, refill_verdict, refill_evidence, source_url, channel, hours_text, menu, review_count,
        digest, parser_version, last_seen_at
    ) VALUES
        ('diningcode', 'A', '행복한고기', '본점', 'likely', '[]', '', 'api', '월 11:30 - 23:30', NULL, 12, 7,
         %(version)s, now() - interval '1 day'),
        ('diningcode', 'B', '행복한 고기', NULL, 'confirmed', '[]', '', 'web', NULL, '[]', NULL, NULL, NULL, now())
"""


def test_hours_are_compared_on_the_weekdays_that_both_pages_tell(looks: Looks) -> None:
    """Of some stores a page shows today alone; of a week that is known it says nothing new, and takes nothing away."""
    noon, evening = Day([("11:30", "22:00")]), Day([("17:00", "23:00")])
    week = dict.fromkeys(range(6), noon) | {6: Day(closed=True)}
    looks.look(900, store("today"), store("week", hours=OpeningHours(week), hours_text="0"))
    for ago, day in ((800, 1), (700, 2), (600, 3)):
        hours = OpeningHours({day: noon})
        looks.look(ago, *(store(ref, hours=hours, hours_text=f"{day}") for ref in ("today", "week")))

    assert looks.changes() == []
    rows = query(looks.database_url, "SELECT ref, hours, hours_osm FROM refillspot.stores ORDER BY ref")
    assert [(len(row["hours"]["days"]), row["hours_osm"]) for row in rows] == [
        (1, "Th 11:30-22:00"), (7, "Mo-Sa 11:30-22:00; Su off"),
    ]  # fmt: skip
    looks.look(500, store("week", hours=OpeningHours({3: evening}), hours_text="evening"))
    looks.look(400, store("week", hours=OpeningHours(week | {3: evening}), hours_text="a week again"))
    assert [field for field, _old, _new in looks.changes()] == ["hours"]


def test_hours_that_a_holiday_hid_changed_since_they_were_shown_last(looks: Looks) -> None:
    """A week with closings of single dates is no news beside hours that are known: it shows neither of them."""
    before, later = ({day: Day([span]) for day in range(7)} for span in (("11:30", "22:00"), ("12:00", "20:00")))
    hidden = OpeningHours({day: later[day] for day in range(6)}, exceptions=[6])
    looks.look(900, store(hours=OpeningHours(before), hours_text="before"))
    for ago in (800, 700):
        looks.look(ago, store(hours=hidden, hours_text=f"a holiday {ago}"))
    assert looks.changes() == []
    looks.look(600, store(hours=OpeningHours(later), hours_text="later"))

    (interval,) = query(
        looks.database_url,
        "SELECT h.last_seen_old = s.first_seen_at AS begins, h.first_seen_new = s.last_seen_at AS ends"
        " FROM refillspot.store_history AS h JOIN refillspot.stores AS s USING (site, ref) WHERE field = 'hours'",
    )
    assert interval == {"begins": True, "ends": True}
    assert looks.row("unsaid") == (None,)


def test_a_page_without_its_tags_weakens_no_verdict_that_they_support(looks: Looks) -> None:
    likely = RefillVerdict("likely", [Evidence("tag", "고기무한리필")])
    looks.look(900, store(refill=likely, tags=["고기무한리필"]))
    looks.look(800, store(refill=UNLIKELY, tags=None))  # a missing part says nothing
    for ago in (700, 600):
        looks.look(ago, poorer({"tags"}, tags=[], refill=UNLIKELY))
    assert (looks.changes(), looks.row("refill_verdict")) == ([], ("likely",))
    looks.look(500, poorer({"tags"}, tags=[], refill=UNLIKELY))

    assert looks.changes() == [("refill_verdict", "likely", "unlikely")]
    (interval,) = query(
        looks.database_url,
        "SELECT h.last_seen_old = s.first_seen_at AS begins FROM refillspot.store_history AS h"
        " JOIN refillspot.stores AS s USING (site, ref)",
    )
    assert interval["begins"]  # the pages in between did not show what it is read from
    looks.look(400, store(refill=likely, tags=["고기무한리필"]))
    looks.look(300, store(refill=UNLIKELY, tags=["회식"]))  # other tags are told at once
    assert [new for _field, _old, new in looks.changes()] == ["unlikely", "likely", "unlikely"]


def at(looks: Looks, ago: float) -> dict[str, dict[str, Any]]:
    """Return the stores as they were believed so many seconds ago."""
    then = f"refillspot.stores_at(now() - interval '{ago} seconds')"
    return {row["ref"]: row for row in query(looks.database_url, f"SELECT * FROM {then}")}


def test_the_table_as_it_was_believed(looks: Looks) -> None:
    """Whatever has changed in between, and in whatever order: as a copy of the table that was made then."""
    copies: list[tuple[int, dict[str, dict[str, Any]]]] = []
    menus = [[PORK, BEEF], [BEEF, PORK], [BEEF, COLA], [COLA], [], [BEEF, replace(BEEF, price_krw=1)], [PORK]]
    for number, ago in enumerate(range(7000, 0, -1000)):
        refs = [ref for ref in CHANGES if not ref.startswith("not") and (number or ref != "name")]
        pages = [
            store(ref, **((CHANGES[ref][0] if number % 2 else {}) | {"score": 50, "review_count": 9})) for ref in refs
        ]
        gone = poorer({"phone", "menu"} if 2 <= number <= 4 else set(), menu=[] if 2 <= number <= 4 else [BEEF])
        looks.look(ago, *pages, gone, store("menu", menu=menus[number]))
        everything = {row["ref"]: row for row in query(looks.database_url, "SELECT * FROM refillspot.stores")}
        copies.append((ago - 500, everything))

    without = dict.fromkeys(("images", "open_status", "source_url", "digest", "unsaid", "last_seen_at", "fetched_at"))
    for ago, copy in copies:
        then = at(looks, ago)
        assert then.keys() == copy.keys()
        for ref in copy:
            for row in (then[ref], copy[ref]):
                row["menu"] = sorted(row["menu"], key=str)
            assert then[ref] | without == copy[ref] | without, (ago, ref)
    assert at(looks, 8000) == {}
    assert {row["last_seen_at"] for row in at(looks, 3500).values()} == {None}


def test_a_menu_that_a_first_page_left_empty_is_not_new_with_the_second(looks: Looks) -> None:
    of_menu: dict[str, Any] = {"refill_prices": None, "refill_price_krw": None, "refill_terms": None}
    looks.look(900, store(menu=[], refill=UNLIKELY, **of_menu))
    looks.look(800, store())
    assert (looks.changes(), looks.row("refill_verdict, jsonb_array_length(menu)")) == ([], ("confirmed", 1))

    looks.look(700, store(menu=[PORK, COLA]))
    assert prices(looks.changes()) == [("menu:콜라", None, 2000)]
