"""What happened in a crawl, why, and what to do about it: a table of small rules. Pure; the rules: `…_rules`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from refillspot.stats.crawl_stats import CrawlStats


class Severity(IntEnum):
    ERROR = 0
    """Something is missing or wrong."""
    WARNING = 1
    """It went on, but somebody should see to it."""
    NOTE = 2
    """Taken care of; good to know."""


class Case(NamedTuple):
    """What a rule looks at."""

    facts: CrawlStats
    earlier: CrawlStats | None
    """A crawl of the same before it."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Rule:
    """Says something where its count is above 0. Each `{name}` in its texts is one of `words`.

    Texts are functions, so that they are in the reader's language.
    """

    key: str
    severity: Severity
    count: Callable[[Case], int | Mapping[str, int]]
    """A number; or several by kind, which are added up, and told as `{kinds}`."""
    happened: Callable[[int], str]
    cause: Callable[[], str]
    remedy: Callable[[], str]


@dataclass(slots=True, frozen=True, kw_only=True)
class Finding:
    key: str
    severity: Severity
    count: int
    happened: str
    cause: str
    remedy: str


def counted(*patterns: str, without: tuple[str, ...] = ()) -> Callable[[Case], Mapping[str, int]]:
    """Return the count of a rule that looks at stats alone, by the shapes of their names."""
    return lambda case: case.facts.kinds(*patterns, without=without)


def findings(rules: Iterable[Rule], case: Case, words: Mapping[str, object]) -> list[Finding]:
    """Return what the rules say of a crawl, the worst first."""
    found = [finding for rule in rules if (finding := _apply(rule, case, words))]
    return sorted(found, key=lambda finding: finding.severity)


def _apply(rule: Rule, case: Case, words: Mapping[str, object]) -> Finding | None:
    counts = rule.count(case)
    count = counts if isinstance(counts, int) else sum(counts.values())
    if count <= 0:
        return None
    known = {**words, "count": f"{count:,}", "kinds": "" if isinstance(counts, int) else _write_kinds(counts)}
    return Finding(
        key=rule.key,
        severity=rule.severity,
        count=count,
        happened=rule.happened(count).format_map(known),
        cause=rule.cause().format_map(known),
        remedy=rule.remedy().format_map(known),
    )


def _write_kinds(counts: Mapping[str, int]) -> str:
    """Return "503: 4, 500: 2", the most frequent first; "503" where there is one kind only."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{kind}: {count:,}" for kind, count in sorted(counts.items(), key=lambda item: -item[1]))
