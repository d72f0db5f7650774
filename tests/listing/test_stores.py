"""`scrapy stores`: the list and one store, of rows as odd as they come."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from refillspot.clock import KST
from refillspot.items import Day, Evidence, OpeningHours, Price, RefillTerms, RefillVerdict
from refillspot.listing.entries import Listed
from refillspot.listing.page import map_links, print_page
from refillspot.listing.table import OPEN_WIDTH, print_table, write_open_now, write_total
from refillspot.parsing.hours.open_now import OpenNow
from refillspot.postgres.corrections import corrections
from refillspot.postgres.outward import ALL, COLUMNS, snapshot
from refillspot.sites.diningcode import NAME
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from tests.programs import Launcher

    Stores = Callable[..., CompletedProcess[str]]

LIKELY = RefillVerdict("likely", [Evidence("tag", "무한리필")])
EVERY_DAY = dict.fromkeys(range(7), Day([("00:00", "24:00")]))
SOME_MONDAYS = OpeningHours({0: Day([("17:00", "26:00")], last_order="25:00")}, {0: [2, -1]}, notes=["재료 소진시"])
TERMS = RefillTerms(min_persons=2, leftover_fee=True, leftover_fee_krw=3000, drinks_included=False)
NOON = datetime(2026, 11, 30, 12, tzinfo=KST)  # a Monday
ACTING = "evil\x1b[31m\u202e\nname\t\u200b"
SEEDED = (
    store("AAAAaaaa1111", hours=OpeningHours(EVERY_DAY, festivals="open"), refill_price_krw=20_000),
    store("BBBBbbbb2222", name="아주아주 긴 이름의 무한리필, 고기/집 👨‍👩‍👧 직영 " * 3, refill=LIKELY,
          refill_price_krw=None, hours=SOME_MONDAYS,
          road_addr="서울특별시 강남구 아주아주긴이름의도로를따라서한참가면나오는길 12 " * 3, lat=37.51, lon=127.04),
    store("CCCCcccc3333", name="unlikely one", refill=RefillVerdict("unlikely", [])),
    store("DDDDdddd4444", name=ACTING, branch=None, hours=None, hours_text="매일 11시", categories=None, cuisines=None,
          menu=None, refill_terms=TERMS, road_addr=None, addr=None, district=None,
          district_code=None, lat=None, lon=None, refill_price_krw=10_000,
          refill_prices=[Price(10_000, 12_000, "child", "lunch", "weekend")]),
    store("EEEEeeee5555", name="closed one"),
    store("a-very-long-id-of-another-site", site="tiny", name="tiny one", refill_price_krw=30_000),
    store("AAAAaaaa1111", site="tiny", name="the same id"),
)  # fmt: skip


@pytest.fixture
def seeded(database_url: str) -> str:
    write(database_url, *SEEDED)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.stores SET status = 'gone' WHERE ref = 'EEEEeeee5555'")
    return database_url


@pytest.fixture
def stores(launcher: Launcher, environment: dict[str, str]) -> Stores:
    return lambda *options, **more: launcher.run("scrapy", "stores", *options, environment=environment | more)


def width(text: str) -> int:
    """Return how many columns a text takes, by Unicode's own table."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def entries(database_url: str) -> list[Listed]:
    with snapshot(database_url) as found:
        return [Listed.of(row, NOON) for row in found.rows()]


