from __future__ import annotations

import asyncio
import string
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from refillspot.clock import Clock
from refillspot.items import (
    Day,
    Evidence,
    MenuItem,
    OpeningHours,
    Price,
    ReadPage,
    RefillTerms,
    RefillVerdict,
    Store,
    UnreadPage,
)
from refillspot.postgres.columns import COLUMNS, encode_json
from refillspot.postgres.connection import ROW_AT_FAULT, when_available
from refillspot.postgres.stores import Outcome, StoreTable
from refillspot.sites.diningcode import NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CONFIRMED = RefillVerdict("confirmed", [Evidence("menu", "삼겹살 무한리필")])
UNLIKELY = RefillVerdict("unlikely", [])
LONG_KEY = "".join(Random(7).choices(string.printable[:62], k=6000))  # noqa: S311  # so that nothing compresses it


def store(ref: str = "AAAAaaaa1111", site: str = NAME, **changes: Any) -> Store:
    known: dict[str, Any] = {
        "name": "행복한고기",
        "source_url": f"http://127.0.0.1/profile.php?rid={ref}",
        "refill": CONFIRMED,
        "branch": "본점",
        "district_code": "11680",
        "district": "강남구",
        "region": "서울특별시",
        "dong": "역삼동",
        "addr": "서울특별시 강남구 역삼동 1-1",
        "road_addr": "서울특별시 강남구 테헤란로 1",
        "lat": 37.5,
        "lon": 127.03,
        "phone": "02-555-1234",
        "categories": ["고기", "삼겹살무한리필"],
        "score": 71,
        "user_score": 4.3,
        "review_count": 12,
        "images": ["http://127.0.0.1/1.webp"],
        "hours": OpeningHours({0: Day([("11:30", "23:30")], last_order="22:30"), 6: Day(closed=True)}),
        "hours_text": "월 11:30 - 23:30",
        "open_status": "영업 중",
        "menu": [MenuItem("삼겹살 무한리필", 15900, "15,900원", recommended=True)],
        "refill_prices": [Price(15900, 15900, "adult")],
        "refill_price_krw": 15900,
        "dong_confirmed": True,
        "refill_terms": RefillTerms(100),
        "cuisines": ["고기"],
        "tags": ["회식"],
        "facilities": ["주차"],
    }
    return Store(site=site, ref=ref, **(known | changes))


def with_table(database_url: str, work: Callable[[StoreTable], Awaitable[Outcome]]) -> Outcome:
    async def scenario() -> Outcome:
        table = StoreTable(database_url, Clock())
        await table.open()
        try:
            return await work(table)
        finally:
            await table.close()

    return asyncio.run(scenario())


def write(database_url: str, *stores: Store) -> Outcome:
    return with_table(database_url, lambda table: table.write(stores))


