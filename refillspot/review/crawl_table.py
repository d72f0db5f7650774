"""All crawls, a line each. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.review.findings import Severity
from refillspot.review.title import STATES
from refillspot.review.units import write_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refillspot.review.review import Review


def headings() -> list[str]:
    return [
        _("crawl"), _("state"), _("district"), _("begun (KST)"), _("time"), _("stores"),
        _("err"), _("warn"),
    ]  # fmt: skip


def row_of(review: Review) -> list[str]:
    facts = review.facts
    severities = Counter(finding.severity for finding in review.findings)
    return [
        facts.id,
        STATES[facts.state](),
        facts.arguments.get("district", ""),
        write_kst(facts.started_at) if facts.started_at else "",
        write_seconds(facts.seconds),
        f"{facts.stored:,}",
        str(severities[Severity.ERROR] or ""),
        str(severities[Severity.WARNING] or ""),
    ]


def crawl_table(reviews: Iterable[Review]) -> Table:
    names = headings()
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names[:3]:
        table.add_column(name, no_wrap=name != names[2], overflow="fold")
    for name in names[3:]:
        table.add_column(name, justify="right", no_wrap=True)
    for review in reviews:
        table.add_row(*row_of(review))
    return table


def crawl_markdown(reviews: Sequence[Review]) -> str:
    rows = [headings(), ["---"] * 3 + ["--:"] * 5, *map(row_of, reviews)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
