"""What happened in a crawl, why, and what to do about it: a table of rules. Pure; the rules are in `rules/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refillspot.language import Message
    from refillspot.stats.crawl import CrawlStats


class Severity(IntEnum):
    ERROR = 0
    """Something is missing or wrong."""
    WARNING = 1
    """It went on, but somebody should see to it."""
    NOTE = 2
    """Taken care of; good to know."""


class Case(NamedTuple):
    """What a rule looks at."""

    crawl: CrawlStats
    earlier: CrawlStats | None
    """A crawl of the same before it."""


Counted = int | Mapping[str, int]
"""A number; or several by kind, which are added up, and told as `{kinds}`."""


@dataclass(slots=True, frozen=True)
class Rule:
    """Says something where its count is above a threshold. Each `{name}` in its texts is one of `words_of`."""

    key: str
    severity: Severity
    counts: tuple[str, ...] | Callable[[Case], Counted]
    """Names of stats, or the shapes of several; or a function, where that does not say it."""
    happened: Message
    cause: Message
    remedy: Message
    without: tuple[str, ...] = ()
    """Of these names, those that are not counted."""
    above: float = 0.0
    """The threshold; with `share_of`, a share of what is counted under that name."""
    share_of: str = ""

    def count(self, case: Case) -> Counted:
        """Return what it has to say something about; 0 where that is nothing."""
        counts = self.counts
        found = case.crawl.kinds(*counts, without=self.without) if isinstance(counts, tuple) else counts(case)
        threshold = self.above * (case.crawl.count(self.share_of) if self.share_of else 1)
        return found if total_of(found) > threshold else 0


@dataclass(slots=True, frozen=True, kw_only=True)
class Finding:
    key: str
    severity: Severity
    count: int
    happened: str
    cause: str
    remedy: str


def findings(rules: Iterable[Rule], case: Case, words: Mapping[str, object]) -> list[Finding]:
    """Return what the rules say of a crawl, the worst first."""
    found = [finding for rule in rules if (finding := _apply(rule, case, words))]
    return sorted(found, key=lambda finding: finding.severity)


def total_of(counted: Counted) -> int:
    return counted if isinstance(counted, int) else sum(counted.values())


def _apply(rule: Rule, case: Case, words: Mapping[str, object]) -> Finding | None:
    counted = rule.count(case)
    if not (count := total_of(counted)):
        return None
    known = {**words, "count": f"{count:,}", "kinds": "" if isinstance(counted, int) else _write_kinds(counted)}
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