def query(database_url: str, sql: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(sql).fetchall()


def test_every_column_is_filled_and_read_back(database_url: str) -> None:
    assert write(database_url, store()) == Outcome(stored=1)

    (row,) = query(database_url, "SELECT * FROM refillspot.stores")
    assert {name for name, value in row.items() if value is None} == {"unsaid", "status_reason", "status_at"}
    assert row["hours_osm"] == "Mo 11:30-23:30; Su off"
    assert row["hours"]["days"]["0"]["intervals"] == [["11:30", "23:30"]]
    assert row["menu"] == [
        {
            "name": "삼겹살 무한리필",
            "price_krw": 15900,
            "price_text": "15,900원",
            "recommended": True,
            "description": None,
            "outlier": False,
        }
    ]
    assert row["refill_evidence"] == [{"source": "menu", "text": "삼겹살 무한리필"}]
    assert row["refill_price_krw"] == 15900
    assert row["categories"] == ["고기", "삼겹살무한리필"]
    assert row["status"] == "operating"


def test_the_table_has_the_columns_that_are_written(database_url: str) -> None:
    write(database_url)
    (row,) = query(
        database_url,
        "SELECT array_agg(column_name::text) AS names FROM information_schema.columns"
        " WHERE table_schema = 'refillspot' AND table_name = 'stores'",
    )

    assert set(row["names"]) - {column.name for column in COLUMNS} == {
        "road",
        "status",
        "status_reason",
        "status_at",
        "unsaid",
        "first_seen_at",
        "last_seen_at",
        "fetched_at",
    }


def test_a_store_seen_again_is_one_row_with_the_newer_values(database_url: str) -> None:
    write(database_url, store())
    (first,) = query(database_url, "SELECT * FROM refillspot.stores")
    write(database_url, store(name="더행복한고기", refill_price_krw=17900))

    (second,) = query(database_url, "SELECT * FROM refillspot.stores")
    assert (second["name"], second["refill_price_krw"]) == ("더행복한고기", 17900)
    assert second["first_seen_at"] == first["first_seen_at"]
    assert second["last_seen_at"] > first["last_seen_at"]


def test_a_poorer_page_erases_nothing(database_url: str) -> None:
    write(database_url, store())
    (rich,) = query(database_url, "SELECT * FROM refillspot.stores")
    poor = Store(
        NAME, "AAAAaaaa1111", "행복한고기", rich["source_url"], UNLIKELY, district_code="11680", district="강남구",
        categories=[], images=[], menu=None, tags=[], facilities=[], refill_prices=[], cuisines=[],
    )  # fmt: skip
    write(database_url, poor)

    (row,) = query(database_url, "SELECT * FROM refillspot.stores")
    changing = {"digest": None, "last_seen_at": None, "fetched_at": None, "unsaid": None}
    assert row | changing == rich | changing
    assert {"phone", "menu", "hours_text"} <= row["unsaid"].keys()


def test_a_page_with_a_menu_may_take_a_verdict_back(database_url: str) -> None:
    write(database_url, store())
    write(database_url, store(refill=UNLIKELY, menu=[MenuItem("김치찌개", 9000, "9,000원")]))

    (row,) = query(database_url, "SELECT refill_verdict FROM refillspot.stores")
    assert row["refill_verdict"] == "unlikely"


def test_a_page_for_people_erases_nothing_that_the_api_said(database_url: str) -> None:
    write(database_url, store(images=["http://127.0.0.1/1.webp", "http://127.0.0.1/2.webp"]))
    menu = [MenuItem("삼겹살 무한리필", 17900, "17,900원"), MenuItem("물냉면", 6000, "6,000원")]
    poorer = store(
        channel="web",
        images=["http://127.0.0.1/2.webp"],
        categories=["고기"],
        menu=menu,
        refill=UNLIKELY,
        refill_terms=RefillTerms(min_persons=2),
        tags=None,
        facilities=None,
        phone="02-555-9999",
    )
    write(database_url, poorer)

    (row,) = query(database_url, "SELECT * FROM refillspot.stores")
    assert row["channel"] == "web"
    assert row["images"] == ["http://127.0.0.1/1.webp", "http://127.0.0.1/2.webp"]
    assert row["categories"] == ["고기", "삼겹살무한리필"]
    assert (row["tags"], row["facilities"], row["refill_verdict"]) == (["회식"], ["주차"], "confirmed")
    assert [(line["name"], line["price_krw"], line["recommended"]) for line in row["menu"]] == [
        ("삼겹살 무한리필", 17900, True),
        ("물냉면", 6000, False),
    ]
    assert (row["refill_terms"]["time_limit_minutes"], row["refill_terms"]["min_persons"]) == (100, 2)
    assert row["phone"] == "02-555-9999"  # what both channels say, the newer one says


def test_a_page_for_people_adds_what_is_new(database_url: str) -> None:
    bare = store(images=None, menu=None, refill=UNLIKELY, refill_terms=None, tags=["회식"])
    write(database_url, bare)
    write(database_url, store(channel="web", tags=["데이트"]))

    (row,) = query(database_url, "SELECT * FROM refillspot.stores")
    assert row["images"] == ["http://127.0.0.1/1.webp"]
    assert [line["name"] for line in row["menu"]] == ["삼겹살 무한리필"]
    assert (row["refill_verdict"], row["refill_terms"]["time_limit_minutes"]) == ("confirmed", 100)
    assert row["tags"] == ["데이트"]


def test_the_api_counts_again_after_a_page_for_people(database_url: str) -> None:
    write(database_url, store(channel="web"))
    write(database_url, store(refill=UNLIKELY, images=["http://127.0.0.1/3.webp"], menu=[MenuItem("물냉면")]))

    (row,) = query(database_url, "SELECT * FROM refillspot.stores")
    assert (row["road"], row["refill_verdict"], row["images"]) == ("api", "unlikely", ["http://127.0.0.1/3.webp"])
    assert [line["name"] for line in row["menu"]] == ["물냉면"]


def test_pages_that_cannot_be_read_do_not_mix_with_stores(database_url: str) -> None:
    refs = [f"ref{number:09}" for number in range(40)]

    async def both(table: StoreTable) -> Outcome:
        pages = (table.keep_unread(UnreadPage(NAME, ref, {"v_rid": ref}, b"{}", "other")) for ref in refs)
        writing = asyncio.create_task(table.write([store(ref) for ref in refs]))
        await asyncio.gather(*pages)
        return await writing

    assert with_table(database_url, both) == Outcome(stored=len(refs))
    assert len(query(database_url, "SELECT ref FROM refillspot.unread_pages")) == len(refs)


def test_of_two_of_one_key_in_a_batch_the_last_counts(database_url: str) -> None:
    outcome = write(database_url, store(name="먼저"), store("BBBBbbbb2222"), store(name="나중"))

    assert outcome == Outcome(stored=2)
    assert query(database_url, "SELECT name FROM refillspot.stores ORDER BY ref") == [
        {"name": "나중"},
        {"name": "행복한고기"},
    ]


def test_one_bad_row_costs_none_of_its_neighbours(database_url: str) -> None:
    stores = [store(f"{number:012}") for number in range(1000)]
    stores[613] = replace(stores[613], lat=-91.0)
    outcome = write(database_url, *stores)

    assert outcome == Outcome(stored=999, rejected=1)
    assert query(database_url, "SELECT count(*) FROM refillspot.stores") == [{"count": 999}]
    (reject,) = query(database_url, "SELECT * FROM refillspot.rejects")
    assert reject["ref"] == stores[613].ref
    assert reject["store"]["lat"] == -91.0
    assert "stores_lat_check" in reject["error"]


def test_nul_characters_are_taken_out(database_url: str) -> None:
    outcome = write(
        database_url, store(name="행복\0고기", tags=["회\0식"], menu=[MenuItem("고\0기 \\u0000", 1000, None)])
    )

    assert outcome == Outcome(stored=1)
    (row,) = query(database_url, "SELECT name, tags, menu FROM refillspot.stores")
    assert (row["name"], row["tags"], row["menu"][0]["name"]) == ("행복고기", ["회식"], "고기 \\u0000")


def test_refs_that_differ_by_a_nul_character_are_one(database_url: str) -> None:
    assert write(database_url, store("A\0"), store("A")) == Outcome(stored=1)
    assert query(database_url, "SELECT ref FROM refillspot.stores") == [{"ref": "A"}]


@pytest.mark.parametrize("number", [2**31, 2**32 + 5, 2**63, 10**30, -(10**30)])
def test_a_number_that_no_column_holds_costs_no_other_store(number: int, database_url: str) -> None:
    assert write(database_url, store("A"), store("B", review_count=number)) == Outcome(stored=1, rejected=1)
    assert query(database_url, "SELECT ref, store->'review_count' AS number FROM refillspot.rejects") == [
        {"ref": "B", "number": number}
    ]


@pytest.mark.parametrize("text", ["\0", "a\0", "\\\0", "\\u0000", "\\\\\0\0b"])
def test_json_keeps_every_character_but_nul(text: str) -> None:
    assert encode_json(text) == encode_json(text.replace("\0", ""))


async def test_two_workers_merging_the_same_stores_do_not_deadlock(database_url: str) -> None:
    tables = [StoreTable(database_url, Clock()), StoreTable(database_url, Clock())]
    for table in tables:
        await table.open()
    outcomes: list[Outcome] = []
    for turn in range(10):  # each time, half of them are what they were
        stores = [store(f"{number:012}", review_count=turn * (number % 2)) for number in range(300)]
        outcomes += await asyncio.gather(tables[0].write(stores), tables[1].write(reversed(stores)))
    for table in tables:
        await table.close()

    assert outcomes == [Outcome(stored=300)] * 20
    assert query(database_url, "SELECT count(*) FROM refillspot.stores") == [{"count": 300}]


def test_a_broken_connection_is_opened_again_and_nothing_is_lost(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(table: StoreTable) -> Outcome:
        await table.write([store()])
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        kill += " AND pid <> pg_backend_pid()"
        query(database_url, kill)
        return await table.write([store("BBBBbbbb2222")])

    outcome = with_table(database_url, work)

    assert outcome == Outcome(stored=1, waits=1)
    assert "trying again" in caplog.text
    assert query(database_url, "SELECT count(*) FROM refillspot.stores") == [{"count": 2}]


def test_known_refill_stores_are_counted_by_district(database_url: str) -> None:
    async def work(table: StoreTable) -> Outcome:
        outcome = await table.write(
            [store(), store("BBBBbbbb2222", refill=UNLIKELY), store("C" * 12, district_code="1")]
        )
        assert await table.known_refill_stores(NAME, ["11680"]) == 1
        assert await table.known_refill_stores(NAME, ["11680", "1"]) == 2
        assert await table.known_refill_stores(NAME, []) == 0
        return outcome

    with_table(database_url, work)


def test_a_festival_week_takes_no_weekday_away(database_url: str) -> None:
    known = {
        "hours_text": "월 11:30 - 23:30",
        "hours": OpeningHours({0: Day([("11:30", "23:30")]), 3: Day(closed=True)}),
    }
    festival = {
        "hours_text": "9월 24일(목) 휴무일",
        "hours": OpeningHours({0: Day([("12:00", "20:00")])}, exceptions=[3]),
    }
    plain: dict[str, Any] = {"hours_text": "월 12:00 - 20:00", "hours": OpeningHours({0: Day([("12:00", "20:00")])})}
    found = []
    for hours in (festival, known, festival, plain):
        write(database_url, store(**hours))
        (row,) = query(database_url, "SELECT hours_osm, hours_text, hours -> 'days' AS days FROM refillspot.stores")
        found.append((row["hours_osm"], row["hours_text"], sorted(row["days"])))

    assert found == [
        ("Mo 12:00-20:00", "9월 24일(목) 휴무일", ["0"]),  # nothing better was known
        ("Mo 11:30-23:30; Th off", "월 11:30 - 23:30", ["0", "3"]),
        ("Mo 11:30-23:30; Th off", "월 11:30 - 23:30", ["0", "3"]),
        ("Mo 12:00-20:00", "월 12:00 - 20:00", ["0"]),
    ]


def test_a_key_that_fits_no_index_is_refused_alone(database_url: str) -> None:
    """SQLSTATE 54000 stays for that row: waiting for PostgreSQL would be for ever."""
    assert write(database_url, store("A"), store(LONG_KEY), store("B")) == Outcome(stored=2, rejected=1)
    assert write(database_url, store(LONG_KEY)) == Outcome(rejected=1)  # nor is it too long among the rejects


def test_so_is_one_whose_page_is_kept(database_url: str) -> None:
    stores = [store("A"), store(LONG_KEY), store("B")]
    for one in stores:
        one.read_from(ReadPage({"v_rid": one.ref}, b"{}"))

    assert write(database_url, *stores) == Outcome(stored=2, rejected=1)
    kept = query(database_url, "SELECT ref FROM refillspot.store_pages ORDER BY ref")
    assert [page["ref"] for page in kept] == ["A", "B"]


def test_a_page_that_cannot_be_read_under_such_a_key_is_its_own_error(database_url: str) -> None:
    async def keep(table: StoreTable) -> Outcome:
        with pytest.raises(ROW_AT_FAULT):
            await table.keep_unread(UnreadPage(NAME, LONG_KEY, {}, b"{}", "other"))
        await table.keep_unread(UnreadPage(NAME, "A", {}, b"{}", "other"))
        return Outcome()

    with_table(database_url, keep)

    assert query(database_url, "SELECT ref FROM refillspot.unread_pages") == [{"ref": "A"}]


def test_what_is_too_complex_for_postgresql_is_too_complex_for_ever(database_url: str) -> None:
    """SQLSTATE 54001: nobody waits for it to become simpler."""

    async def scenario() -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            await when_available(partial(connection.execute, "SELECT repeat('[', 1000000)::jsonb"), connection.close)

    with pytest.raises(ROW_AT_FAULT):
        asyncio.run(scenario())


def test_one_ref_of_two_sites_is_two_stores(database_url: str) -> None:
    async def work(table: StoreTable) -> Outcome:
        both = [store("A"), store("A", site="other", name="남의 가게")]
        for one in both:
            one.read_from(ReadPage({"v_rid": one.name}, one.name.encode()))
            await table.keep_unread(UnreadPage(one.site, "A", {"v_rid": one.name}, b"{}", "other"))
        await table.write([*both, store("B", site="other", lat=0.0)])
        return await table.write([both[0], store("A", site="other", name="남의 새 가게")])

    assert with_table(database_url, work) == Outcome(stored=2)
    names = query(database_url, "SELECT site, name FROM refillspot.stores ORDER BY site")
    assert [tuple(row.values()) for row in names] == [("diningcode", "행복한고기"), ("other", "남의 새 가게")]
    for table in ("store_pages", "unread_pages"):
        kept = query(database_url, f"SELECT site, row ->> 'v_rid' AS name FROM refillspot.{table} ORDER BY site")
        assert [tuple(row.values()) for row in kept] == [("diningcode", "행복한고기"), ("other", "남의 가게")]
    assert query(database_url, "SELECT site, ref FROM refillspot.rejects") == [{"site": "other", "ref": "B"}]


def test_known_stores_and_outdated_ones_are_those_of_the_site(database_url: str) -> None:
    async def work(table: StoreTable) -> Outcome:
        for one in (store("A"), store("A", site="other"), store("B", site="other")):
            one.read_from(ReadPage({}, b""))
            await table.write([one])
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.stores SET parser_version = 0")
        assert [await table.known_refill_stores(site, ["11680"]) for site in (NAME, "other", "third")] == [1, 2, 0]
        assert [await table.outdated_stores(site) for site in (NAME, "other", "third")] == [1, 2, 0]
        return Outcome()

    with_table(database_url, work)
