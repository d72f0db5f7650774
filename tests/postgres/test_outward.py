"""What others may read: the outward views."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import psycopg
import pytest

from refillspot.exceptions import ServiceUnavailableError
from refillspot.items import MenuItem, RefillVerdict
from refillspot.postgres.outward import COLUMNS, DISTANCE, Circle, StoreFilter, read, snapshot
from refillspot.regions import parse_districts, parse_region
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from refillspot.items import Verdict


def shown(database_url: str, columns: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(f"SELECT {columns} FROM refillspot.v_stores ORDER BY ref").fetchall()


def test_the_view_shows_what_is_all_you_can_eat_and_operating(database_url: str) -> None:
    verdicts: dict[str, Verdict] = {"A": "confirmed", "B": "likely", "C": "unlikely", "D": "confirmed", "E": "likely"}
    write(database_url, *(store(ref, refill=RefillVerdict(verdict)) for ref, verdict in verdicts.items()))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.stores SET status = 'missing' WHERE ref = 'D'")
        connection.execute("UPDATE refillspot.stores SET status = 'gone' WHERE ref = 'E'")

    assert shown(database_url, "ref, refill_verdict") == [("A", "confirmed"), ("B", "likely")]


def test_a_mobile_number_is_marked(database_url: str) -> None:
    phones = ("010-1234-5678", "011-123-4567", "02-010-1234", "0507-1010-1234", "1577-0100", None)
    write(database_url, *(store(f"{number}", phone=phone) for number, phone in enumerate(phones)))

    assert shown(database_url, "phone, phone_is_mobile") == [
        *[(phone, True) for phone in phones[:2]],
        *[(phone, False) for phone in phones[2:5]],
        (None, None),
    ]


def test_crawls_are_accepted_unless_somebody_says_otherwise(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        accepted = connection.execute(
            "INSERT INTO refillspot.crawls (id, spider, arguments, started_at) VALUES ('one', 'tiny', '{}', now())"
            " RETURNING accepted"
        ).fetchone()

    assert accepted == (True,)


def test_the_columns_are_those_of_the_view(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        description = connection.execute("SELECT * FROM refillspot.v_stores").description or ()

    assert tuple(column.name for column in description) == COLUMNS


FOUR = (
    store("A", name="명륜진사갈비", branch="강남점", refill_price_krw=19900, lat=37.5000, lon=127.03),
    store(
        "B",
        name="하나뷔페",
        refill=RefillVerdict("likely"),
        cuisines=["뷔페"],
        refill_price_krw=None,
        lat=37.5090,
        lon=127.03,
    ),
    store(
        "C",
        name="바다횟집",
        district_code="11650",
        district="서초구",
        menu=[MenuItem("모둠회")],
        categories=["회"],
        lat=37.4,
        lon=127.03,
    ),
    store(
        "D",
        name="중구고기",
        region="부산광역시",
        district_code="26110",
        district="중구",
        refill_price_krw=9900,
        lat=35.1,
        lon=129.03,
    ),
)


SEOULS, BUSANS = parse_districts("강남구,서초구"), parse_districts("중구", parse_region("부산"))
ASKED = (
    (StoreFilter(), "A B C D"),
    (StoreFilter(site="tiny"), ""),
    (StoreFilter(region=parse_region("부산")), "D"),
    (StoreFilter(districts=SEOULS), "A B C"),
    (StoreFilter(districts=parse_districts("중구")), ""),
    (StoreFilter(districts=BUSANS), "D"),
    (StoreFilter(cuisine="뷔페"), "B"),
    (StoreFilter(max_price=15900), "C D"),
    (StoreFilter(verdict="likely"), "B"),
    (StoreFilter(text="명륜 진사"), "A"),
    (StoreFilter(text="모둠"), "C"),
    (StoreFilter(text="\0"), ""),
    (StoreFilter(near=Circle(37.5, 127.03, 2000), sort="distance"), "A B"),
    (StoreFilter(near=Circle(37.51, 127.03, 2000), sort="distance"), "B A"),
    (StoreFilter(near=Circle(37.5, 127.03, 2000), text="뷔페"), "B"),
    (StoreFilter(near=Circle(37.5, 127.03, 500), text="뷔페"), ""),
    (StoreFilter(sort="price"), "D C A B"),
    (StoreFilter(sort="name", limit=2), "A C"),
    (StoreFilter(max_price=20000, verdict="confirmed", districts=SEOULS, text="갈비"), "A"),
)


def test_filters(database_url: str) -> None:
    write(database_url, *FOUR)

    for wanted, refs in ASKED:
        assert [row["ref"] for row in read(database_url, wanted, ["ref"])] == refs.split(), wanted


def test_to_count_sorts_nothing_but_what_a_limit_takes_the_first_of(database_url: str) -> None:
    write(database_url, *FOUR)
    with snapshot(database_url) as stores:
        for wanted, _refs in ASKED:
            verdicts = Counter(row["refill_verdict"] for row in stores.rows(wanted, ["refill_verdict"]))
            assert stores.counts(wanted) == verdicts, wanted
    for limit, is_sorted in ((None, False), (1, True)):
        statement, _parameters = StoreFilter(limit=limit).statement(["ref"], in_any_order=True)
        assert ("ORDER BY" in statement.as_string()) == is_sorted


def test_the_distance_is_a_column_more(database_url: str) -> None:
    write(database_url, *FOUR)
    near = StoreFilter(near=Circle(37.5, 127.03, 2000), sort="distance")
    (first, second) = read(database_url, near, ["ref", DISTANCE])

    assert first == {"ref": "A", DISTANCE: 0}
    assert second[DISTANCE] == pytest.approx(0.009 * 111_195, rel=1e-3)


def test_json_is_read_or_left_as_text(database_url: str) -> None:
    write(database_url, FOUR[2])
    with snapshot(database_url, json_as_text=True) as stores:
        (row,) = stores.rows(columns=["menu"])

    assert isinstance(row["menu"], str)
    assert [line["name"] for line in json.loads(row["menu"])] == ["모둠회"]
    assert read(database_url, columns=["menu"]) == [{"menu": json.loads(row["menu"])}]


def test_what_is_committed_meanwhile_is_not_in_a_snapshot(database_url: str) -> None:
    write(database_url, *FOUR[:2])
    with snapshot(database_url) as stores:
        before = stores.counts()
        write(database_url, *FOUR[2:])
        read_later = [row["ref"] for row in stores.rows(columns=["ref"])]

        assert read_later == ["A", "B"]
        assert before == stores.counts() == {"confirmed": 1, "likely": 1}


def test_a_server_that_does_not_answer_is_named(free_port: int) -> None:
    with pytest.raises(ServiceUnavailableError, match=f"{free_port}"):
        read(f"postgresql://postgres@127.0.0.1:{free_port}/refillspot")