def test_a_line_a_store_in_80_columns(seeded: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = entries(seeded)
    printed = print_table(listed, NOON, 80, with_distance=False)
    heading, *lines = capsys.readouterr().out.splitlines()

    assert [line.split(" ")[0] for line in lines] == [entry.row["ref"] for entry in listed]  # ids whole, lines one each
    fitting = [line for line in (heading, *lines) if not line.startswith("a-very-long-id") and "👨" not in line]
    assert max(map(width, fitting)) <= 80
    assert len({width(line.partition("강남구 테헤란로")[0]) for line in lines if "AAAA" in line}) == 1
    assert "\x1b" not in "".join(lines)
    assert [line for line in lines if line.count("…") == 2] == [line for line in lines if "BBBB" in line]
    assert [line for line in lines if "~" in line] == [line for line in lines if "BBBB" in line]
    opened = {
        "행복한고기": "24 hours",
        "the same id": "until 23:30",
        "evil": " ? ",
        "BBBB": "closed",
    }  # the last Monday
    assert [said for name, said in opened.items() for line in lines if name in line and said in line] == [
        *opened.values()
    ]
    assert write_total(printed, printed) == "5 stores (confirmed 4, likely 1). ~ only likely"
    assert write_total(printed, printed + printed).startswith("5 of 10 stores")


def test_into_a_pipe_nothing_is_cut(seeded: str, stores: Stores) -> None:
    (line,) = (line for line in stores("--verdict", "likely").stdout.splitlines() if "BBBB" in line)
    (row,) = (entry.row for entry in entries(seeded) if entry.row["ref"] == "BBBBbbbb2222")

    assert "…" not in line
    assert " ".join(row["name"].split()) in line
    assert line.endswith(row["road_addr"].partition(" ")[2].strip())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (OpenNow("open", NOON + timedelta(hours=14)), "until 02:00"),
        (OpenNow("open"), "24 hours"),
        (OpenNow("closed", opens_at=NOON + timedelta(hours=5)), "from 17:00"),
        (OpenNow("closed", opens_at=NOON + timedelta(hours=23)), "from Tu 11:00"),
        (OpenNow("closed", opens_at=NOON + timedelta(days=7)), "from 12-07"),
        (OpenNow("closed", reason="festival"), "closed"),
        (OpenNow("unknown", reason="festival"), "?"),
    ],
)
def test_open_now_in_a_word_or_two(answer: OpenNow, told: str) -> None:
    assert write_open_now(answer, NOON) == told
    assert len(told) <= OPEN_WIDTH


