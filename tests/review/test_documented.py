"""docs/review.md names every finding and every figure as the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refillspot.review.findings import Severity
from refillspot.review.measures import sections
from refillspot.review.rules import RULES

DOCUMENT = Path(__file__).parents[2] / "docs/review.md"


def shown(text: str) -> str:
    """Return a text with what differs from crawl to crawl left open."""
    return re.sub(r"\{\w+\}", "…", text.replace("{{}}", "{}").replace("{count}", "N"))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "en")


def test_findings() -> None:
    rows = [
        f"| `{rule.key}` | {rule.severity.name.lower()} | {shown(rule.happened(2))} | {shown(rule.remedy())} |"
        for rule in sorted(RULES, key=lambda rule: rule.severity)
    ]
    documented = re.findall(r"^\| `\w+` \| (?:error|warning|note) \|.*$", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert documented == rows
    assert {rule.severity for rule in RULES} == set(Severity)


def test_figures() -> None:
    rows = [
        f"| {section} | `{one.key}` | {one.label()} | {one.target.write(one.unit) if one.target else ''} |"
        for section, measures in sections().items()
        for one in measures
    ]
    documented = re.findall(r"^\| [A-Z]\w+ \| `\w+` \|[^|]*\|[^|]*\|", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert documented == rows
