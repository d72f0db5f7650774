"""`scrapy changes` and the history of a store: rows of the history as they come, told."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import psycopg
import pytest
from psycopg.types.json import Jsonb

from refillspot.clock import KST
from refillspot.exceptions import ArgumentError
from refillspot.items import RefillVerdict
from refillspot.listing.asking import read_change_filter
from refillspot.listing.news import SECTIONS, gather, print_news
from refillspot.postgres.changes import COLUMNS, ChangeFilter
from refillspot.postgres.outward import snapshot
from refillspot.regions import parse_districts
from tests.english import english_in
from tests.own_webhook import SECRET, OwnWebhook, serve
from tests.postgres.test_corrections import correct
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.items import Store
    from tests.programs import Launcher

NOW = datetime.now(UTC)
FIRST, SECOND, THIRD = (NOW - timedelta(days=days) for days in (3, 2, 1))
ELSEWHERE = {
    "district_code": "11650",
    "district": "서초구",
    "addr": "서울특별시 서초구 반포동 1-1",
    "road_addr": "서울특별시 서초구 반포로 1",
}
WEEK = {"days": {"0": {"intervals": [["11:00", "22:00"]], "last_order": None, "closed": False}}}
SHORTER = {"days": {"0": {"intervals": [["12:00", "20:00"]], "last_order": "19:00", "closed": False}}}
BOARD = {"name": "삼겹살 무한리필", "price_krw": 15_900, "price_text": "15,900원"}
DISH = {"name": "하이볼", "price_krw": 7000, "price_text": "7,000원"}
CHANGES: dict[str, list[tuple[str, Any, Any]]] = {
    "BACK": [("status", "missing", "operating"), ("name", "옛날집", "행복한고기"), ("score", 70, 71)],
    "GONE": [("status", "operating", "gone")],
    "LOST": [("status", "operating", "missing")],
    "LATE": [("refill_verdict", "unlikely", "confirmed"), ("refill_price_krw", None, 15_900)],
    "PAST": [("refill_verdict", "confirmed", "unlikely"), ("menu:하이볼", DISH, None)],
    "MOVE": [
        ("addr", "서울특별시 강남구 역삼동 9", ELSEWHERE["addr"]),
        ("road_addr", "서울특별시 강남구 테헤란로 9", ELSEWHERE["road_addr"]),
        ("lat", 37.4, 37.5),
        ("phone", "02-555-1234", None),
    ],
    "DEAR": [
        ("refill_price_krw", 15_900, 17_900),
        ("menu:삼겹살 무한리필", BOARD, BOARD | {"price_krw": 17_900}),
        ("menu:하이볼", DISH, DISH | {"price_krw": 6000}),
        ("menu:냉면", None, {"name": "냉면", "price_krw": 9000}),
        ("hours", WEEK, SHORTER),
    ],
    "DOWN": [
        ("menu:하이볼", DISH, DISH | {"price_krw": 6000}),
        ("hours", SHORTER, None),
        ("refill_terms", {"time_limit_minutes": 100}, {"time_limit_minutes": 120}),
        ("categories", ["고기"], ["고기", "삼겹살"]),
    ],
}
UNLIKELY = RefillVerdict("unlikely", [])
STORES: list[Store] = [
    *(store(ref, **(ELSEWHERE if ref == "MOVE" else {})) for ref in CHANGES if ref != "PAST"),
    store("PAST", refill=UNLIKELY),
    store("NEVER", refill=UNLIKELY),
    store("NEW", name="갈비나라", branch=None),
    store("LONG", name="아주아주 긴 이름의 무한리필 " * 6),
    store("EARLY"),
    store("MAYBE", refill=RefillVerdict("likely", [])),
]


@pytest.fixture
def changed(database_url: str) -> str:
    """Two crawls, the second of which found NEW; what has changed was noticed with it, and of LONG a day later."""
    write(database_url, *STORES)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.stores SET first_seen_at = %s", [FIRST + timedelta(minutes=1)])
        connection.execute("UPDATE refillspot.stores SET first_seen_at = %s WHERE ref = 'NEW'", [SECOND])
        for name, began, limit in (("first", FIRST, None), ("few", FIRST, 3), ("second", SECOND, None)):
            _add_crawl(connection, name, began, limit)
        for ref, changes in CHANGES.items():
            for change in changes:
                _add_change(connection, ref, *change, FIRST, SECOND, "second")
        _add_change(connection, "NEVER", "name", "a", "b", FIRST, SECOND, "second")
        _add_change(connection, "LONG", "phone", "02-555-1", "02-555-2", FIRST, THIRD, None)
    return database_url


def _add_crawl(connection: psycopg.Connection, name: str, began: datetime, limit: int | None) -> None:
    arguments = {"districts": ["11650", "11680"], "keywords": ["무한리필"], "limit": limit}
    connection.execute(
        "INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at, ended_at)"
        " VALUES (%s, 'diningcode', %s, 'complete', %s, %s)",
        [name, Jsonb(arguments), began, began + timedelta(hours=1)],
    )


def _add_change(connection: psycopg.Connection, ref: str, field: str, old: Any, new: Any, *rest: Any) -> None:
    connection.execute(
        "INSERT INTO refillspot.store_history (site, ref, field, old, new, last_seen_old, first_seen_new, crawl)"
        " VALUES ('diningcode', %s, %s, %s, %s, %s, %s, %s)",
        [ref, field, *(None if value is None else Jsonb(value) for value in (old, new)), *rest],
    )


def read(database_url: str, **wanted: Any) -> list[dict[str, Any]]:
    with snapshot(database_url) as stores:
        return list(stores.changes(ChangeFilter(**wanted)))


def refs(rows: list[dict[str, Any]]) -> set[str]:
    return {row["ref"] for row in rows}


def width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def printed(database_url: str, capsys: pytest.CaptureFixture[str], columns: int | None = None) -> str:
    print_news(gather(read(database_url)), columns)
    return capsys.readouterr().out


def test_what_is_told_of_each_kind(changed: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(changed, capsys)
    day = f"{SECOND.astimezone(KST):%m-%d}"

    for sentence in (
        "갈비나라 is new",
        "행복한고기 본점 is open again",
        "행복한고기 본점 now serves all-you-can-eat",
        "행복한고기 본점 no longer serves all-you-can-eat",
        "행복한고기 본점 has closed for good",
        "행복한고기 본점 is no longer listed",
        "서초구  행복한고기 본점 has moved to 서울특별시 서초구 반포로 1; before: 서울특별시 강남구 테헤란로 9",
        "옛날집 본점 is now called 행복한고기 본점",
        "행복한고기 본점: all-you-can-eat 15,900 → 17,900 won (+13%), 2 more prices",
        "행복한고기 본점: 하이볼 7,000 → 6,000 won (-14%)",
        "행복한고기 본점: Mo 11:00-22:00; Tu-Su not known → Mo 12:00-20:00 (last order 19:00); Tu-Su not known",
        "행복한고기 본점: new on the menu: 냉면",
        "행복한고기 본점: not on the menu any more: 하이볼",
        "행복한고기 본점: 100 minutes → 120 minutes",
        "행복한고기 본점: 02-555-1234 → not known",
        "행복한고기 본점: 고기 → 고기, 삼겹살",
    ):
        assert f"{sentence}\n" in said, sentence
    assert [line.partition(" (")[0] for line in said.splitlines() if line[:1].isalpha() and line.endswith(")")] == [
        heading() for heading in SECTIONS.values()
    ]
    assert said.count("NEVER") == said.count("score") == 0
    assert f"  {day}       강남구  갈비나라" in said  # noticed a day after the look before it
    assert f"  {FIRST.astimezone(KST):%m-%d}…{THIRD.astimezone(KST):%m-%d} 강남구" in said  # two days after it


def test_it_is_counted_by_district(changed: str, capsys: pytest.CaptureFixture[str]) -> None:
    heading, *lines = printed(changed, capsys).splitlines()[-4:]

    assert heading.split() == ["district", "new", "gone", "moved", "dearer", "cheaper", "hours", "other"]
    assert [line.split() for line in lines] == [
        ["강남구", "3", "3", "-", "1", "1", "2", "6"],
        ["서초구", "-", "-", "1", "-", "-", "-", "1"],
        ["all", "3", "3", "1", "1", "1", "2", "7"],
    ]


def test_no_line_is_wider_than_the_terminal(changed: str, capsys: pytest.CaptureFixture[str]) -> None:
    broken, whole = printed(changed, capsys, 80), printed(changed, capsys)

    assert max(map(width, broken.splitlines())) <= 80 < max(map(width, whole.splitlines()))
    assert "".join(broken.split()) == "".join(whole.split())


def test_korean_has_the_particle_that_goes_with_the_name(
    changed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    said = printed(changed, capsys)

    assert "갈비나라가 새로 올라왔습니다" in said
    assert "행복한고기 본점이 다시 문을 열었습니다" in said
    assert "옛날집 본점의 이름이 행복한고기 본점으로 바뀌었습니다" in said


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {*CHANGES, "NEW", "LONG"}),
        ({"since": THIRD}, {"LONG"}),
        ({"field": "status"}, {"BACK", "GONE", "LOST", "NEW"}),
        ({"field": "menu"}, {"PAST", "DEAR", "DOWN"}),
        ({"field": "menu:냉면"}, {"DEAR"}),
        ({"store": ("diningcode", "MOVE")}, {"MOVE"}),
        ({"site": "tiny"}, set()),
    ],
)
def test_a_filter(changed: str, wanted: dict[str, Any], found: set[str]) -> None:
    assert refs(read(changed, **wanted)) == found


def test_a_place(changed: str) -> None:
    options = dict.fromkeys(("site", "region", "district", "field")) | {"since": "7d"}
    district = read_change_filter({**options, "district": "서초구"}, NOW)
    city = read_change_filter({**options, "region": "부산"}, NOW)

    with snapshot(changed) as stores:
        assert refs(list(stores.changes(district))) == {"MOVE"}
        assert not list(stores.changes(city))


def test_a_crawl_that_is_not_accepted_tells_nothing(changed: str) -> None:
    with psycopg.connect(changed) as connection:
        connection.execute("UPDATE refillspot.crawls SET accepted = false WHERE id = 'second'")

    assert refs(read(changed)) == {"LONG"}


def test_a_store_that_was_known_as_an_ordinary_one_is_not_new_when_it_begins(changed: str) -> None:
    with psycopg.connect(changed) as connection:
        _add_change(connection, "NEW", "refill_verdict", "unlikely", "confirmed", SECOND, THIRD, "second")

    assert [row["field"] for row in read(changed, store=("diningcode", "NEW"))] == ["refill_verdict"]


def test_a_hidden_store_is_in_no_news(changed: str) -> None:
    with psycopg.connect(changed) as connection:
        connection.execute(
            "INSERT INTO refillspot.barred_stores (site, ref, how) VALUES ('diningcode', 'NEW', 'hidden')"
        )
        connection.execute(
            "INSERT INTO refillspot.barred_stores (site, ref, how) VALUES ('diningcode', 'DEAR', 'hidden')"
        )

    assert refs(read(changed)) == {*CHANGES, "LONG"} - {"DEAR"}


def test_a_store_is_told_as_somebody_has_put_it_right(changed: str) -> None:
    """By its name and place; whether it is news at all goes by the corrected verdict."""
    correct(changed, "GONE", "name=바른집", "branch=", "district=마포구")
    correct(changed, "LOST", "refill_verdict=unlikely")
    correct(changed, "NEVER", "refill_verdict=likely")

    found = {row["ref"]: row for row in read(changed)}
    told = [found["GONE"][name] for name in ("name", "branch", "district", "district_code")]
    assert told == ["바른집", None, "마포구", "11440"]
    assert refs(read(changed, districts=parse_districts("마포구"))) == {"GONE"}
    assert "LOST" not in found
    assert "NEVER" in found
    assert found["BACK"]["name"] == "행복한고기"


def test_new_is_only_what_an_earlier_crawl_would_have_found(changed: str) -> None:
    """Not what one missed that asked less, had a limit, or was broken off."""
    for hidden in (
        "SET arguments = arguments || '{\"keywords\": [\"뷔페\"]}' WHERE id = 'first'",
        "SET arguments = arguments || '{\"districts\": [\"11650\"]}' WHERE id = 'first'",
        "SET state = 'abandoned' WHERE id = 'first'",
    ):
        with psycopg.connect(changed) as connection:
            connection.execute(f"UPDATE refillspot.crawls {hidden}".encode())
            found = connection.execute("SELECT ref FROM refillspot.v_changes WHERE ref = 'NEW'").fetchall()
            connection.rollback()
        assert not found, hidden


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("7d", timedelta(days=7)),
        ("24h", timedelta(days=1)),
        ("2 w", timedelta(days=14)),
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=KST)),
        ("2026-07-01T06:00:00Z", datetime(2026, 7, 1, 6, tzinfo=UTC)),
    ],
)
def test_since(since: str, moment: datetime | timedelta) -> None:
    wanted = read_change_filter(dict.fromkeys(("site", "region", "district", "field")) | {"since": since}, NOW)

    assert wanted.since == (NOW - moment if isinstance(moment, timedelta) else moment)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"since": "yesterday"}, "--since is a date, such as 2026-07-01"),
        ({"since": "99999w"}, "--since is a date"),
        ({"since": ""}, "--since is a date"),
        ({"since": "9999-12-31"}, "is still to come"),
        ({"field": "hour"}, "Did you mean hours?"),
        ({"district": "걍남구"}, "강남구"),
    ],
)
def test_what_cannot_be_asked(given: dict[str, str], told: str) -> None:
    options = dict.fromkeys(("site", "region", "district", "field")) | {"since": "7d"}

    with pytest.raises(ArgumentError, match=told):
        read_change_filter(options | given, NOW)


@pytest.fixture
def answers(changed: str, launcher: Launcher, environment: dict[str, str]) -> Callable[..., tuple[int, str, str]]:
    def run(*command: str) -> tuple[int, str, str]:
        done = launcher.run("scrapy", *command, environment=environment)
        return done.returncode, done.stdout, done.stderr

    assert changed == environment["DATABASE_URL"]
    return run


def test_the_commands(answers: Callable[..., tuple[int, str, str]]) -> None:
    code, said, _ = answers("changes", "--district", "강남구")
    rows = json.loads(answers("changes", "--json")[1])
    told = {(row["ref"], row["field"]): row for row in rows}
    page = answers("stores", "DEAR")[1]
    history = json.loads(answers("stores", "DEAR", "--json")[1])["history"]

    assert code == 0
    assert said.startswith("16 changes of 9 stores since ")
    assert told["DEAR", "hours"] == {
        "kind": "hours", **dict.fromkeys(COLUMNS), "site": "diningcode", "ref": "DEAR", "name": "행복한고기",
        "branch": "본점", "region": "서울특별시", "district_code": "11680", "district": "강남구", "field": "hours",
        "old": WEEK, "new": SHORTER, "crawl": "second",
        "last_seen_old": told["DEAR", "hours"]["last_seen_old"],
        "first_seen_new": told["DEAR", "hours"]["first_seen_new"],
    }  # fmt: skip
    assert told["BACK", "score"]["kind"] is None
    assert "history" in page
    assert "Prices up: 행복한고기 본점: all-you-can-eat 15,900 → 17,900 won" in " ".join(page.split())
    assert {change["field"] for change in history} == {field for field, _, _ in CHANGES["DEAR"]}
    assert answers("changes", "--since", "1h")[1].startswith("Nothing is known to have changed since ")
    assert answers("changes", "--since", "soon")[0] == 2


def test_a_summary_goes_to_the_webhook(
    answers: Callable[..., tuple[int, str, str]], environment: dict[str, str], changed: str
) -> None:
    correct(changed, "GONE", "name=바른집", "branch=")
    with serve(OwnWebhook()) as webhook:
        nobody = answers("changes", "--notify")
        environment.update(NOTIFY_URL=webhook.url, REFILLSPOT_LANG="ko")
        week, hour = answers("changes", "--since", "7d", "--notify"), answers("changes", "--since", "1h", "--notify")
        webhook.status = 500
        untold = answers("changes", "--since", "1h", "--notify", "--json")

    assert [code for code, _, _ in (nobody, week, hour, untold)] == [2, 0, 0, 1]
    assert "NOTIFY_URL=https://" in nobody[2]
    assert "HTTP 500" in untold[2]
    assert json.loads(untold[1]) == []
    assert not any(SECRET in text for answer in (week, hour, untold) for text in answer[1:])
    told, nothing, _ = webhook.told
    assert told["event"] == "summary"
    found = Counter(one.kind for one in gather(read(changed)))
    assert {name: told[name] for name in ("new", "gone", "moved", "dearer", "cheaper", "hours")} == {
        "new": found["opened"] + found["reopened"] + found["began"],
        "gone": found["gone"] + found["missing"] + found["ended"],
        **{name: found[name] for name in ("moved", "dearer", "cheaper", "hours")},
    }
    assert told["changes"] == found.total()
    assert all(told[name] for name in ("new", "gone", "moved", "dearer", "cheaper", "hours"))
    assert (told["crawls"], nothing["crawls"]) == (3, 0)
    assert "바른집" in told["sentence"]
    assert nothing["changes"] == 0
    assert "scrapy doctor" in nothing["sentence"]
    for one in (told, nothing):
        assert one["to_judge"] == len(likely := [store for store in STORES if store.refill.verdict == "likely"])
        assert ("--judge" in one["sentence"]) is bool(likely)
        assert english_in(one["sentence"].replace("NEW", "")) == []