def test_the_page_of_a_store_says_all_that_is_known(seeded: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    with snapshot(seeded) as found:
        for ref in ("BBBBbbbb2222", "CCCCcccc3333", "DDDDdddd4444", "EEEEeeee5555"):
            (row,) = found.known(ref)
            print_page(Listed.of(row, NOON), NOON)
            pages.append(capsys.readouterr().out)
    likely, unlikely, odd, closed = pages

    assert "likely all-you-can-eat" in likely
    assert "tag: 무한리필" in likely
    assert "Mo 17:00-02:00 (last order 01:00)" in likely
    assert "Tu-Su not known" in likely
    assert "Mo closed in these weeks of the month: 2, the last" in likely
    assert "재료 소진시" in likely
    assert "삼겹살 무한리필  15,900 won" in likely
    assert "not in the list: nothing on its page says" in unlikely
    assert "not in the list: it is gone for good" in closed
    assert "10,000-12,000 won (children, lunch, weekends)" in odd
    for term in ("from 2 persons", "leftovers cost 3,000 won", "drinks not included", "매일 11시"):
        assert term in odd
    assert "\x1b" not in odd
    facts = [line for line in likely.splitlines() if "://" not in line and "👨" not in line]
    assert max(width(line.rstrip()) for line in facts) <= 80


def test_a_price_that_somebody_has_put_right_is_said_first(seeded: str, capsys: pytest.CaptureFixture[str]) -> None:
    with corrections(seeded) as table:
        table.correct((NAME, "DDDDdddd4444"), {"refill_price_krw": {"refill_price_krw": 11_000}}, None)
    with snapshot(seeded) as found:
        (row,) = found.known("DDDDdddd4444")
    print_page(Listed.of(row, NOON), NOON)

    assert re.findall(r"[\d,-]+ won", capsys.readouterr().out)[:2] == ["11,000 won", "10,000-12,000 won"]


def test_links_lead_to_the_name_whatever_is_in_it(seeded: str) -> None:
    for entry in entries(seeded):
        row, links = entry.row, map_links(entry.row)
        name = " ".join(filter(None, (row["name"], row["branch"])))
        *_, kind, last = urlsplit(links["kakao_map"]).path.split("/")
        if row["lat"] is None:
            assert (kind, unquote(last)) == ("search", name)
        else:
            named, lat, lon = last.split(",")  # its own commas are written out
            assert (kind, unquote(named), float(lat), float(lon)) == ("map", name, row["lat"], row["lon"])
        searched = urlsplit(links["naver_map"]).path.removeprefix("/p/search/")
        assert unquote(searched).startswith(name)
        assert "/" not in searched
        assert all(link.isascii() and link.isprintable() for link in links.values())


def test_the_command_from_a_list_to_json(stores: Stores, seeded: str) -> None:
    listed = json.loads(stores("--json").stdout)
    one = json.loads(stores("BBBBbbbb2222", "--json").stdout)
    near = json.loads(stores("--near", "37.5,127.03", "--radius", "1", "--json", "--site", "diningcode").stdout)
    always = json.loads(stores("--open-now", "--limit", "1", "--json").stdout)

    with snapshot(seeded) as found:
        assert len(listed) == sum(found.counts(ALL).values())
    assert list(listed[0]) == [*COLUMNS, "open_now"]
    assert [type(listed[0][name]) for name in ("lat", "refill_price_krw")] in ([float, int], [type(None), int])
    prices = [row["refill_price_krw"] for row in listed]
    assert prices == sorted(prices, key=lambda price: (price is None, price))
    assert (one["listed"], one["name"], one["refill_verdict"]) == (True, SEEDED[1].name, "likely")
    assert one["links"]["page"] == one["source_url"]
    assert one["open_now"].keys() == {"state", "until", "last_order_at", "opens_at", "reason"}
    assert [(row["ref"], row["distance_m"]) for row in near] == [("AAAAaaaa1111", 0.0)]
    assert [row["ref"] for row in always] == ["AAAAaaaa1111"]

    text = stores("--limit", "2", LANGUAGE="ko").stdout
    assert "매장 5곳(확인 4, 유력 1) 중 2곳" in text


def told(result: CompletedProcess[str]) -> tuple[int, str]:
    return result.returncode, (result.stdout + result.stderr).splitlines()[-1]


def test_the_command_says_what_is_wrong_and_what_to_do(stores: Stores, database_url: str) -> None:
    assert told(stores()) == (0, "There is no store yet: scrapy crawl diningcode -a district=강남구")
    write(database_url, *SEEDED)
    results: dict[str, tuple[int, str]] = {
        " ".join(options): told(stores(*options))
        for options in (
            ("--district", "중구", "--region", "부산"), ("--max-price", "5000", "--cuisine", "고기"),
            ("--max-price", "5000", "--json"), ("AAAAaaaa1111",), ("BBBBbbbb222",), ("x", "--limit", "1"), ("x", "y"),
            ("--verdict", "unlikely"),
        )
    }  # fmt: skip

    place = "There is no store of this place yet: scrapy crawl diningcode -a district=중구 -a region=부산"
    assert results["--district 중구 --region 부산"] == (0, place)
    code, nothing = results["--max-price 5000 --cuisine 고기"]
    assert (code, nothing.split(",")[0]) == (0, "No store fits --cuisine --max-price")
    assert results["--max-price 5000 --json"][0] == 0
    assert results["AAAAaaaa1111"] == (
        1, "Error: several sites have a store AAAAaaaa1111: choose with --site (diningcode, tiny)"
    )  # fmt: skip
    assert results["BBBBbbbb222"][0] == 1
    assert results["BBBBbbbb222"][1].endswith("Did you mean BBBBbbbb2222?")
    assert results["x --limit 1"][0] == results["x y"][0] == results["--verdict unlikely"][0] == 2


def test_hours_that_somebody_has_changed_by_hand_are_unknown(database_url: str) -> None:
    write(database_url, store())
    rows: list[Any] = []
    for hours in ('{"days": {"0": 5}}', '{"days": {"0": {"intervals": [["noon", "later"]]}}}', "[]"):
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE refillspot.stores SET hours = %s", [hours])
        rows += entries(database_url)

    assert [entry.open_now.state for entry in rows] == ["unknown"] * 3
