"""The report on a crawl. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.exit_status import first_contact_told
from refillspot.planning import write_options
from refillspot.report.audited import audit_json
from refillspot.report.figures import SECTIONS, Unit, figures, write, write_seconds
from refillspot.report.findings import Case, findings
from refillspot.report.rules.answers import ANSWER_RULES
from refillspot.report.rules.crawl import BUDGET_RULES, CRAWL_RULES, WORKER_RULES
from refillspot.report.rules.parts import PART_RULES, absent_parts, odd_parts
from refillspot.report.rules.politeness import BLOCK_RULES, ROBOTS_RULES
from refillspot.report.rules.servers import CACHE_RULES, SERVER_RULES
from refillspot.report.rules.site import FALLBACK_RULES, STATUS_RULES, WIRE_RULES
from refillspot.sites import DEFAULT
from refillspot.stats.departures import departures_told, write_departure, write_departures

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from refillspot.postgres.audits import Audited
    from refillspot.report.figures import Figure
    from refillspot.report.findings import Finding, Rule
    from refillspot.stats.crawl import CrawlStats

NOT_KNOWN = "?"
DEFAULT_CEILING = 1.0  # requests/s
RULES: tuple[Rule, ...] = (
    *CRAWL_RULES,
    *BLOCK_RULES,
    *ROBOTS_RULES,
    *STATUS_RULES,
    *WIRE_RULES,
    *ANSWER_RULES,
    *PART_RULES,
    *FALLBACK_RULES,
    *SERVER_RULES,
    *WORKER_RULES,
    *CACHE_RULES,
    *BUDGET_RULES,
)
"""Those first that say most; findings of one severity keep this order."""


@dataclass(slots=True, frozen=True)
class Report:
    crawl: CrawlStats
    earlier: CrawlStats | None
    findings: list[Finding]
    """The worst first."""
    figures: list[Figure]
    audited: list[Audited]
    """What people have found by looking, in the sample that was answered last."""

    @property
    def is_clean(self) -> bool:
        return self.crawl.is_complete and not self.findings

    def figure(self, key: str) -> Figure | None:
        return next((one for one in self.figures if one.key == key), None)

    def as_json(self) -> dict[str, Any]:
        crawl = self.crawl
        return {
            "crawl": crawl.id or None,
            "state": crawl.state,
            "arguments": crawl.arguments,
            "started_at": _iso(crawl.started_at),
            "ended_at": _iso(crawl.ended_at),
            "workers": len(crawl.workers),
            "against": self.earlier.id if self.earlier else None,
            "findings": [_finding_json(one) for one in self.findings],
            "figures": [_figure_json(one) for one in self.figures],
            "audited": audit_json(self.audited),
        }


def report_on(crawl: CrawlStats, earlier: CrawlStats | None = None, audited: Iterable[Audited] = ()) -> Report:
    """Report on a crawl, compared with an earlier one; `audited` is what people have found by looking."""
    case = Case(crawl, earlier)
    return Report(crawl, earlier, findings(RULES, case, words_of(case)), figures(SECTIONS, crawl, earlier), [*audited])


def words_of(case: Case) -> dict[str, str]:
    """Return each name that may stand in braces in a text, with what it says of a crawl."""
    crawl, earlier = case
    given = write_options(crawl.arguments)
    ceiling = crawl.number("politeness/ceiling") or DEFAULT_CEILING
    used = crawl.budget_used
    held = (crawl.crawl.departures if crawl.crawl else None) or []
    return {
        "crawl": crawl.id or NOT_KNOWN,
        "go_on": f"scrapy crawl {crawl.crawl.spider if crawl.crawl else DEFAULT} {given}".rstrip(),
        **first_contact_told(crawl.stats),
        "silent": "; ".join(map(write_departure, departures_told([crawl.stats.get("gate/silent")]))) or NOT_KNOWN,
        "departures": write_departures(held, len(held)),
        "odd_parts": "; ".join(map(str, odd_parts(crawl))),
        "absent_parts": ", ".join(absent_parts(crawl)),
        "stored": f"{crawl.stored:,}",
        "known": f"{crawl.known:,}",
        "earlier": earlier.id if earlier else NOT_KNOWN,
        "earlier_stored": f"{earlier.stored:,}" if earlier else NOT_KNOWN,
        "half": f"{ceiling / 2:g}",
        "used": NOT_KNOWN if used is None else write(used, Unit.SHARE),
        "hit_rate": NOT_KNOWN if crawl.hit_rate is None else write(crawl.hit_rate, Unit.SHARE),
        "longest_hold": write_seconds(crawl.number("politeness/longest_hold_seconds") or 0),
        "memory": write(crawl.number("memory/max_mb") or 0, Unit.MB),
        "memory_limit": write(crawl.number("memory/limit_mb") or 0, Unit.MB),
    }


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
