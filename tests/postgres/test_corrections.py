"""What people put right, in what others read; and which crawls cannot undo it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.clock import KST
from refillspot.correcting import READERS, new_store, read_fields
from refillspot.exceptions import ArgumentError
from refillspot.items import RefillVerdict
from refillspot.postgres.corrections import OWN, corrections
from refillspot.postgres.outward import Circle, StoreFilter, read
from refillspot.regions import parse_districts
from refillspot.sites.diningcode import NAME
from tests.postgres.test_stores import query, store, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.programs import Launcher

LIKELY = RefillVerdict("likely")
NOW = datetime(2026, 11, 30, 12, tzinfo=KST)


def correct(database_url: str, ref: str, *given: str, note: str | None = None) -> None:
    with corrections(database_url) as table:
        found = table.find(ref, None)
        table.correct((found["site"], found["ref"]), read_fields(given, found["region"]), note)


def refs(database_url: str, **wanted: Any) -> set[str]:
    return {row["ref"] for row in read(database_url, StoreFilter(**wanted), ["ref"])}


EVERY_FIELD: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("다른이름", {"name": "다른이름"}),
    "branch": ("", {"branch": None}),
    "addr": ("서울특별시 마포구 합정동 2-2", {"addr": "서울특별시 마포구 합정동 2-2"}),
    "road_addr": ("서울특별시 마포구 양화로 2", {"road_addr": "서울특별시 마포구 양화로 2"}),
    "district": ("마포구", {"district_code": "11440", "district": "마포구", "region": "서울특별시"}),
    "dong": ("합정동", {"dong": "합정동"}),
    "lat": ("37.55", {"lat": 37.55}),
    "lon": ("126.91", {"lon": 126.91}),
    "phone": ("010.9876.5432", {"phone": "010-9876-5432", "phone_is_mobile": True}),
    "categories": ("회, 초밥", {"categories": ["회", "초밥"]}),
    "refill_verdict": ("likely", {"refill_verdict": "likely"}),
    "refill_price_krw": ("1만 9천원", {"refill_price_krw": 19000}),
    "refill_prices": ('[{"krw_min": 1, "krw_max": 2}]', {}),
    "refill_terms": ('{"min_persons": 3}', {}),
    "menu": ('[{"name": "물회"}]', {}),
    "hours": ("매일 11:00 - 21:00", {"hours_osm": "Mo-Su 11:00-21:00", "hours_text": "매일 11:00 - 21:00"}),
    "tags": ("혼밥", {"tags": ["혼밥"]}),
    "facilities": ("", {"facilities": None}),
    "images": ("https://a/1.webp", {"images": ["https://a/1.webp"]}),
    "source_url": ("https://a/", {"source_url": "https://a/"}),
    "status": ("operating", {"status": "operating"}),
}  # fmt: skip


def test_every_field_is_corrected_in_the_view_alone(database_url: str) -> None:
    write(database_url, store("A"), store("B"))
    before = query(database_url, "SELECT * FROM refillspot.stores ORDER BY ref")
    assert EVERY_FIELD.keys() == READERS.keys()
    correct(database_url, "A", *(f"{field}={given}" for field, (given, _) in EVERY_FIELD.items()))

    row, other = sorted(read(database_url), key=lambda row: row["ref"])
    told = {name: value for _, columns in EVERY_FIELD.values() for name, value in columns.items()}
    assert {name: row[name] for name in told} == told
    assert row["menu"][0]["name"] == "물회"
    assert row["refill_terms"]["min_persons"] == 3
    assert row["refill_prices"][0]["krw_max"] == 2
    assert (other["name"], row["score"]) == (before[1]["name"], before[0]["score"])
    assert query(database_url, "SELECT * FROM refillspot.stores ORDER BY ref") == before
    with corrections(database_url) as table:
        assert [one.is_stale for one in table.read()] == [False] * len(READERS)


REFUSED = (
    "name=", "phone=1", "lat=127", "lat=nan", "lon=37.5", "refill_verdict=yes", "refill_price_krw=싸다", "menu=[",
    "district=없구", "district=강남구,서초구", 'menu=[{"price_krw": 1}]', "refill_terms=[]", "hours=언제나", "nam=x",
    "status=closed", "name", "score=5", "refill_price_krw=99999999999",
)  # fmt: skip


def test_what_a_store_cannot_be_is_refused_whole(database_url: str) -> None:
    write(database_url, store("A"))
    for given in REFUSED:
        with pytest.raises(ArgumentError):
            correct(database_url, "A", "branch=2호점", given)

    assert query(database_url, "SELECT * FROM refillspot.corrections") == []


def test_a_search_finds_corrected_values_and_not_those_before(database_url: str) -> None:
    write(database_url, store("A"), store("B", refill=LIKELY), store("C", refill=LIKELY))
    correct(database_url, "A", "name=물회나라", "categories=회", "menu=", "lat=37.55", "lon=126.91", "district=마포구")
    correct(database_url, "B", "refill_verdict=unlikely")
    correct(database_url, "C", "status=gone")

    assert refs(database_url, text="물회") == {"A"}
    assert refs(database_url, text="행복") == set()
    assert refs(database_url, near=Circle(37.55, 126.91, 500), sort="distance", limit=5) == {"A"}
    assert refs(database_url, near=Circle(37.5, 127.03, 500)) == set()
    assert refs(database_url, districts=parse_districts("마포구")) == {"A"}
    assert query(database_url, "SELECT ref FROM refillspot.search('물회')") == [{"ref": "A"}]


def test_a_correction_survives_crawls_and_is_stale_once_the_site_says_something_else(database_url: str) -> None:
    write(database_url, store("A"))
    correct(database_url, "A", "phone=02-777-2222", "name=바른이름", note="주인이 전화함")
    for number in range(10):
        write(database_url, store("A", review_count=number))
        assert [(row["name"], row["phone"]) for row in read(database_url)] == [("바른이름", "02-777-2222")]

    write(database_url, store("A", phone="02-333-4444"))
    assert [(row["name"], row["phone"]) for row in read(database_url)] == [("바른이름", "02-333-4444")]
    with corrections(database_url) as table:
        stale, ruling = table.read()
    assert (stale.field, stale.is_stale, stale.based_on, stale.said) == ("phone", True, "02-555-1234", "02-333-4444")
    assert (ruling.field, ruling.is_stale, ruling.note) == ("name", False, "주인이 전화함")

    correct(database_url, "A", "phone=02-777-2222")
    assert [row["phone"] for row in read(database_url)] == ["02-777-2222"]
    with corrections(database_url) as table:
        assert [table.undo("A", None, field) for field in ("phone", "phone", None)] == [1, 0, 1]
    assert [(row["name"], row["phone"]) for row in read(database_url)] == [("행복한고기", "02-333-4444")]


def test_a_store_that_was_added_is_shown_corrected_and_taken_back(database_url: str) -> None:
    write(database_url, store("A"))
    with corrections(database_url) as table:
        columns = new_store(["name=비밀의 집", "district=마포구", "phone=02-777-2222", "menu="], NOW)
        table.add(columns)
    ref = columns["ref"]
    (row,) = (row for row in read(database_url) if row["ref"] == ref)
    assert (row["site"], row["district_code"], row["refill_verdict"]) == (OWN, "11440", "confirmed")

    correct(database_url, ref, "phone=02-777-3333")
    assert refs(database_url, text="비밀") == {ref}
    assert {row["phone"] for row in read(database_url) if row["ref"] == ref} == {"02-777-3333"}
    with corrections(database_url) as table:
        assert table.undo(ref, None, None) == 2
    assert refs(database_url) == {"A"}


def test_a_hidden_store_is_in_nothing_that_others_read(database_url: str) -> None:
    write(database_url, store("A"), store("B"))
    correct(database_url, "A", "name=물회나라")
    with corrections(database_url) as table:
        table.bar((NAME, "A"), "주인이 원함")

    assert refs(database_url) == {"B"}
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO refillspot.store_history (site, ref, field, last_seen_old, first_seen_new)"
            " SELECT site, ref, 'phone', now(), now() FROM refillspot.stores"
        )
    assert query(database_url, "SELECT ref FROM refillspot.v_changes") == [{"ref": "B"}]
    with corrections(database_url) as table:
        assert table.undo("A", None, "hidden") == 1
    assert refs(database_url, text="물회나라") == {"A"}


WAITS = """
    SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'refillspot.crawl_commits'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def forget(database_url: str, ref: str) -> dict[str, int]:
    with corrections(database_url) as table:
        return table.forget((NAME, ref))


