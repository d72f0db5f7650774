"""`scrapy crawl -O FILE`: each format holds what the table holds, as other libraries read it, and nothing else."""

from __future__ import annotations

import json
import pickle
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from refillspot.export.rows import FEED_COLUMNS
from tests.programs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

TEXT = {
    name for name in FEED_COLUMNS
    if name not in {"lat", "lon", "dong_confirmed", "score", "user_score", "review_count", "refill_price_krw"}
}  # fmt: skip
NESTED = {
    "categories", "cuisines", "refill_evidence", "refill_prices", "refill_terms", "menu", "hours", "tags",
    "facilities", "images",
}  # fmt: skip


def read_plain(text: dict[str, str | None]) -> dict[str, Any]:
    """Return the values of a store that some format has as text alone."""
    return {
        name: value if value is None or name in TEXT - NESTED else json.loads(value)
        for name, value in text.items()
    }  # fmt: skip


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Read it with another library, and take the apostrophes off again."""
    table = duckdb.read_csv(str(path), header=True, all_varchar=True)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
    return [read_plain({name: value and value.removeprefix("'") for name, value in row.items()}) for row in rows]


def read_xml(path: Path) -> list[dict[str, Any]]:
    items = ET.parse(path).getroot()  # noqa: S314  # a file of this test
    nothing = dict.fromkeys(FEED_COLUMNS)
    return [nothing | read_plain({element.tag: element.text or "" for element in item}) for item in items]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-O", f"{PROJECT / 'README.md'}/stores.json"], "Error: feed .* cannot be written: "),
        (["-s", 'FEEDS={"stores.xlsx": {"format": "xlsx"}}'], "Error: FEEDS names a format .* csv, jl, json, "),
    ],
)
def test_a_feed_that_cannot_be_written_is_told_before_the_site_is_asked(
    crawl: Crawl, site: Site, options: list[str], told: str
) -> None:
    refused = crawl.run("-a", "district=금천구", *options)

    assert (refused.returncode, site.log()) == (2, [])
    assert re.match(told, refused.stderr.splitlines()[-1])
    assert "Traceback" not in refused.stderr


def test_feeds_hold_the_stores_of_the_table_and_nothing_else(
    crawl: Crawl, faults: Faults, rows: Rows, tmp_path: Path
) -> None:
    faults.add(kind="layout", change="renamed", key="rn", path="/API/profile/", first=2)
    own = {str(tmp_path / "own.csv"): {"format": "csv", "fields": ["ref", "refill_verdict", "menu"]}}
    files = [str(tmp_path / f"stores.{form}") for form in ("csv", "json", "jsonl", "xml", "pickle")]
    asked = ("-a", "district=금천구", "-a", "keywords=무한리필,뷔페", "-s", f"FEEDS={json.dumps(own)}")
    result = crawl.run(*asked, *(part for file in [*files, "-:json"] for part in ("-O", file)))

    assert result.returncode == 3, result.stderr[-3000:]
    table = {ref: {name: row[name] for name in FEED_COLUMNS} for ref, row in rows().items()}
    pickled = []
    with (tmp_path / "stores.pickle").open("rb") as file:
        while file.peek(1):
            pickled.append(pickle.load(file))  # noqa: S301  # a file of this test
    assert {row["refill_verdict"] for row in table.values()} == {"confirmed", "likely", "unlikely"}
    for found in (
        read_csv(tmp_path / "stores.csv"),
        json.loads((tmp_path / "stores.json").read_text("utf-8")),
        [json.loads(line) for line in (tmp_path / "stores.jsonl").read_text("utf-8").splitlines()],
        read_xml(tmp_path / "stores.xml"),
        pickled,
        json.loads(result.stdout),
    ):
        assert list(found[0]) == list(FEED_COLUMNS)
        for row in found:
            assert row == table[row["ref"]]
        assert len(found) == len(table)
    assert "무한리필" in (tmp_path / "stores.json").read_text("utf-8")
    assert list(read_csv(tmp_path / "own.csv")[0]) == ["ref", "refill_verdict", "menu"]


@pytest.mark.parametrize(("options", "why"), [(["-O", "x.csv"], "-O"), (["-s", 'FEEDS={"x.csv": {}}'], "FEEDS")])
def test_a_fleet_names_the_command_that_writes_one_file_of_all_workers(
    fleet: Crawl, options: list[str], why: str
) -> None:
    result = fleet.run("-a", "district=금천구", *options)

    assert result.returncode == 2
    assert why in result.stderr
    assert "scrapy export" in result.stderr
    assert not (PROJECT / "x.csv").exists()
