"""docs/report.md: every finding and every figure that a report can have, as the program says it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.report.figures import SECTIONS
from refillspot.report.report import RULES
from tools.documents.source import table

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 2
"""Of whatever is counted: a text for several is shown."""


def findings_part() -> Iterator[str]:
    """Yield a row a rule, the worst first, as findings stand in a report."""
    rows = [
        (f"`{rule.key}`", rule.severity.name.lower(), _open(rule.happened(MANY)), _open(rule.remedy()))
        for rule in sorted(RULES, key=lambda rule: rule.severity)
    ]
    yield from table(("kind", "", "what happened", "remedy"), rows)


def figures_part() -> Iterator[str]:
    rows = [
        (section(), f"`{one.key}`", one.label(), one.target.write(one.unit) if one.target else "")
        for section, measures in SECTIONS.items()
        for one in measures
    ]
    yield from table(("section", "name in `--json`", "figure", "target"), rows)


def _open(text: str) -> str:
    """Return a text with what differs from crawl to crawl left open."""
    return re.sub(r"\{\w+\}", "…", text.replace("{{}}", "{}").replace("{count}", "N"))