def test_forgetting_waits_for_who_is_storing_and_nobody_stores_after_it(database_url: str) -> None:
    write(database_url, store("A"))
    with psycopg.connect(database_url) as worker, psycopg.connect(database_url, autocommit=True) as watching:
        worker.execute("INSERT INTO refillspot.crawl_commits (writer, batch) VALUES ('suspended', 1)")
        with ThreadPoolExecutor(1) as pool:
            forgetting = pool.submit(forget, database_url, "B")
            while not (forgetting.done() or watching.execute(WAITS).fetchone()):
                pass
            worker.execute(
                "INSERT INTO refillspot.stores (site, ref, name, refill_verdict, refill_evidence, source_url)"
                " SELECT site, 'B', name, refill_verdict, refill_evidence, source_url FROM refillspot.stores"
            )
            worker.commit()
            assert forgetting.result() == {"stores": 1}

    assert write(database_url, store("B"), store("C")).stored == 2
    assert query(database_url, "SELECT ref FROM refillspot.stores ORDER BY ref") == [{"ref": "A"}, {"ref": "C"}]
    with corrections(database_url) as table:
        assert [(one.ref, one.field, one.name) for one in table.read()] == [("B", "forgotten", None)]


def test_the_command(launcher: Launcher, environment: Mapping[str, str], database_url: str) -> None:
    write(database_url, store("AAAAaaaa1111"), store("BBBBbbbb2222"))

    def run(*arguments: str) -> tuple[int, str]:
        done = launcher.run("scrapy", "correct", *arguments, environment=environment)
        return done.returncode, done.stdout + done.stderr

    assert run("AAAAaaaa1111", "name=물회", "phone=02-777-2222", "--note", "왜")[0] == 0
    assert run("hide", "BBBBbbbb2222")[0] == 0
    code, listed = run("list", "--json")
    told = json.loads(listed)
    assert [(one["ref"], one["field"], one["is_stale"]) for one in told] == [
        ("AAAAaaaa1111", "name", False), ("AAAAaaaa1111", "phone", False), ("BBBBbbbb2222", "hidden", False)
    ]  # fmt: skip
    write(database_url, store("AAAAaaaa1111", phone="02-333-4444"))
    text = run("list")[1]
    assert "stale: the site says 02-333-4444 now" in text
    assert "name: 행복한고기 → 물회" in text

    code, told = run("AAAAaaaa1111", "phone=1")
    assert (code, "write it like phone=02-555-1234" in told) == (2, True)
    assert (run("undo", "BBBBbbbb2222")[0], run("undo", "BBBBbbbb2222")[0], run("lisst")[0]) == (0, 2, 2)
