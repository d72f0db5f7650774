from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from refillspot.postgres.columns import STORE_COLUMNS
from tools.documents.__main__ import PARTS, documents, main, written
from tools.documents.commands import commands
from tools.documents.fields import column_types
from tools.documents.settings import documented_settings, readers
from tools.documents.source import PACKAGE, first_sentence
from tools.documents.stats import stats_part
from tools.stat_keys import stat_keys

PROJECT = Path(__file__).parents[2]
MADE = [
    path
    for path in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])
    if "\n<!-- make docs: " in path.read_text("utf-8")
]
OF_SCRAPY_REDIS = ("SCHEDULER_SERIALIZER",)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "en")


as_they_should_be = cache(documents)


@pytest.mark.parametrize("path", MADE, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_document_says_what_the_code_says(path: Path) -> None:
    assert path.read_text("utf-8") == as_they_should_be()[path], "make docs"


def test_every_part_stands_in_a_document() -> None:
    texts = "".join(path.read_text("utf-8") for path in MADE)

    assert set(MADE) == set(as_they_should_be())
    assert [name for name in PARTS if f"<!-- make docs: {name} -->" not in texts] == []


def test_a_part_is_written_anew_and_what_people_wrote_around_it_stays() -> None:
    text = "before\n<!-- make docs: totals -->\nout of date\n<!-- end -->\nafter\n"
    found = written(text)

    assert found.startswith("before\n<!-- make docs: totals -->\n\n| stats | become |\n")
    assert found.endswith("|\n\n<!-- end -->\nafter\n")
    assert "out of date" not in found
    assert written(found) == found


def test_a_part_that_nobody_makes_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="weather"):
        written("<!-- make docs: weather -->\n<!-- end -->\n")


def test_each_setting_has_a_meaning_and_a_reader() -> None:
    found = list(documented_settings())

    assert len(found) > 50
    assert [one.name for one in found if not one.comment] == []
    assert {one.name for one in found} <= {*readers(), *vars(default_settings), *OF_SCRAPY_REDIS}


def test_each_column_of_a_store_has_a_type() -> None:
    assert {column.name for column in STORE_COLUMNS} <= column_types().keys()


def test_each_component_that_counts_says_so() -> None:
    documented = "\n".join(stats_part())
    counting = {str(path.relative_to(PACKAGE)) for paths in stat_keys(PACKAGE).values() for path in paths}

    assert [path for path in sorted(counting) if f"`{path}`" not in documented] == []


def test_commands_come_in_the_order_in_which_they_are_met() -> None:
    assert list(commands())[:3] == ["crawl", "plan", "fleet"]


def test_a_sentence_ends_at_its_full_stop_and_not_in_a_name() -> None:
    assert first_sentence("Of `settings.py` and\nothers. Pure.") == "Of `settings.py` and others"


def test_check_says_which_document_is_stale_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [path.read_text("utf-8") for path in MADE]
    monkeypatch.setitem(PARTS, "totals", lambda: ["| another | table |"])

    assert main(["--check"]) == 1
    assert "docs/operations.md is not what the code says: make docs\n" in capsys.readouterr().out
    assert [path.read_text("utf-8") for path in MADE] == before
