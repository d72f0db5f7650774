"""`scrapy doctor --shapes`: what the site sends, as shapes alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.doctor.shape_report import ShapeReport
from refillspot.sites.diningcode.examination import DiningcodeExamination
from replica.people import PHRASES, REVIEWERS
from tests.sites.diningcode.test_answers import ROW, search, store

if TYPE_CHECKING:
    from pathlib import Path

    from refillspot.sandbox.replica import SyntheticSite
    from tests.doctor.conftest import CheckUp

STORE = "/API/profile/"


def parts_of(file: Path) -> dict[str, dict[str, Any]]:
    return {part["path"]: part for part in json.loads(file.read_text(encoding="utf-8"))["parts"]}


def test_the_shapes_of_both_answers_are_written_without_a_word(check_up: CheckUp, tmp_path: Path) -> None:
    file = tmp_path / "shapes.json"

    findings = check_up(shapes=file)

    (finding,) = [one for one in findings if one.area == "shapes"]
    assert finding.state == "ok"
    assert str(file) in finding.what
    parts = parts_of(file)
    assert parts["list[].nm"]["read as"] == "text"
    assert parts["restaurant.rn"]["came"] == {"text": 1}
    assert parts["result_code"]["values"] == ["100"]
    assert parts["restaurant"]["is"] == "as known"
    text = file.read_text(encoding="utf-8")
    assert "무한리필" not in text
    assert not [words for words in (*REVIEWERS, *PHRASES) if words in text]


def test_what_has_changed_stands_out(check_up: CheckUp, site: SyntheticSite, tmp_path: Path) -> None:
    file = tmp_path / "shapes.json"
    site.spoil({"kind": "layout", "change": "renamed", "key": "menu", "path": STORE})
    site.spoil({"kind": "layout", "change": "retyped", "key": "address", "path": STORE})

    check_up(shapes=file)

    parts = parts_of(file)
    assert parts["menu"]["is"] == "missing"
    assert parts["menu_v2"]["is"] == "not known"


@pytest.mark.parametrize(
    ("page", "path", "state"),
    [
        ({"address": ["x"]}, "detail.address", "odd"),
        ({"address": None}, "detail.address", "as known"),
        ({"address": "", "new": 1}, "detail.new", "not known"),
        ({"status": []}, "detail.status", "as known"),
        ({"status": "x"}, "detail.status", "odd"),
        ({"bhour": [{"time": 5}]}, "detail.bhour[].time", "odd"),
        ({}, "detail.address", "missing"),
    ],
    ids=str,
)
def test_each_part_is_compared_with_what_is_read(page: dict[str, Any], path: str, state: str, tmp_path: Path) -> None:
    report = ShapeReport(tmp_path / "shapes.json", DiningcodeExamination())
    report.add_store(store({"key": "restaurant", "rn": "달빛"}, {"key": "detail", **page}))
    report.add_list(search(ROW))
    report.write()

    assert parts_of(tmp_path / "shapes.json")[path]["is"] == state


def test_kept_pages_count_too(check_up: CheckUp, tmp_path: Path) -> None:
    file = tmp_path / "shapes.json"

    check_up(shapes=file, is_offline=True)

    assert json.loads(file.read_text(encoding="utf-8"))["answers"] == {"list": 0, "store": 0, "kept store": 0}


def test_a_file_that_cannot_be_written_is_a_problem(check_up: CheckUp, tmp_path: Path) -> None:
    (finding,) = [one for one in check_up(shapes=tmp_path / "no" / "shapes.json") if one.area == "shapes"]

    assert finding.state == "problem"
    assert "cannot be written" in finding.what
