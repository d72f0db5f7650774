"""docs/report.md names every finding and every figure as the program does; `make docs` writes it."""

from __future__ import annotations

import pytest

from refillspot.report.figures import SECTIONS
from refillspot.report.findings import Severity
from refillspot.report.report import RULES
from tools.documents.report import figures_part, findings_part


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "en")


def test_findings() -> None:
    rows = list(findings_part())[2:]

    assert [row.split("`")[1] for row in rows] == [rule.key for rule in sorted(RULES, key=lambda rule: rule.severity)]
    assert {row.split("|")[2].strip() for row in rows} == {severity.name.lower() for severity in Severity}
    assert not [row for row in rows if "{" in row.replace("{}", "")]


def test_figures() -> None:
    rows = list(figures_part())[2:]

    assert [row.split("`")[1] for row in rows] == [one.key for measures in SECTIONS.values() for one in measures]
