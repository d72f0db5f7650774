"""The review of a crawl. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.review.figures import figures
from refillspot.review.findings import Case, findings
from refillspot.review.measures import sections
from refillspot.review.rules import RULES
from refillspot.review.words import words_of

if TYPE_CHECKING:
    from datetime import datetime

    from refillspot.review.figures import Figure
    from refillspot.review.findings import Finding
    from refillspot.stats.crawl_stats import CrawlStats


@dataclass(slots=True, frozen=True)
class Review:
    facts: CrawlStats
    earlier: CrawlStats | None
    findings: list[Finding]
    """The worst first."""
    figures: list[Figure]

    @property
    def is_clean(self) -> bool:
        return self.facts.is_complete and not self.findings

    def figure(self, key: str) -> Figure | None:
        return next((one for one in self.figures if one.key == key), None)

    def as_json(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "crawl": facts.id or None,
            "state": facts.state,
            "arguments": facts.arguments,
            "started_at": _iso(facts.started_at),
            "ended_at": _iso(facts.ended_at),
            "workers": len(facts.workers),
            "against": self.earlier.id if self.earlier else None,
            "findings": [_finding_json(one) for one in self.findings],
            "figures": [_figure_json(one) for one in self.figures],
        }


def review(facts: CrawlStats, earlier: CrawlStats | None = None) -> Review:
    """Review a crawl, compared with an earlier one."""
    case = Case(facts, earlier)
    return Review(facts, earlier, findings(RULES, case, words_of(case)), figures(sections(), facts, earlier))


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.key,
        "severity": finding.severity.name.lower(),
        "count": finding.count,
        "happened": finding.happened,
        "cause": finding.cause,
        "remedy": finding.remedy,
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    target = figure.target
    return {
        "name": figure.key,
        "section": figure.section,
        "label": figure.label,
        "value": figure.value,
        "unit": figure.unit.value,
        "target": {"at_least" if target.is_floor else "at_most": target.value} if target else None,
        "met": figure.is_met,
        "not_judged": figure.excuse or None,
        "before": figure.before,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
