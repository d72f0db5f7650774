"""`scrapy compare`: a list of somebody's own against the stores that are known."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
from rich.cells import cell_len
from scrapy.exceptions import UsageError

from refillspot.exceptions import ArgumentError
from refillspot.items import RefillVerdict
from refillspot.listing.comparing import as_json, compare
from refillspot.listing.own_list import read_columns, read_file
from refillspot.postgres.foreign_table import read_csv
from tests.english import english_in
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from refillspot.items import Store
    from tests.one_run import OneRun
    from tests.programs import Launcher

LIST = """상호,주소,위도,경도
"행복한고기
본점",서울 강남구 테헤란로 1,37.5,127.03
행복한 고기(본점),서울 강남구 테헤란로 1,,
갈비나라,서울 강남구 논현로 7,37.51,127.03
없는집,서울 강남구 테헤란로 5,37.5001,127.0301
두끼,,,
사라진집,서울 강남구 도산대로 3,37.52,127.03
다른구,서울 종로구 종로 3,37.57,126.99
,서울 강남구 도산대로 9,,
"""
KINDS = ("found", "unlisted", "missing", "unclear", "twice", "elsewhere")


def at(ref: str, name: str, road: str, lat: float, **changes: Any) -> Store:
    return store(
        ref, name=name, branch=None, road_addr=f"서울특별시 강남구 {road}", addr=None, lat=lat, lon=127.03, **changes
    )


@pytest.fixture
def known(database_url: str) -> str:
    missing = at("GONE", "사라진집", "도산대로 3", 37.52)
    stores = [
        store("HAPPY"),
        at("GALBI", "갈비나라", "논현로 7", 37.51, refill=RefillVerdict("unlikely", [])),
        at("TWO1", "두끼", "선릉로 1", 37.505),
        at("TWO2", "두끼", "선릉로 900", 37.53),
        missing,
        at("NEW", "새집", "봉은사로 1", 37.515),
        store("FAR", name="먼집", district="서초구", district_code="11650", lat=37.48, addr=None, road_addr=None),
    ]
    write(database_url, *stores)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.stores SET status = 'gone' WHERE ref = 'GONE'")
    return database_url


def refs(found: list[dict[str, Any]]) -> list[str | None]:
    return [one["store"] and one["store"]["ref"] for one in found]


@pytest.mark.usefixtures("known")
def test_each_entry_is_somewhere_and_json_can_be_read_by_others(
    tmp_path: Path, launcher: Launcher, environment: Mapping[str, str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(LIST.encode("cp949"))
    done = launcher.run("scrapy", "compare", str(path), "--json", environment=environment)

    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert {kind: [one["line"] for one in told[kind]] for kind in KINDS} == {
        "found": [2], "unlisted": [5, 8], "missing": [6], "unclear": [7], "twice": [4], "elsewhere": [9],
    }  # fmt: skip
    assert refs(told["found"]) == ["HAPPY"]
    assert refs(told["unlisted"]) == ["GALBI", "GONE"]
    assert refs(told["missing"]) == ["HAPPY"]  # the nearest
    assert told["twice"][0]["twice_as"] == 2
    assert [row["ref"] for row in told["new"]] == ["NEW", "TWO1", "TWO2"]
    assert told["oddities"] == [{"line": 10, "why": "has no name", "left_out": True}]
    assert (told["recall"]["found"], told["recall"]["of"]) == (1, 4)

    (tmp_path / "told.json").write_text(done.stdout, "utf-8")
    reread = duckdb.read_json(str(tmp_path / "told.json")).project("recall.low, unnest(missing).metres").fetchall()
    assert reread == [(pytest.approx(told["recall"]["low"]), pytest.approx(told["missing"][0]["metres"]))]


@pytest.mark.usefixtures("known")
def test_for_people_in_eighty_columns_and_korean(
    tmp_path: Path, launcher: Launcher, environment: Mapping[str, str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, "utf-8-sig")
    for language, encoding in (("en", "utf-8"), ("ko", "cp949")):
        variables = {**environment, "REFILLSPOT_LANG": language, "PYTHONIOENCODING": encoding, "TERM": "xterm"}
        said = launcher.show("scrapy", "compare", str(path), environment=variables).decode(encoding)

        assert max(map(cell_len, said.splitlines())) <= 80
        assert "GALBI" in said
        assert "새집" in said
        if language == "ko":
            without_refs = re.sub(r"\b[A-Z0-9]{3,}\b", "", said[said.index("4곳 중") :])
            assert english_in(without_refs) == []


@pytest.mark.usefixtures("known")
def test_a_table_of_another_database(run: OneRun, launcher: Launcher, environment: Mapping[str, str]) -> None:
    with run.new_database(migrated=False) as other:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE SCHEMA map")
            connection.execute("CREATE TABLE map.shops (id int, name text, address text, lat float8, lng float8)")
            connection.execute("INSERT INTO map.shops VALUES (1, E'행복한고기\\n본점', NULL, 37.5, 127.03)")
        with pytest.raises(ArgumentError, match=r"there is no table shop: --table names one of these: map\.shops"):
            read_csv(other, "shop")
        done = launcher.run("scrapy", "compare", other, "--table", "map.shops", "--json", environment=environment)

    assert done.returncode == 0, done.stderr
    assert refs(json.loads(done.stdout)["found"]) == ["HAPPY"]


def test_of_a_district_only_what_lies_there(known: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{LIST}먼 집,,37.48,127.03\n", "utf-8")
    own = read_file(str(path), {})
    told = as_json(compare(known, own, site=None, region=None, districts={"11650"}))

    assert refs(told["found"]) == ["FAR"]
    assert [row["ref"] for row in told["new"]] == []
    assert told["missing"] == told["elsewhere"] == []


def test_columns_are_named_by_their_role() -> None:
    assert read_columns(["name=가게", "lat=Y"]) == {"name": "가게", "lat": "Y"}
    with pytest.raises(ArgumentError, match="the first part is one of these: name branch"):
        read_columns(["nam=가게"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "give one list"),
        (["a.csv", "--table", "shops"], "--table goes with an address of a database"),
        (["postgresql://127.0.0.1/x"], "say which table of the database"),
    ],
)
def test_wrong_usage_is_a_sentence(options: list[str], told: str) -> None:
    from argparse import ArgumentParser  # noqa: PLC0415

    from scrapy.settings import Settings  # noqa: PLC0415

    from refillspot.commands.compare import Command  # noqa: PLC0415

    command = Command()
    command.settings = Settings()
    parser = ArgumentParser()
    command.add_options(parser)
    opts, args = parser.parse_known_args(options)
    with pytest.raises(UsageError, match=told):
        command.act(args, opts)
